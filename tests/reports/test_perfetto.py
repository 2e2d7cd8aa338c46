"""Perfetto's own trace processor is a program that its Python package downloads, so tests cannot run it: the format is
checked against a schema of what the documentation of trace events asks for, and by the rules that no schema can say."""

import json
from collections import defaultdict
from typing import Any

import jsonschema
import pytest

from harness.trace import Trace
from reports.perfetto import Perfetto
from reports.run import run_of
from tests.reports.kept import all_traces
from tests.reports.traces import trace_of, website_trace

NUMBER = {"type": "number", "minimum": 0}
ID = {"type": "integer", "minimum": 0}
TEXT = {"type": "string", "minLength": 1}


def event_schema(phase: str, **fields: Any) -> dict[str, Any]:
    known = {"ph": {"const": phase}, "name": TEXT, "pid": ID, "tid": ID, **fields}
    return {"type": "object", "properties": known, "required": [*known], "additionalProperties": False}


ARGS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
SCHEMA = {
    "type": "object",
    "required": ["traceEvents", "displayTimeUnit"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "otherData": ARGS,
        "traceEvents": {
            "type": "array",
            "items": {
                "oneOf": [
                    event_schema("M", args={"type": "object", "minProperties": 1, "maxProperties": 1}),
                    event_schema("X", cat=TEXT, ts=NUMBER, dur={"type": "number", "exclusiveMinimum": 0}, args=ARGS),
                    event_schema("i", cat=TEXT, ts=NUMBER, s={"enum": ["g", "p", "t"]}, args=ARGS),
                    event_schema("s", cat=TEXT, ts=NUMBER, id=ID),
                    event_schema("f", cat=TEXT, ts=NUMBER, id=ID, bp={"const": "e"}),
                ]
            },
        },
    },
}


def timeline(trace: Trace) -> dict[str, list[dict[str, Any]]]:
    """Events by phase."""
    document = json.loads(Perfetto().render(trace))
    jsonschema.validate(document, SCHEMA)
    found = defaultdict(list)
    for event in document["traceEvents"]:
        found[event["ph"]].append(event)
    return found


def span(event: dict[str, Any]) -> tuple[int, int]:
    """Begin and end in nanoseconds, exactly."""
    return round(event["ts"] * 1000), round(event["ts"] * 1000) + round(event["dur"] * 1000)


@all_traces
def test_every_event_is_a_slice_or_the_end_of_one(trace: Trace) -> None:
    slices = timeline(trace)["X"]
    steps = [event["args"]["step"] for event in slices]
    assert len(set(steps)) == len(steps)
    ends = {event.step for event in trace.events} - set(steps)
    assert {trace.events[step].kind for step in ends} <= {"reply", "reconciled", "external", "restart", "resume"}


@all_traces
def test_slices_of_a_thread_are_nested_or_apart(trace: Trace) -> None:
    """Else viewers draw them wrong."""
    threads = defaultdict(list)
    for event in timeline(trace)["X"]:
        threads[event["pid"], event["tid"]].append(span(event))
    for spans in threads.values():
        for begin, end in spans:
            assert not any(begin < other < end < other_end for other, other_end in spans)
        assert len({begin for begin, _ in spans}) == len(spans), "two slices begin together"


@all_traces
def test_each_cause_is_an_arrow_between_two_slices(trace: Trace) -> None:
    events = timeline(trace)
    threads = defaultdict(list)
    for event in events["X"]:
        threads[event["pid"], event["tid"]].append(span(event))
    for arrow in events["s"] + events["f"]:
        at = round(arrow["ts"] * 1000)
        assert any(begin <= at < end for begin, end in threads[arrow["pid"], arrow["tid"]])
    begins = {arrow["id"]: arrow["ts"] for arrow in events["s"]}
    assert {arrow["id"]: begins[arrow["id"]] < arrow["ts"] for arrow in events["f"]} == dict.fromkeys(begins, True)
    assert len(begins) == run_of(trace).graph.number_of_edges()


@all_traces
def test_faults_and_violations_are_instants_across_everything(trace: Trace) -> None:
    marked = [event.kind for event in trace.events if event.kind in ("fault", "violation")]
    assert [(event["cat"], event["s"]) for event in timeline(trace)["i"]] == [(kind, "g") for kind in marked]


def named(events: dict[str, list[dict[str, Any]]], what: str) -> list[str]:
    return [event["args"]["name"] for event in events["M"] if event["name"] == what]


def test_replicas_share_a_process_and_have_threads_of_their_own() -> None:
    names = ("website", "website-1", "apiserver-0", "apiserver-1", "kubelet-node-0")
    events = timeline(trace_of(*({"kind": "settle", "by": name} for name in names)))
    assert named(events, "process_name") == ["website", "apiserver", "kubelet-node-0"]
    assert named(events, "thread_name") == list(names)


def test_a_request_lasts_until_its_answer_in_virtual_microseconds() -> None:
    trace = trace_of(
        {"at": 1.0, "kind": "request", "by": "website", "verb": "CREATE"},
        {"at": 1.25, "kind": "reply", "by": "website", "cause": [0]},
    )
    (request,) = timeline(trace)["X"]
    assert request["ts"] == 1_000_000
    assert request["dur"] == pytest.approx(250_000, abs=0.01)


def test_requests_that_overlap_are_on_threads_of_their_own() -> None:
    trace = trace_of(
        {"at": 1.0, "kind": "request", "by": "website", "verb": "CREATE"},
        {"at": 2.0, "kind": "request", "by": "website", "verb": "UPDATE"},
        {"at": 3.0, "kind": "reply", "by": "website", "cause": [0]},
        {"at": 4.0, "kind": "reply", "by": "website", "cause": [1]},
    )
    events = timeline(trace)
    assert len({event["tid"] for event in events["X"]}) == 2
    assert named(events, "thread_name") == ["website", "website (2)"]


def test_a_crash_ends_what_its_component_was_about_and_lasts_until_the_restart() -> None:
    trace = trace_of(
        {"at": 1.0, "kind": "reconcile", "by": "website"},
        {"at": 2.0, "kind": "crash", "by": "website"},
        {"at": 5.0, "kind": "restart", "by": "website", "cause": [1]},
        {"at": 9.0, "kind": "note"},
    )
    lasted = {event["cat"]: event["dur"] for event in timeline(trace)["X"] if event["cat"] != "note"}
    assert lasted == {"reconcile": pytest.approx(1e6, abs=0.01), "crash": pytest.approx(3e6, abs=0.01)}


def test_the_same_trace_gives_the_same_bytes() -> None:
    assert Perfetto().render(website_trace()) == Perfetto().render(website_trace())


def test_an_empty_trace_still_renders() -> None:
    assert timeline(trace_of()) == {}
