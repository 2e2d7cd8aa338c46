import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from harness import registry
from harness.errors import UsageError
from reference_impl.runtime import Client, Controller
from reference_impl.store.memory import MemoryStore
from reference_impl.zoo.entry import Entry
from seatrial.options import Seed, replay_trial, trial_of, zoo_settings


def website(client: Client) -> Controller:
    raise NotImplementedError("never started here")


TARGET = f"{Path(__file__)}:website"


def typed(**options: Any) -> dict[str, Any]:
    nothing = ("manifests", "faults", "no_faults", "properties", "no_properties", "volatile")
    return {**dict.fromkeys(nothing, ()), "profile": None, "seed": None, **options}


def test_what_was_not_typed_is_left_to_trial() -> None:
    trial = trial_of(TARGET, typed())
    assert (trial.profile, trial.seed, trial.max_steps, trial.properties) == ("kubernetes", 0, 30, None)


def test_the_target_is_kept_by_name_so_that_a_schedule_can_hold_it() -> None:
    assert list(trial_of(TARGET, typed()).controllers) == [TARGET]


def test_what_was_typed_reaches_the_trial() -> None:
    trial = trial_of(TARGET, typed(seed=7, profile="hostile", volatile=("Event",), built_ins="replicaset, job"))
    assert (trial.seed, trial.profile, list(trial.volatile)) == (7, "hostile", ["Event"])
    assert list(trial.built_ins) == ["replicaset", "job"]


def test_no_property_means_all_but_this_one() -> None:
    properties = trial_of(TARGET, typed(no_properties=("converges",))).properties
    assert properties is not None
    assert "converges" not in properties
    assert len(properties) == sum(not getattr(p, "opt_in", False) for p in registry.properties()) - 1


def test_excluding_an_unknown_property_is_an_error() -> None:
    with pytest.raises(UsageError, match="--no-property convergs: there is no such property"):
        trial_of(TARGET, typed(no_properties=("convergs",)))


def test_excluding_all_that_was_named_is_an_error() -> None:
    with pytest.raises(UsageError, match="leaves nothing to judge"):
        trial_of(TARGET, typed(properties=("converges",), no_properties=("converges",)))


def test_a_workload_is_read_as_yaml_or_json(tmp_path: Path) -> None:
    for name, text in (("w.yaml", "- do: sleep\n  seconds: 1\n"), ("w.json", '[{"do": "sleep", "seconds": 1}]')):
        (tmp_path / name).write_text(text)
        workload = trial_of(TARGET, typed(workload=str(tmp_path / name))).workload
        assert isinstance(workload, list | tuple)
        assert workload[0]["do"] == "sleep"


@pytest.mark.parametrize("text", ["{}", "- [", None])
def test_a_workload_that_is_no_list_is_an_error(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=r"--workload .*w\.yaml"):
        trial_of(TARGET, typed(workload=str(file)))


def test_a_seed_is_a_number_or_random() -> None:
    assert Seed().convert("12", None, None) == 12
    assert Seed().convert("random", None, None) >= 0
    with pytest.raises(click.BadParameter, match="neither a whole number nor 'random'"):
        Seed().convert("x", None, None)


def test_replay_puts_target_in_the_place_of_the_recorded_controllers(tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    recorded = {"controllers": [{"opaque": "<lambda>"}], "seed": 3}
    schedule.write_text(json.dumps({"seatrial_schedule": 1, "trial": recorded, "workload": [], "weather": []}))
    trial = replay_trial(str(schedule), TARGET)
    assert (list(trial.controllers), trial.seed) == ([TARGET], 3)


@pytest.mark.parametrize("text", ["{", "{}", "[]", None])
def test_a_schedule_that_cannot_be_read_is_an_error(text: str | None, tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    if text is not None:
        schedule.write_text(text)
    with pytest.raises(UsageError, match=r"schedule\.json"):
        replay_trial(str(schedule), TARGET)


@pytest.fixture
def zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zoo of one entry."""
    page = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "page", "namespace": "default"}}
    entry = Entry(
        id="forgets",
        property="converges",
        faults=(),
        bug="https://example.com/1",
        tags=(),
        wrong=website,
        fixed=website,
        manifests=(page,),
        trial_options={"nodes": 1, "seed": 5},
        wrong_plane={"store": f"{MemoryStore.__module__}:{MemoryStore.__qualname__}"},
    )
    monkeypatch.setitem(sys.modules, "reference_impl.zoo", SimpleNamespace(ZOO=(entry,)))


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize("target", ["zoo:forgets", "zoo:forgets.fixed"])
def test_a_zoo_entry_brings_its_manifests_and_options(target: str) -> None:
    trial = trial_of(target, typed())
    assert (len(trial.manifests), trial.nodes, trial.seed) == (1, 1, 5)


@pytest.mark.usefixtures("zoo")
def test_what_is_typed_beats_what_a_zoo_entry_brings() -> None:
    assert trial_of("zoo:forgets", typed(seed=9)).seed == 9


@pytest.mark.usefixtures("zoo")
def test_an_unknown_zoo_entry_brings_nothing_and_is_refused() -> None:
    assert zoo_settings("zoo:forget") == {}
    with pytest.raises(UsageError, match="did you mean zoo:forgets"):
        trial_of("zoo:forget", typed())


@pytest.mark.usefixtures("zoo")
def test_a_zoo_entry_may_be_wrong_in_the_plane_beneath_it() -> None:
    wrong, fixed = trial_of("zoo:forgets", typed()), trial_of("zoo:forgets.fixed", typed())
    assert wrong.plane is not None
    assert (wrong.plane.store, fixed.plane) == (MemoryStore, None)


@pytest.mark.usefixtures("zoo")
def test_a_replay_runs_on_the_plane_of_its_target_or_else_of_its_schedule(tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    recorded = trial_of("zoo:forgets", typed()).describe()
    schedule.write_text(json.dumps({"seatrial_schedule": 1, "trial": recorded, "workload": [], "weather": []}))
    planes = [replay_trial(str(schedule), target).plane for target in ("zoo:forgets", TARGET, "zoo:forgets.fixed")]
    assert [plane is not None and plane.store is MemoryStore for plane in planes] == [True, True, False]
