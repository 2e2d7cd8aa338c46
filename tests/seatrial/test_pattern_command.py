"""`seatrial patterns`, `check --pattern` and `replay` of what it found, as a user sees them."""

import json
from pathlib import Path

import pytest

import seatrial.patterns
from harness import registry
from seatrial.command import run

VIOLATOR = "tests.properties.patterns.violators:DoesNotFence"
REFERENCE = "reference_impl.patterns.election:StoreElection"


def test_each_pattern_is_listed_with_its_promises_and_what_target_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["patterns"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [pattern.name for pattern in registry.patterns()]
    assert run(["patterns", "--format", "json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["patterns"]}
    assert listed["lease"]["tried_by"] == "operations"
    assert listed["closed-control-loop"]["tried_by"] == "trial"
    for entry in listed.values():
        assert entry["target"]
        assert all(promise["says"] and promise["source"] for promise in entry["promises"])


@pytest.mark.slow
def test_a_broken_promise_is_told_as_numbered_operations_and_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--pattern", "lease", VIOLATOR, "--report-dir", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "late_writes_are_fenced is broken, in 5 operations:\n   1. candidate 1 asks for the lease" in out
    (file,) = tmp_path.glob("*/*/operations.json")
    assert f"replay: seatrial replay {file}" in out
    assert run(["replay", str(file)]) == 1
    assert run(["replay", str(file), REFERENCE, "--quiet"]) == 0


@pytest.mark.slow
def test_the_result_as_json_is_that_of_every_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "--pattern", "lease", VIOLATOR, "--format", "json", "--report-dir", str(tmp_path)]
    assert run(arguments) == 1
    result = json.loads(capsys.readouterr().out)
    assert (result["verdict"], result["exit"], result["pattern"]) == ("violated", 1, "lease")
    (violation,) = result["violations"]
    assert (violation["property"], violation["kind"], violation["actions"]) == ("late_writes_are_fenced", "Election", 5)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--pattern", "leese", REFERENCE], "there is no pattern 'leese'; did you mean lease?"),
        (["--pattern", "lease", "reference_impl.store.memory:MemoryStore"], "lacks lease_duration_s, release"),
        (["--pattern", "lease", "nowhere:at_all"], "cannot be imported"),
        (["--pattern", "lease", REFERENCE, "--manifest", "x.yaml"], "--manifest means nothing with --pattern lease"),
        (["--pattern", "side-effects", REFERENCE], "returned a StoreElection: pattern side-effects needs a Trial"),
    ],
)
def test_bad_input_is_one_line_that_says_what_instead(
    arguments: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", *arguments, "--report-dir", str(tmp_path)]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert complaint in captured.err
    assert len(captured.err.splitlines()) == 1


@pytest.mark.slow
def test_a_controller_is_held_to_a_pattern_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "--pattern", "side-effects", "zoo:two-buckets", "--report-dir", str(tmp_path)]
    assert run([*arguments, "--format", "json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert (result["pattern"], result["violations"][0]["property"]) == ("side-effects", "one_external_object_per_owner")


def test_every_port_is_a_public_name() -> None:
    for pattern in registry.patterns():
        if hasattr(pattern, "port"):
            assert pattern.port.__name__ in seatrial.patterns.__all__
    assert all(hasattr(seatrial.patterns, name) for name in seatrial.patterns.__all__)
