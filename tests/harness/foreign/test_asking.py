"""A trial's API servers ask the webhooks that the program on trial serves, and do without those that are gone."""

from pathlib import Path
from typing import Any

import pytest

from harness.example import Example
from tests.harness.foreign.copiers import CREATE, NOTE, at_reply, copier, copies, run, trial
from tests.wire.certificates import free_port, write_certificate

pytestmark = pytest.mark.slow

REFUSED = {"do": "create", "object": {**NOTE, "metadata": {"name": "back", "namespace": "default"},
                                      "spec": {"text": "goodbye"}}}  # fmt: skip


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("tls")
    (folder / "ca.crt").write_bytes(write_certificate(folder))
    return {"HOOKS_TLS": str(folder), "HOOKS_PORT": str(free_port())}


def stored(example: Example, kind: str) -> dict[str, Any]:
    return {obj["metadata"]["name"]: obj for obj in example.world.stored_objects() if obj["kind"] == kind}


def test_the_webhooks_of_the_program_change_what_it_writes_and_refuse_what_users_write(tls: dict[str, str]) -> None:
    example = run(trial(process=copier("serves-webhooks", env=tls)), CREATE, REFUSED)

    assert example.rested
    assert not example.violations
    assert stored(example, "ConfigMap")["note-front"]["data"] == {"text": "hello", "stamp": "by a webhook"}
    assert list(stored(example, "Note")) == ["front"]
    events = example.world.trace.events
    commit = next(e for e in events if e.kind == "commit" and "ConfigMap" in str(e.object))
    (caused_by,) = commit.caused_by
    sent = next(e for e in events if e.step == caused_by)
    assert (sent.kind, sent.component, sent.data["method"]) == ("request", "copier", "create")
    assert [e.data["code"] for e in events if e.kind == "reply" and e.component == "user"] == [200, 400]


def test_a_program_that_is_killed_takes_its_webhooks_with_it_until_it_is_back(tls: dict[str, str]) -> None:
    killed = at_reply("crash", restart_after_s=0.3)
    later = {**CREATE, "object": {**NOTE, "metadata": {"name": "late", "namespace": "default"}}}

    example = run(trial(process=copier("serves-webhooks", env=tls)), CREATE, later, weather=[killed])

    assert "crash" in example.world.weather.fired_counts
    assert not example.violations
    stamps = [copy["data"]["stamp"] for copy in stored(example, "ConfigMap").values()]
    assert stamps == ["by a webhook"] * 2


@pytest.mark.parametrize(("habits", "found"), [((), []), (("can-do-without",), ["hello"])], ids=["Fail", "Ignore"])
def test_a_webhook_that_cannot_be_reached_is_missed_as_its_failure_policy_says(
    tls: dict[str, str], habits: tuple[str, ...], found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.user.ATTEMPTS", 2)

    example = run(trial(process=copier("has-lost-its-webhooks", *habits, env=tls)), CREATE)

    notes = stored(example, "Note")
    assert list(notes) == (["front"] if found else [])
    assert copies(example) == found
