"""What the tests of etcd need, and what happens where it is missing."""

import shutil

import pytest

from tests.reference_impl.store.etcd_process import program


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), (None, pytest.skip.Exception)])
def test_a_missing_etcd_fails_in_ci_and_is_a_visible_skip_elsewhere(
    ci: str | None, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("SEATRIAL_ETCD", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(shutil, "which", lambda *arguments, **options: None)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install etcd-server"):
        program()
