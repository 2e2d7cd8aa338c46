import pytest

from harness.outcome import Outcome, PropertyVerdict, Violation, upper_bound_95


@pytest.mark.parametrize(("verdict", "code"), [("holds", 0), ("violated", 1), ("unknown", 2), ("error", 3)])
def test_the_verdict_decides_the_exit_code(verdict: str, code: int) -> None:
    assert Outcome(verdict=verdict).exit_code == code  # type: ignore[arg-type]


def test_an_interrupted_run_exits_with_130_whatever_it_found() -> None:
    assert Outcome(verdict="violated", interrupted=True).exit_code == 130


def test_json_has_the_names_of_the_contract_and_then_what_was_added() -> None:
    violation = Violation(
        property="converges", kind="Website", legal=True, obliged=True, actions=3, faults=1, workload=2,
        schedule_path="r/schedule.json", schedule={"salt": 1},
    )  # fmt: skip
    outcome = Outcome(
        verdict="violated", properties=[PropertyVerdict(name="converges", verdict="violated", reason="stuck")],
        violations=[violation],
    )  # fmt: skip
    document = outcome.to_json()
    assert list(document) == [
        "seatrial", "verdict", "exit", "target", "profile", "seed", "examples", "fair_weather", "faults_fired",
        "properties", "not_applicable", "warnings", "versions", "violations", "wall_s", "virtual_s",
        "scope",  # added after the contract was written
    ]  # fmt: skip
    assert document["properties"] == [{"name": "converges", "verdict": "violated", "reason": "stuck"}]
    assert list(document["violations"][0]) == [
        "property", "kind", "legal", "obliged", "actions", "faults", "workload", "schedule", "trace", "report",
        "replay", "trace_sha256",
    ]  # fmt: skip
    assert document["violations"][0]["schedule"] == "r/schedule.json"


def test_the_bound_follows_the_rule_of_three() -> None:
    assert upper_bound_95(1000) == pytest.approx(3 / 1000, rel=0.01)
    assert upper_bound_95(1) == pytest.approx(0.95)
    assert upper_bound_95(0) == 1.0
