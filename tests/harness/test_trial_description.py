from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies

from harness import registry
from harness.errors import UsageError
from harness.trial import Known, Trial, trial_from_description
from reference_impl.apiserver.names import timestamp
from reference_impl.store.memory import MemoryStore
from tests.harness.samples import CRD, SITE

IMPORTABLE = timestamp
"""Any function that every process can import; it is never called."""


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(view: Any) -> None: ...

    faults = (SimpleNamespace(name="crash"), SimpleNamespace(name="stale_read"))
    properties = (
        SimpleNamespace(name="converges", judge=judge),
        SimpleNamespace(name="unique_children", judge=judge, opt_in=True),
    )
    monkeypatch.setattr(registry, "faults", lambda: faults)
    monkeypatch.setattr(registry, "properties", lambda: properties)


def test_a_described_trial_can_be_made_again() -> None:
    before = Trial(
        [IMPORTABLE, "reference_impl.apiserver.names:timestamp"], [SITE, CRD], profile="hostile",
        properties=["converges"],
        workload=[{"do": "delete", "kind": "Website", "name": "front"}], faults=["crash"], volatile=["Website.status"],
        ignore=[Known(property="converges", kind="Website", reason="#7")], settled={"Website": IMPORTABLE},
        external={"cloud": {"delay_s": 1}},
        plane={"store": MemoryStore}, nodes=1, seed=3, edits={"Website.spec.size": [1]},
    )  # fmt: skip
    assert before.portable
    after = trial_from_description(before.describe())
    assert after.describe() == before.describe()
    assert after.plane == before.plane
    assert after.ignore == before.ignore
    assert after.settled == {"Website": IMPORTABLE}


@pytest.mark.parametrize(
    "options",
    [
        {"controllers": [lambda client: None]},
        {"settled": {"Website": lambda view, obj: True}},
        {"workload": lambda user: None},
        {"properties": [SimpleNamespace(name="mine", judge=print)]},
        {"plane": {"store": lambda: None}},
    ],
)
def test_a_trial_with_code_that_no_file_can_hold_is_not_portable(options: dict[str, Any]) -> None:
    trial = Trial(**{"controllers": [IMPORTABLE], **options})
    assert not trial.portable
    with pytest.raises(UsageError, match="--seatrial-replay"):
        trial_from_description(trial.describe())


def test_a_strategy_in_edits_does_not_stand_in_the_way_of_a_replay() -> None:
    trial = Trial([IMPORTABLE], edits={"Website.spec.size": strategies.integers()})
    assert trial.portable
    assert trial_from_description(trial.describe()).edits is None


@pytest.mark.parametrize(
    ("description", "message"),
    [([], "is not an object"), ({}, "trial.controllers is missing"), ({"controllers": [], "colour": 1}, "trial.colour"),
     ({"controllers": [], "ignore": [{"kind": "x"}]}, "trial.ignore")],
)  # fmt: skip
def test_a_description_that_does_not_fit_is_refused(description: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        trial_from_description(description)
