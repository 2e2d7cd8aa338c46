"""What a component had been told, and what it shows beside the diagram: owners, circles, ends, lanes."""

from typing import Any

from harness.trace import Trace
from reports.beliefs import belief_at, store_at, updates_of, whole_kinds
from reports.cycle import cycle_of
from reports.fair import end_state_of
from reports.lanes import bands_of, lanes_of
from reports.ownership import ownership_of
from reports.run import run_of
from reports.shown import DEPTH_MAX, script_json, shown, shown_value

SECRET = "Secret/default/a"


def trace_of(*events: tuple[float, str, str, dict[str, Any]]) -> Trace:
    """Each event: virtual seconds, kind, component, and the rest by name."""
    trace = Trace()
    for time_s, kind, component, more in events:
        own = {name: more.pop(name) for name in ("peer", "object", "resource_version", "caused_by") if name in more}
        trace.add(time_s, kind, component, data=more, **own)
    return trace


def commit(revision: int, *, deleted: bool = False, name: str = SECRET, **more: Any) -> dict[str, Any]:
    fact = "DELETED" if deleted else "UPDATED"
    return {"peer": "user", "object": name, "resource_version": revision, "fact": fact, "type": fact, **more}


def heard(revision: int, kind: str = "MODIFIED") -> dict[str, Any]:
    return {"peer": "apiserver-0", "object": SECRET, "resource_version": revision, "type": kind}


def listed(*seen: list[Any], revision: int = 9, whole: bool = True) -> dict[str, Any]:
    answer = {"verb": "list", "error": None, "code": 200, "whole": whole, "seen": list(seen)}
    return {"peer": "apiserver-0", "object": "Secret", "resource_version": revision, **answer}


# ------------------------------------------------------------------------------------------------------------ beliefs


def test_a_watch_event_is_believed_from_the_next_step_on() -> None:
    updates = updates_of(trace_of((0, "event", "web", heard(3)), (1, "event", "web", heard(4))))["web"]
    assert belief_at(updates, 0) == {}
    assert belief_at(updates, 1) == {SECRET: 3}
    assert belief_at(updates, 2) == {SECRET: 4}


def test_an_old_revision_is_believed_too() -> None:
    updates = updates_of(trace_of((0, "event", "web", heard(4)), (1, "event", "web", heard(3))))["web"]
    assert belief_at(updates, 2) == {SECRET: 3}


def test_a_crash_empties_memory() -> None:
    updates = updates_of(trace_of((0, "event", "web", heard(3)), (1, "crash", "web", {})))["web"]
    assert belief_at(updates, 2) == {}


def test_a_deletion_that_was_heard_is_believed() -> None:
    updates = updates_of(trace_of((0, "event", "web", heard(3)), (1, "event", "web", heard(4, "DELETED"))))["web"]
    assert belief_at(updates, 2) == {}


def test_a_whole_list_forgets_what_it_does_not_name() -> None:
    trace = trace_of((0, "event", "web", heard(3)), (1, "reply", "web", listed(["Secret/default/b", 5])))
    assert belief_at(updates_of(trace)["web"], 2) == {"Secret/default/b": 5}
    assert whole_kinds(trace) == {"web": ["Secret"]}


def test_a_restricted_list_forgets_nothing() -> None:
    trace = trace_of((0, "event", "web", heard(3)), (1, "reply", "web", listed(whole=False)))
    assert belief_at(updates_of(trace)["web"], 2) == {SECRET: 3}
    assert whole_kinds(trace) == {}


def test_a_list_of_the_same_adds_no_update() -> None:
    trace = trace_of((0, "event", "web", heard(3)), (1, "reply", "web", listed([SECRET, 3])))
    assert len(updates_of(trace)["web"]) == 1


def test_ones_own_get_is_believed_and_so_is_its_404() -> None:
    get: dict[str, Any] = {"verb": "get", "object": SECRET, "error": None, "code": 200, "resource_version": 3}
    missing = {**get, "error": "NotFound", "code": 404, "resource_version": None}
    updates = updates_of(trace_of((0, "reply", "web", get), (1, "reply", "web", missing)))["web"]
    assert belief_at(updates, 1) == {SECRET: 3}
    assert belief_at(updates, 2) == {}


def test_the_store_is_what_was_committed() -> None:
    trace = trace_of(
        (0, "commit", "apiserver-0", commit(1)), (1, "commit", "apiserver-0", commit(2, deleted=True))
    )  # fmt: skip
    assert store_at(trace, 1) == {SECRET: 1}
    assert store_at(trace, 2) == {}


# -------------------------------------------------------------------------------------------------------------- lanes


def test_lanes_run_from_users_to_outside_systems() -> None:
    trace = trace_of(
        (0, "external", "cloud", {"peer": "web", "phase": "effect"}),
        (0, "commit", "store", {"object": SECRET}),
        (0, "event", "kubelet", {"peer": "apiserver-0"}),
        (0, "request", "web", {"peer": "apiserver-1"}),
        (0, "workload", "user", {}),
        (0, "settle", "", {}),
    )
    names = [lane.name for lane in lanes_of(trace, ["web"])]
    assert names == ["user", "web", "kubelet", "apiserver-0", "apiserver-1", "store", "cloud"]


def test_a_cache_that_is_behind_for_long_is_a_band() -> None:
    trace = trace_of(
        (0, "event", "web", heard(1)), (1, "commit", "apiserver-0", commit(2)), (9, "event", "web", heard(2))
    )  # fmt: skip
    (band,) = bands_of(trace, ["web"], updates_of(trace))
    assert (band.lane, band.begin, band.end, band.kind) == ("web", 1, 2, "stale")


def test_a_cache_that_is_behind_for_a_moment_is_none() -> None:
    trace = trace_of(
        (0, "event", "web", heard(1)), (1, "commit", "apiserver-0", commit(2)), (1.01, "event", "web", heard(2))
    )  # fmt: skip
    assert bands_of(trace, ["web"], updates_of(trace)) == []


def test_a_new_life_that_reads_the_past_is_behind() -> None:
    trace = trace_of(
        (0, "commit", "apiserver-0", commit(1)),
        (1, "commit", "apiserver-0", commit(2)),
        (5, "reply", "web", listed([SECRET, 1])),
        (9, "event", "web", heard(2)),
    )
    assert [(band.begin, band.end) for band in bands_of(trace, ["web"], updates_of(trace))] == [(2, 3)]


def test_pauses_outages_and_partitions_last() -> None:
    cut = {"name": "partition", "action": {"do": "partition", "component": "web", "seconds": 4.0}}
    trace = trace_of(
        (0, "pause", "web", {}), (2, "resume", "web", {}), (3, "crash", "web", {}), (4, "restart", "web", {}),
        (5, "fault", "web", cut), (8, "workload", "user", {}), (9, "workload", "user", {}), (20, "settle", "", {}),
    )  # fmt: skip
    bands = [(band.kind, band.begin, band.end) for band in bands_of(trace, ["web"], {})]
    assert bands == [("pause", 0, 1), ("down", 2, 3), ("weather", 4, 6)]


# ------------------------------------------------------------------------------------------------ owners, circles, ends


def _violated(claim: str, *objects: str) -> dict[str, Any]:
    return {"property": claim, "reason": "so", "objects": list(objects), "caused_by": (0,)}


def test_an_orphan_stands_under_its_gone_owner() -> None:
    owner = {"metadata": {"uid": "u1"}}
    child = {"metadata": {"uid": "u2", "ownerReferences": [{"uid": "u1"}]}}
    trace = trace_of(
        (0, "commit", "apiserver-0", commit(1, name="Site/default/s", value=owner)),
        (1, "commit", "apiserver-0", commit(2, value=child)),
        (2, "external", "cloud", {"peer": "web", "object": "ext-1", "phase": "effect", "body": {"owner": "u1"}}),
        (3, "commit", "apiserver-0", commit(3, name="Site/default/s", deleted=True, value=None)),
        (4, "violation", "", _violated("no_orphan_or_leak")),
    )
    rows = [(row.name, row.depth, row.state, row.orphan) for row in ownership_of(run_of(trace))]
    assert rows == [
        ("Site/default/s", 0, "gone", False), (SECRET, 1, "", True), ("ext-1 in cloud", 1, "", True)
    ]  # fmt: skip


def test_owners_in_a_ring_are_each_told_once() -> None:
    one = {"metadata": {"uid": "u1", "ownerReferences": [{"uid": "u2"}]}}
    two = {"metadata": {"uid": "u2", "ownerReferences": [{"uid": "u1"}]}}
    trace = trace_of(
        (0, "commit", "apiserver-0", commit(1, value=one)),
        (1, "commit", "apiserver-0", commit(2, name="Secret/default/b", value=two)),
        (2, "violation", "", _violated("unique_children", SECRET)),
    )
    assert [row.name for row in ownership_of(run_of(trace))] == [SECRET, "Secret/default/b"]


def _to_and_fro(claim: str) -> Trace:
    back_and_forth = [
        (float(turn), "commit", "apiserver-0", commit(turn, changed=[f"spec.{'ab'[turn % 2]}: {turn} -> {turn + 1}"]))
        for turn in range(10)
    ]
    return trace_of((0.0, "workload", "user", {}), *back_and_forth, (11.0, "violation", "", _violated(claim)))


def test_the_circle_is_the_shortest_block_that_repeats() -> None:
    cycle = cycle_of(run_of(_to_and_fro("no_livelock")))
    assert cycle is not None
    assert (len(cycle.steps), cycle.times, cycle.lasts_s) == (2, 5, 2.0)


def test_other_claims_have_no_circle() -> None:
    assert cycle_of(run_of(_to_and_fro("converges"))) is None


def test_the_end_differs_by_objects_and_by_leaves() -> None:
    here = {"Secret/default/a": {"data.x": 1, "data.y": 2}, "Pod/default/p": {"a": 1}}
    fair = {"Secret/default/a": {"data.x": 1, "data.y": 3}, "Pod/default/q": {"a": 1}}
    note = {"end_state": here, "fair_weather": fair, "alike": ["Node/n"], "differences": ["so"], "members": {}}
    state = end_state_of(trace_of((0, "note", "", note)))
    assert state is not None
    assert [(one.key, one.what) for one in state.departures] == [
        ("Pod/default/p", "extra"), ("Pod/default/q", "missing"), ("Secret/default/a", "differs")
    ]  # fmt: skip
    assert [(leaf.path, leaf.here, leaf.fair) for leaf in state.departures[2].leaves] == [("data.y", "2", "3")]
    assert state.alike == 1


def test_a_trace_without_reference_has_no_end_state() -> None:
    assert end_state_of(trace_of((0, "note", "", {"target": "x"}))) is None


# --------------------------------------------------------------------------------------------------------- shown text


def test_what_is_long_loses_its_middle_and_tells_its_length() -> None:
    text = shown("a" * 600 + "b" * 600, 100)
    assert text.startswith("aaa")
    assert text.endswith("bbb")
    assert "[1,200 characters]" in text
    assert len(text) < 130


def test_what_misleads_is_spelt_out() -> None:
    assert shown("a\x00\u202eb\ud800") == "a\\x00\\u202eb\\ud800"


def test_values_keep_their_shape_but_not_their_depth() -> None:
    deep: Any = 1
    for _ in range(DEPTH_MAX + 10):
        deep = [deep]
    assert shown_value({"a": [1, 0.5, None, True, float("nan"), 2**70]}) == {
        "a": [1, 0.5, None, True, "nan", "1180591620717411303424"]
    }  # fmt: skip
    assert "too deep" in script_json(shown_value(deep))


def test_json_cannot_end_its_script_element() -> None:
    assert script_json({"a": "</script>&\u2028"}) == '{"a":"\\u003c/script\\u003e\\u0026\\u2028"}'
