import json
import re
from itertools import pairwise

from harness.trace import Trace
from reports.run import run_of
from reports.shiviz import ShiViz
from tests.reports.kept import all_traces
from tests.reports.traces import trace_of, website_trace


def read(log: bytes) -> list[tuple[str, dict[str, int], str]]:
    """(host, clock, event) of each event, by the regular expression that the log itself states, as ShiViz does it."""
    regex, delimiter, rest = log.decode().split("\n", 2)
    assert delimiter == ""
    # ShiViz, and JavaScript, write a named group without the P; a dot of theirs is not a line separator either.
    events = re.compile(regex.replace("(?<", "(?P<"))
    return [(found["host"], json.loads(found["clock"]), found["event"]) for found in events.finditer(rest)]


@all_traces
def test_the_regular_expression_of_the_log_finds_every_event(trace: Trace) -> None:
    events = read(ShiViz().render(trace))
    assert len(events) == len(trace.events)
    assert not any(re.search("[\r\u2028\u2029]", text) for _, _, text in events)


@all_traces
def test_each_host_counts_its_own_events_from_one(trace: Trace) -> None:
    """Else ShiViz refuses the log."""
    counts: dict[str, int] = {}
    for host, clock, _ in read(ShiViz().render(trace)):
        counts[host] = counts.get(host, 0) + 1
        assert clock[host] == counts[host]
        assert all(count <= counts.get(other, 0) for other, count in clock.items()), "a clock knows the future"


@all_traces
def test_a_clock_is_behind_another_where_one_event_led_to_the_other(trace: Trace) -> None:
    clocks = [clock for _, clock, _ in read(ShiViz().render(trace))]
    for cause, effect in run_of(trace).graph.edges:
        assert all(count <= clocks[effect].get(host, 0) for host, count in clocks[cause].items())
        assert clocks[cause] != clocks[effect]


def test_what_did_not_lead_to_each_other_is_concurrent() -> None:
    trace = trace_of(
        {"kind": "request", "by": "a"}, {"kind": "request", "by": "b"}, {"kind": "reply", "by": "a", "cause": [0]}
    )
    clocks = [clock for _, clock, _ in read(ShiViz().render(trace))]
    assert clocks == [{"a": 1}, {"b": 1}, {"a": 2}]


def test_the_same_trace_gives_the_same_bytes() -> None:
    logs = [ShiViz().render(website_trace()) for _ in range(2)]
    assert all(one == other for one, other in pairwise(logs))
