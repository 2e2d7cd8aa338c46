import pytest

from harness.trace import Trace
from reports.narrative import LIMIT, sentences
from tests.reports.traces import trace_of, website_trace

VIOLATION = {"at": 999.0, "kind": "violation", "property": "p", "reason": "r"}


def commits(count: int, *, by: str = "website", changed: str = "spec.replicas") -> list[dict[str, object]]:
    return [
        {
            "at": float(n),
            "kind": "commit",
            "by": by,
            "on": "Deployment/default/a",
            "fact": "UPDATED",
            "changed": [f"{changed}: {n} -> {n + 1}"],
        }
        for n in range(count)
    ]


def test_the_story_is_told_in_order_with_virtual_times() -> None:
    assert sentences(website_trace(under_test=["website"])) == [
        "1.      0.000 s  user creates Website default/front",
        "2.      0.300 s  website creates Deployment default/front",
        "3.      0.300 s  WEATHER [crash, legal]: website crashes after its create committed",
        "4.      1.300 s  WEATHER: website restarts with empty memory",
        "5.  3,001.500 s  VIOLATED converges: Website default/front has no Service",
    ]


def test_what_did_not_lead_to_the_violation_is_left_out() -> None:
    assert not any("stranger" in line for line in sentences(website_trace()))


def test_a_violation_of_the_whole_state_tells_everything_before_it() -> None:
    trace = trace_of(
        *commits(1), {"at": 9.0, "kind": "violation", "property": "p", "reason": "r"}, *commits(1, by="late")
    )
    assert [line.split("s  ")[1] for line in sentences(trace)] == [
        "website updates Deployment default/a (spec.replicas: 0 -> 1)",
        "VIOLATED p: r",
    ]


def test_the_same_write_again_and_again_is_counted() -> None:
    told = sentences(trace_of(*commits(50)))
    assert len(told) == 2
    assert "the same again, 49 times until here" in told[1]
    assert "49.000 s" in told[1]


def test_two_writers_fighting_are_told_once() -> None:
    fight = [event for n in range(20) for event in (commits(1, by="a")[0], commits(1, by="b")[0])]
    told = sentences(trace_of(*fight))
    assert len(told) == 3
    assert "the last 2 steps again, 19 times" in told[2]


def test_faults_are_never_folded() -> None:
    trace = trace_of(*({"kind": "fault", "name": "delay", "sentence": "late"} for _ in range(3)))
    assert len(sentences(trace)) == 3


def different(count: int, by: str) -> list[dict[str, object]]:
    return [
        {"at": float(n), "kind": "commit", "by": by, "on": f"Pod/default/{n}", "fact": "CREATED"} for n in range(count)
    ]


def test_a_long_story_keeps_its_beginning_and_its_end() -> None:
    told = sentences(
        trace_of(*different(500, "website"), {"kind": "violation", "property": "p", "reason": "r"}), limit=9
    )
    assert len(told) == 9
    assert "Pod default/0" in told[0]
    assert "steps left out" in told[3]
    assert "VIOLATED p" in told[-1]


def test_bystanders_leave_a_long_story_first() -> None:
    trace = trace_of(*different(LIMIT, "scheduler"), *different(2, "website"), header={"under_test": ["website"]})
    assert all("website" in line for line in sentences(trace))


@pytest.mark.parametrize(("claim", "reason"), [(None, "first"), ("b", "second")])
def test_one_of_several_violations_can_be_told(claim: str | None, reason: str) -> None:
    trace = trace_of(
        {"kind": "violation", "property": "a", "reason": "first", "cause": [0]},
        {"kind": "violation", "property": "b", "reason": "second", "cause": [1]},
    )
    assert reason in sentences(trace, claim=claim)[-1]


def test_a_trace_read_back_from_disk_tells_the_same_story() -> None:
    trace = website_trace()
    assert sentences(Trace.from_jsonl(trace.to_jsonl())) == sentences(trace)


def test_a_crash_that_a_fault_told_of_is_not_told_twice() -> None:
    fault = {"kind": "fault", "by": "website", "name": "crash", "sentence": "website crashes"}
    told = sentences(trace_of(fault, {"kind": "crash", "by": "website", "cause": [0]}, {"kind": "restart", "by": "w"}))
    assert [line.split("s  ")[1] for line in told] == [
        "WEATHER [crash]: website crashes",
        "WEATHER: w restarts with empty memory",
    ]


def test_what_a_cluster_begins_with_is_not_told() -> None:
    assert sentences(trace_of({"kind": "commit", "by": "store", "on": "Namespace/default", "fact": "CREATED"})) == []


def test_a_panic_after_a_fault_is_still_told() -> None:
    fault = {"kind": "fault", "by": "website", "name": "reply_lost", "sentence": "a reply is lost"}
    told = sentences(trace_of(fault, {"kind": "crash", "by": "website", "cause": [0], "panic": "KeyError: 'spec'"}))
    assert told[1].endswith("website panics: KeyError: 'spec'")
