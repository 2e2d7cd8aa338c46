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


def test_lease_renewals_are_never_told() -> None:
    renewal = {"at": 1.0, "kind": "commit", "by": "k", "on": "Lease/ns/n", "fact": "UPDATED"}
    assert sentences(trace_of(renewal)) == []


def test_a_hostile_fault_is_marked_as_such() -> None:
    trace = trace_of({"kind": "fault", "name": "event_dropped", "legal": False, "sentence": "one event is lost"})
    assert "WEATHER [event_dropped, HOSTILE]: one event is lost" in sentences(trace)[0]


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


def test_an_error_reply_is_told_and_a_good_one_is_not() -> None:
    reply = {"kind": "reply", "by": "website", "on": "Pod/default/a", "verb": "create"}
    assert sentences(trace_of(reply)) == []
    assert (
        "website's create of Pod default/a is answered: Timeout"
        in sentences(trace_of({**reply, "error": "Timeout"}))[0]
    )


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


def test_values_computed_on_demand_are_computed() -> None:
    trace = trace_of(
        {"kind": "commit", "by": "w", "on": "Pod/d/a", "fact": "UPDATED", "changed": lambda: ["spec.x: 1 -> 2"]}
    )
    assert "spec.x: 1 -> 2" in sentences(trace)[0]


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


def test_a_commit_at_a_server_is_told_of_its_sender() -> None:
    write = {"kind": "commit", "by": "apiserver-0", "peer": "website", "on": "Pod/d/a", "fact": "CREATED"}
    assert sentences(trace_of(write)) == ["1.      0.000 s  website creates Pod d/a"]


def test_a_mark_for_deletion_is_called_so() -> None:
    mark = {"kind": "commit", "by": "w", "on": "Pod/d/a", "fact": "UPDATED"}
    told = sentences(trace_of({**mark, "changed": ["metadata.deletionTimestamp: None -> 2024-01-01T00:00:00Z"]}))
    assert told[0].endswith("w marks Pod d/a for deletion")


def test_outside_systems_tell_effects_and_errors_only() -> None:
    call = {"kind": "external", "verb": "create", "by": "website", "peer": "cloud", "on": "ext-1"}
    effect = {**call, "by": "cloud", "peer": "website", "phase": "effect"}
    answer = {**call, "phase": "answer", "error": "Timeout"}
    told = sentences(trace_of({**call, "phase": "request"}, effect, answer, {**effect, "verb": "list"}))
    assert [line.split("s  ")[1] for line in told] == [
        "website creates ext-1 in outside system cloud",
        "website's create in outside system cloud is answered: Timeout",
    ]


def test_a_panic_is_the_controllers_own_and_no_weather() -> None:
    told = sentences(trace_of({"kind": "crash", "by": "website", "panic": "KeyError: 'spec'"}))
    assert told == ["1.      0.000 s  website panics: KeyError: 'spec'"]


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (
            {
                "do": "crash",
                "at": "after_commit",
                "component": "website",
                "down_s": 1.0,
                "request": {"verb": "create", "kind": "Deployment", "name": "front", "nth": 1},
            },
            "website's 1st create of Deployment front, after it committed (down_s 1.0)",
        ),
        (
            {
                "do": "event_delay",
                "at": "delivery",
                "component": "website",
                "event": {"type": "ADDED", "kind": "Pod", "name": "child 0 of Website front", "nth": 12},
            },
            "the 12th ADDED event of Pod child 0 of Website front on its way to website",
        ),
        ({"do": "pause", "at": "step", "step": 2, "component": "website"}, "strikes website"),
        ({"do": "compaction", "at": "step", "step": 2, "keep": 3}, "strikes between two user actions (keep 3)"),
    ],
)
def test_a_fault_without_a_sentence_is_told_from_its_action(action: dict[str, object], words: str) -> None:
    assert sentences(trace_of({"kind": "fault", "name": "f", "action": action}))[0].endswith(f"WEATHER [f]: {words}")


def test_a_crash_that_a_fault_told_of_is_not_told_twice() -> None:
    fault = {"kind": "fault", "by": "website", "name": "crash", "sentence": "website crashes"}
    told = sentences(trace_of(fault, {"kind": "crash", "by": "website", "cause": [0]}, {"kind": "restart", "by": "w"}))
    assert [line.split("s  ")[1] for line in told] == [
        "WEATHER [crash]: website crashes",
        "WEATHER: w restarts with empty memory",
    ]


def test_what_a_cluster_begins_with_is_not_told() -> None:
    assert sentences(trace_of({"kind": "commit", "by": "store", "on": "Namespace/default", "fact": "CREATED"})) == []
