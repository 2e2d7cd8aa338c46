from typing import Any

import pytest

from reports.telling import TELLERS, tell
from tests.reports.traces import trace_of


def told(**event: Any) -> str | None:
    return tell(trace_of(event).events[0])


def test_a_hostile_fault_is_marked_as_such() -> None:
    assert told(kind="fault", name="event_dropped", legal=False, sentence="one event is lost") == (
        "WEATHER [event_dropped, HOSTILE]: one event is lost"
    )


def test_an_error_reply_is_told_and_a_good_one_is_not() -> None:
    reply = {"kind": "reply", "by": "website", "on": "Pod/default/a", "verb": "create"}
    assert told(**reply) is None
    assert told(**reply, error="Timeout") == "website's create of Pod default/a is answered: Timeout"


def test_values_computed_on_demand_are_computed() -> None:
    write = {"kind": "commit", "by": "w", "on": "Pod/d/a", "fact": "UPDATED"}
    assert told(**write, changed=lambda: ["spec.x: 1 -> 2"]) == "w updates Pod d/a (spec.x: 1 -> 2)"


def test_of_many_changed_fields_a_few_are_named_and_the_rest_counted() -> None:
    sentence = told(
        kind="commit", by="w", on="Pod/d/a", fact="UPDATED", changed=[f"spec.f{n}: 0 -> 1" for n in range(5)]
    )
    assert sentence == "w updates Pod d/a (spec.f0: 0 -> 1, spec.f1: 0 -> 1, spec.f2: 0 -> 1 and 2 more)"


def test_a_commit_at_a_server_is_told_of_its_sender() -> None:
    write = {"kind": "commit", "by": "apiserver-0", "peer": "website", "on": "Pod/d/a", "fact": "CREATED"}
    assert told(**write) == "website creates Pod d/a"


def test_a_mark_for_deletion_is_called_so() -> None:
    mark = {"kind": "commit", "by": "w", "on": "Pod/d/a", "fact": "UPDATED"}
    assert told(**mark, changed=["metadata.deletionTimestamp: None -> 2026"]) == "w marks Pod d/a for deletion"


@pytest.mark.parametrize(
    "event",
    [
        {"by": "k", "on": "Lease/ns/n", "fact": "UPDATED"},
        {"by": "k", "on": "Event/ns/n", "fact": "CREATED"},
        {"by": "store", "on": "Namespace/default", "fact": "CREATED"},
        {"by": "k", "on": "Node/n", "fact": "UPDATED", "effective": False},
    ],
)
def test_upkeep_is_never_told(event: dict[str, Any]) -> None:
    assert told(kind="commit", **event) is None


def test_outside_systems_tell_effects_and_errors_only() -> None:
    call = {"kind": "external", "verb": "create", "by": "website", "peer": "cloud", "on": "ext-1"}
    effect = {**call, "by": "cloud", "peer": "website", "phase": "effect"}
    assert told(**call, phase="request") is None
    assert told(**effect) == "website creates ext-1 in outside system cloud"
    assert told(**{**effect, "verb": "list"}) is None
    assert told(**call, phase="answer", error="Timeout") == (
        "website's create in outside system cloud is answered: Timeout"
    )


def test_a_panic_is_the_controllers_own_and_no_weather() -> None:
    assert told(kind="crash", by="website", panic="KeyError: 'spec'") == "website panics: KeyError: 'spec'"


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
                "do": "watch_lag",
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
def test_a_fault_without_a_sentence_is_told_from_its_action(action: dict[str, Any], words: str) -> None:
    assert told(kind="fault", name="f", action=action) == f"WEATHER [f]: {words}"


def test_bookkeeping_has_no_sentence() -> None:
    assert not {"request", "event", "stream", "reconcile", "note"} & set(TELLERS)
