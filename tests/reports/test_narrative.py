from pathlib import Path

import pytest

from harness.contract import Fault
from harness.faults import FAULTS
from harness.trace import Trace
from reports.narrative import LIMIT, sentences
from reports.run import run_of
from reports.weather_words import PHRASES
from tests.reports.kept import OLD, nasty_trace, old_trace
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
        "1.      0.000 s  A user created Website default/front.",
        "2.      0.300 s  <- The wrong write: `website` created Deployment default/front.",
        "3.      0.300 s  WEATHER: Website crashes after its create committed [crash, legal].",
        "4.  3,001.500 s  VIOLATED converges: Website default/front has no Service",
    ]


def test_marks_say_which_sentence_is_what() -> None:
    marks = [(sentence.number, sentence.mark) for sentence in run_of(website_trace(under_test=["website"])).story]
    assert marks == [(1, ""), (2, "wrong"), (3, "fault"), (4, "violation")]


def test_what_did_not_lead_to_the_violation_is_left_out() -> None:
    assert not any("stranger" in line for line in sentences(website_trace()))


def test_what_comes_after_the_violation_is_not_told() -> None:
    trace = trace_of(
        *commits(1), {"at": 9.0, "kind": "violation", "property": "p", "reason": "r"}, *commits(1, by="late")
    )
    assert [line.split("s  ")[1] for line in sentences(trace)] == [
        "<- The wrong write: `website` updated Deployment default/a (spec.replicas: 0 -> 1).",
        "VIOLATED p: r",
    ]


def test_the_same_write_again_and_again_is_counted() -> None:
    told = sentences(trace_of(*commits(50)))
    assert len(told) == 1
    assert "This came again 49 times, until 49.000 s." in told[0]


def test_two_writers_fighting_are_told_once() -> None:
    fight = [event for n in range(20) for event in (commits(1, by="a")[0], commits(1, by="b")[0])]
    told = sentences(trace_of(*fight))
    assert len(told) == 2
    assert "These 2 steps came again 19 times" in told[1]


def test_of_a_livelock_all_rounds_are_counted() -> None:
    rounds = [commits(1)[0] | {"at": float(n), "changed": [f"spec.x: {n % 2} -> {1 - n % 2}"]} for n in range(100)]
    livelock = {**VIOLATION, "property": "no_livelock", "objects": ["Deployment/default/a"], "cause": [99]}
    told = sentences(trace_of(*rounds, livelock))
    assert "These 2 steps came again 48 times" in told[1]
    assert len(told) == 5


def test_faults_are_never_folded() -> None:
    trace = trace_of(*({"kind": "fault", "name": "delay", "sentence": "late"} for _ in range(3)))
    assert len(sentences(trace)) == 3


def different(count: int, by: str) -> list[dict[str, object]]:
    return [
        {"at": float(n), "kind": "commit", "by": by, "on": f"Pod/default/{n}", "fact": "CREATED"} for n in range(count)
    ]


@pytest.mark.parametrize("limit", [5, LIMIT])
def test_a_long_story_keeps_its_faults_the_wrong_write_and_its_end(limit: int) -> None:
    trace = trace_of(
        {"kind": "fault", "by": "website", "name": "delay", "sentence": "late"}, *different(500, "website"), VIOLATION
    )
    told = sentences(trace, limit=limit)
    assert len(told) <= limit
    assert "Late [delay]" in told[0]
    assert "The wrong write: `website` created Pod default/499" in told[-2]
    assert "VIOLATED p" in told[-1]


def test_bystanders_leave_a_long_story_first() -> None:
    trace = trace_of(*different(LIMIT, "scheduler"), *different(2, "website"), header={"under_test": ["website"]})
    assert sum("website" in line for line in sentences(trace)) == 2


def test_user_actions_one_after_another_become_one_sentence_where_there_is_too_much() -> None:
    acts = [{"kind": "workload", "by": "user", "sentence": f"user creates Pod default/{n}"} for n in range(20)]
    told = sentences(trace_of(*acts, VIOLATION))
    assert len(told) <= LIMIT
    assert "A user created Pod default/0; a user created Pod default/1" in told[0]


def test_a_pass_that_went_by_the_past_is_told_before_the_wrong_write() -> None:
    on = "Website/default/front"
    trace = trace_of(
        {"kind": "commit", "by": "user", "on": on, "fact": "CREATED", "revision": 7},
        {"kind": "commit", "by": "user", "on": on, "fact": "UPDATED", "revision": 8},
        {"kind": "event", "by": "website", "on": on, "type": "ADDED", "cause": [0], "revision": 7},
        {"kind": "reconcile", "by": "website", "on": "default/front", "cause": [2]},
        {"kind": "request", "by": "website", "on": "Pod/d/a", "method": "delete", "reconcile": 3, "cause": [3, 2]},
        {"kind": "commit", "by": "apiserver-0", "peer": "website", "on": "Pod/d/a", "fact": "DELETED", "cause": [4]},
        {**VIOLATION, "cause": [5]},
    )
    for event in trace.events:
        event.resource_version = event.data.pop("revision", None)
    told = [line.split("s  ")[1] for line in sentences(trace)]
    assert told[-3:] == [
        "`website` began a pass on default/front, going by Website default/front as of revision 7, "
        "when 8 was the newest.",
        "<- The wrong write: `website` deleted Pod d/a.",
        "VIOLATED p: r",
    ]


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


def test_a_crash_and_what_came_of_it_are_one_sentence_with_the_fault() -> None:
    action = {"do": "crash", "component": "w", "at": "after_commit", "request": {"verb": "create", "kind": "Pod"}}
    told = sentences(
        trace_of(
            {"kind": "fault", "by": "w", "name": "crash", "legal": True, "action": action},
            {"kind": "crash", "by": "w", "cause": [0]},
            {"kind": "restart", "by": "w", "cause": [1], "at": 2.5},
        )
    )
    assert [line.split("s  ", 1)[1] for line in told] == [
        "WEATHER: The API server committed the create of Pod, but before the reply reached `w` it crashed "
        "[crash, legal]; it restarted 2.5 s later with empty memory."
    ]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_kind_of_weather_has_words_of_its_own(fault: Fault) -> None:
    assert fault.name in PHRASES
    action = {"do": fault.name, "at": "step", "step": 1, "component": "website", "seconds": 3.0}
    told = sentences(trace_of({"kind": "fault", "by": "website", "name": fault.name, "action": action}))
    assert len(told) == 1
    assert f"[{fault.name}]" in told[0]
    assert "None" not in told[0]


def test_a_strangers_weather_is_told_from_its_action() -> None:
    action = {"do": "flood", "at": "step", "component": "website", "metres": 3}
    told = sentences(trace_of({"kind": "fault", "by": "website", "name": "flood", "action": action}))
    assert told == ["1.      0.000 s  WEATHER: Strikes website (metres 3) [flood]."]


def test_what_a_cluster_begins_with_is_not_told() -> None:
    assert sentences(trace_of({"kind": "commit", "by": "store", "on": "Namespace/default", "fact": "CREATED"})) == []


def test_a_panic_after_a_fault_is_still_told() -> None:
    fault = {"kind": "fault", "by": "website", "name": "reply_lost", "sentence": "a reply is lost"}
    told = sentences(trace_of(fault, {"kind": "crash", "by": "website", "cause": [0], "panic": "KeyError: 'spec'"}))
    assert told[1].endswith("`website` panicked: KeyError: 'spec'.")


@pytest.mark.parametrize("file", OLD, ids=lambda file: file.stem)
def test_a_trace_of_an_older_version_has_a_story_and_a_wrong_write(file: Path) -> None:
    story = run_of(old_trace(file)).story
    assert [sentence.mark for sentence in story].count("wrong") == 1
    assert "fault" in [sentence.mark for sentence in story]
    assert story[-1].mark == "violation"


def test_hostile_names_stay_on_one_short_line_each() -> None:
    for line in sentences(nasty_trace()):
        assert line.isprintable()
        assert len(line) < 500


def told_of(*events: dict[str, object]) -> list[str]:
    return [line.split("s  ", 1)[1] for line in sentences(trace_of(*events))]


def test_what_a_user_was_refused_is_told_as_tried() -> None:
    act = {"kind": "workload", "by": "user", "sentence": "user creates Website default/front"}
    refused = {"kind": "reply", "by": "user", "verb": "create", "error": "AlreadyExists"}
    looked = {"kind": "reply", "by": "user", "verb": "get", "error": None}
    made = {"kind": "commit", "by": "apiserver-0", "peer": "user", "on": "Website/default/front", "fact": "CREATED"}
    assert told_of(act, refused, looked, VIOLATION)[0] == "A user tried to create Website default/front."
    assert told_of(act, refused, looked, made, VIOLATION)[0] == "A user created Website default/front."


def test_a_deletion_of_two_commits_is_told_once() -> None:
    on = "Pod/default/a"
    mark = ["metadata.deletionTimestamp: None -> 2026-01-01T00:00:07Z"]
    assert told_of(
        {"kind": "request", "by": "w", "on": on, "method": "delete"},
        {"kind": "commit", "by": "w", "on": on, "fact": "UPDATED", "changed": mark, "cause": [0]},
        {"kind": "commit", "by": "w", "on": on, "fact": "DELETED", "changed": [], "cause": [0]},
        {**VIOLATION, "objects": [on]},
    ) == ["<- The wrong write: `w` deleted Pod default/a.", "VIOLATED p: r"]


def test_what_weather_struck_is_told_unless_its_own_sentence_names_it() -> None:
    made = {"kind": "commit", "by": "w", "on": "Pod/default/a", "fact": "CREATED"}
    action = {"component": "w", "request": {"verb": "create", "kind": "Pod", "namespace": "default", "name": "a"}}
    stale = {"kind": "fault", "by": "w", "name": "stale_cache", "action": {"do": "stale_cache", **action}}
    crash = {"kind": "fault", "by": "w", "name": "crash", "action": {"do": "crash", "at": "after_commit", **action}}
    assert told_of(made, {**stale, "cause": [0]})[0] == "`w` created Pod default/a."
    assert len(told_of(made, {**crash, "cause": [0]})) == 1


def test_what_came_twice_with_other_values_is_told_twice() -> None:
    assert len(told_of(*commits(2))) == 2


def test_of_two_long_values_both_can_be_told_apart() -> None:
    old, new = "2026-01-01T00:00:20.000000Z" * 4, "publisher_165a" * 8
    told = told_of({**commits(1)[0], "changed": [f"spec.x: {old} -> {new}"]})[0]
    assert "2026-01-01T00:00:20" in told
    assert "-> publisher_165a" in told
    assert len(told) < 240


def test_of_a_block_that_repeats_no_part_is_left_out_by_itself() -> None:
    acts = [{"kind": "fault", "by": "x", "name": "delay", "sentence": f"late {n}"} for n in range(LIMIT - 2)]
    rounds = [event for _ in range(5) for event in (commits(1, by="a")[0], commits(1, by="b")[0])]
    told = told_of(*acts, *rounds, VIOLATION | {"objects": ["Deployment/default/a"]})
    assert len(told) <= LIMIT
    assert sum("These 2 steps" in line for line in told) == sum("`a` updated" in line for line in told)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ({"do": "clock_skew", "component": "w", "direction": "back", "seconds": 22.0}, "jumped 22 s back"),
        ({"do": "clock_drift", "component": "w", "rate": 0.95}, "ran at 0.95 of its speed"),
        ({"do": "time_travel", "component": "w", "server": 1, "crash_after_s": 2.0}, "`apiserver-1` fell behind; 2 s later"),
        ({"do": "watch_gap", "component": "w", "event": {"kind": "Pod"}, "seconds": 0.0}, "on Pod broke: it listed"),
        ({"do": "latency", "component": "w", "at": "request", "request": {"kind": "Pod"}, "seconds": 6.28828}, "6.288 s"),
        (
            {"do": "latency", "component": "w", "event": {"type": "ADDED", "kind": "Pod", "namespace": "default",
             "name": "child 1 of ReplicaSet front"}, "seconds": 1.0},
            "the event ADDED of Pod (child 1 of ReplicaSet front)",
        ),
    ],
    ids=lambda value: value["do"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_weather_says_how_much_of_what(action: dict[str, object], says: str) -> None:
    told = told_of({"kind": "fault", "by": "w", "name": str(action["do"]), "action": action})[0]
    assert says.lower() in told.lower()
