"""Outcomes as a run would give them, for tests of what is printed."""

from typing import Any

from harness.outcome import Outcome, PropertyVerdict, Violation


def outcome(verdict: Any = "holds", **fields: Any) -> Outcome:
    return Outcome(verdict=verdict, **{"examples": 200, "wall_s": 2.1, "virtual_s": 81234.0, **fields})


def violated(**fields: Any) -> Outcome:
    violation = Violation(
        property="converges",
        kind="Website",
        legal=True,
        obliged=True,
        actions=3,
        faults=1,
        workload=2,
        schedule_path="r/schedule.json",
        report_path="r/report.md",
        replay="seatrial replay r/schedule.json",
        reason="no Service",
        narrative="1.  0.000 s  user: creates Website default/front\n2.  1.000 s  VIOLATED converges: no Service",
    )
    return outcome(
        "violated",
        properties=[PropertyVerdict(name="converges", verdict="violated", reason="no Service")],
        violations=[violation],
        faults_fired={"crash": 12, "stale_read": 0},
        **fields,
    )
