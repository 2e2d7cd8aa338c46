from typing import Any

import pytest

from harness.trace import Trace
from reports.blame import Blame
from reports.run import run_of
from tests.reports.traces import trace_of

SECRET = "Secret/default/a"
NOTE = {"kind": "note", "under_test": ["website"]}


def blamed(*events: dict[str, Any]) -> Blame:
    return run_of(trace_of(NOTE, *events)).blame


def write(on: str, fact: str, *, by: str = "website", **more: Any) -> dict[str, Any]:
    return {"kind": "commit", "by": "apiserver-0", "peer": by, "on": on, "fact": fact, "changed": [], **more}


def violation(name: str = "converges", *, cause: list[int] | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": "violation", "property": name, "reason": "r", "cause": cause or [], "when": "at_rest", **more}


def end(ours: dict[str, Any], fair: dict[str, Any], members: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return {"kind": "note", "end_state": ours, "fair_weather": fair, "members": members or {}}


def test_a_claim_that_a_write_broke_blames_that_write() -> None:
    found = blamed(write(SECRET, "DELETED"), violation("required_objects_are_not_deleted", cause=[1]))
    assert (found.step, found.what, found.missing) == (1, "delete Secret", False)


def test_what_a_process_reads_while_it_is_judged_at_rest_breaks_nothing() -> None:
    read = {"kind": "reply", "by": "website", "on": "Secret"}
    found = blamed(write(SECRET, "CREATED"), read, violation(cause=[2]), end({SECRET: {"type": "x"}}, {}))
    assert (found.step, found.what) == (1, "create Secret")


def test_the_line_that_sent_the_wrong_write_is_named() -> None:
    request = {"kind": "request", "by": "website", "on": SECRET, "method": "delete", "site": "website.py:3 in f"}
    assert blamed(request, write(SECRET, "DELETED", cause=[1]), violation(cause=[2])).site == "website.py:3 in f"


def test_what_is_too_many_was_made_by_the_last_create() -> None:
    lot = {"cloud/*": {"*count": 2}}
    makes = [
        {"kind": "external", "by": "cloud", "peer": "website", "on": f"ext-{n}", "verb": "create", "phase": "effect"}
        for n in (1, 2)
    ]
    found = blamed(
        *makes, violation(), end(lot, {"cloud/*": {"*count": 1}}, {"cloud/*": ["cloud/ext-1", "cloud/ext-2"]})
    )
    assert (found.step, found.what) == (2, "create cloud")


def test_what_is_missing_and_was_deleted_blames_the_delete() -> None:
    found = blamed(write(SECRET, "CREATED"), write(SECRET, "DELETED"), violation(), end({}, {SECRET: {"type": "x"}}))
    assert (found.step, found.what) == (2, "delete Secret")


def test_a_collected_object_blames_whoever_deleted_its_owner() -> None:
    owner = {"metadata": {"uid": "u1"}}
    child = {"metadata": {"ownerReferences": [{"uid": "u1", "name": "front"}]}}
    found = blamed(
        write("Website/default/front", "CREATED", value=owner),
        write(SECRET, "CREATED", value=child),
        write("Website/default/front", "DELETED"),
        write(SECRET, "DELETED", by="garbage-collector"),
        violation(),
        end({}, {SECRET: {"type": "x"}}),
    )
    assert (found.step, found.what) == (3, "delete Website")


def test_what_was_never_made_blames_the_last_pass() -> None:
    found = blamed(
        {"kind": "reconcile", "by": "website", "on": "default/front", "at": 5.0},
        {"kind": "reconciled", "by": "website", "on": "default/front", "cause": [1]},
        violation(),
        end({}, {SECRET: {"type": "x"}}),
    )
    assert (found.step, found.what, found.missing) == (1, "never creates Secret", True)
    assert found.text == (
        "`website` never creates Secret default/a: its last pass on default/front, at 5.000 s, wrote nothing."
    )


def test_what_a_user_deleted_and_nobody_restored_is_a_missing_write() -> None:
    found = blamed(
        {"kind": "reconcile", "by": "website", "on": "default/front"},
        write(SECRET, "CREATED"),
        write(SECRET, "DELETED", by="user"),
        violation(),
        end({}, {SECRET: {"type": "x"}}),
    )
    assert found.what == "never creates Secret"
    assert "nothing woke it" in found.text


def test_a_wrong_value_blames_who_set_it_last() -> None:
    found = blamed(
        write(SECRET, "CREATED"),
        write(SECRET, "UPDATED", changed=["data.a: 1 -> 2"]),
        write(SECRET, "UPDATED", changed=["metadata.labels: None -> {}"]),
        violation(),
        end({SECRET: {"data.a": 2}}, {SECRET: {"data.a": 1}}),
    )
    assert (found.step, found.what) == (2, "update Secret")


def test_what_should_have_gone_after_a_users_edit_is_a_missing_delete() -> None:
    found = blamed(
        {"kind": "reconcile", "by": "website", "on": "default/front"},
        write(SECRET, "CREATED"),
        write("Website/default/front", "UPDATED", by="user"),
        violation(),
        end({SECRET: {"type": "x"}}, {}),
    )
    assert found.what == "never deletes Secret"


def test_who_lets_an_owner_go_before_its_item_is_to_blame_for_the_leak() -> None:
    found = blamed(
        write("Website/default/front", "CREATED", by="user", value={"metadata": {"uid": "u1"}}),
        {
            "kind": "external", "by": "cloud", "peer": "website", "on": "ext-1", "verb": "create", "phase": "effect",
            "body": {"owner": "u1"},
        },
        write("Website/default/front", "DELETED"),
        violation("no_orphan_or_leak"),
    )  # fmt: skip
    assert found.step == 3
    assert "nobody was left to delete it" in found.text


def test_a_panic_is_the_wrong_act() -> None:
    crash = {"kind": "crash", "by": "website", "panic": "KeyError: 'uid'"}
    found = blamed(crash, violation("no_panic", cause=[1]))
    assert (found.what, found.text) == ("panic", "`website` panicked: KeyError: 'uid'.")


def test_what_goes_round_blames_the_last_write_of_the_round() -> None:
    rounds = [write(SECRET, "UPDATED", changed=[f"data.a: {n} -> {1 - n}"]) for n in (0, 1, 0, 1)]
    assert blamed(*rounds, violation("no_livelock", objects=[SECRET])).step == 4


def fight(*, behind: int) -> list[dict[str, Any]]:
    """Two copies take turns at the Secret; the passes of copy number `behind` (0 or 1) go by an old Website."""
    site, out = "Website/default/front", []
    for turn in range(4):
        who, step = f"website-{turn % 2}", 4 + 3 * turn  # the step of this turn's `reconcile`
        heard = 2 if turn % 2 == behind else 3
        out += [
            {"kind": "reconcile", "by": who, "on": "default/front"},
            {"kind": "request", "by": who, "on": SECRET, "method": "update", "reconcile": step, "cause": [step, heard]},
            write(SECRET, "UPDATED", by=who, changed=[f"data.a: {turn % 2} -> {1 - turn % 2}"], cause=[step + 1]),
        ]
    news = [{"kind": "event", "by": "w", "on": site, "revision": revision} for revision in (7, 8)]
    return [write(site, "UPDATED", by="user", revision=8), *news, *out]


@pytest.mark.parametrize(("behind", "step"), [(0, 12), (1, 15)])
def test_of_two_that_fight_the_one_who_goes_by_the_past_is_to_blame(behind: int, step: int) -> None:
    note = {"kind": "note", "under_test": ["website-0", "website-1"]}
    trace = trace_of(note, *fight(behind=behind), violation("no_alternation", objects=[SECRET]))
    for event in trace.events:
        event.resource_version = event.data.pop("revision", None)
    assert run_of(trace).blame.step == step


def test_a_users_act_is_never_the_wrong_write() -> None:
    assert blamed(write(SECRET, "UPDATED", by="user"), violation("one_holder_per_lease", cause=[1])) == Blame()


def test_what_runs_outside_is_blamed_on_who_made_it_not_on_who_made_it_seen() -> None:
    makes = {"kind": "external", "by": "containers", "peer": "website", "on": "uid-1", "verb": "create"}
    found = blamed(
        {**makes, "phase": "effect"},
        write("Pod/default/db-0", "UPDATED", by="user"),
        violation("one_runner_per_identity", cause=[2]) | {"reason": "runs 2 times at once: uid uid-1 on node-0"},
    )
    assert (found.step, found.what) == (1, "create containers")


def test_what_was_right_until_users_did_more_is_a_missing_write() -> None:
    found = blamed(
        {"kind": "reconcile", "by": "website", "on": "default/front"},
        write(SECRET, "UPDATED", changed=["data.a: 1 -> 2"]),
        write("Website/default/other", "DELETED", by="user"),
        violation(),
        end({SECRET: {"data.a": 2}}, {SECRET: {"data.a": 1}}),
    )
    assert (found.what, found.missing) == ("never updates Secret", True)


@pytest.mark.parametrize(("restarts_at", "what"), [(4, "never updates Secret"), (2, "update Secret")])
def test_what_was_written_before_the_weather_came_is_not_what_is_wrong(restarts_at: int, what: str) -> None:
    """A crash that a fault announces strikes when it comes."""
    events = [
        {"kind": "fault", "by": "website", "name": "time_travel", "action": {"do": "x", "crash_after_s": 2.0}},
        {"kind": "reconcile", "by": "website", "on": "default/front"},
        write(SECRET, "UPDATED", changed=["data.a: 1 -> 2"]),
    ]
    events.insert(restarts_at - 1, {"kind": "crash", "by": "website", "cause": [1]})
    ours, fair = {SECRET: {"data.a": 2}}, {SECRET: {"data.a": 1}}
    assert blamed(*events, violation(), end(ours, fair)).what == what


def test_a_finalizer_that_fair_weather_ends_without_was_never_taken_off() -> None:
    path = "metadata.finalizers[0]"
    found = blamed(
        {"kind": "reconcile", "by": "website", "on": "default/front"},
        write(SECRET, "UPDATED", changed=["metadata.finalizers: None -> ['f']"]),
        violation(),
        end({SECRET: {path: "f", "type": "x"}}, {SECRET: {"type": "x"}}),
    )
    assert (found.what, found.missing) == ("never lets go of Secret", True)


def test_who_takes_anothers_finalizer_off_a_living_object_is_to_blame_for_the_leak() -> None:
    front = "Website/default/front"
    values = [{"metadata": {"uid": "u1", "finalizers": finalizers}} for finalizers in (["a", "b"], ["b"])]
    found = blamed(
        write(front, "CREATED", by="user", value=values[0]),
        {"kind": "external", "by": "cloud", "peer": "website", "on": "ext-1", "verb": "create", "phase": "effect",
         "body": {"owner": "u1"}},
        write(front, "UPDATED", value=values[1]),
        write(front, "DELETED"),
        violation("no_orphan_or_leak"),
    )  # fmt: skip
    assert found.step == 3
    assert "took the finalizer a off Website default/front, which nobody was deleting yet" in found.text


def test_a_hot_loop_of_refused_requests_blames_the_last_of_them() -> None:
    passes = [
        event
        for step in (2, 5)
        for event in (
            {"kind": "reconcile", "by": "website", "on": "default/a"},
            {"kind": "request", "by": "website", "on": "Pod/default/a", "verb": "BIND", "method": "create",
             "subresource": "binding", "reconcile": step, "cause": [step]},
            {"kind": "reply", "by": "website", "on": "Pod/default/a", "error": "Conflict", "cause": [step + 1]},
        )
    ]  # fmt: skip
    hot = violation("no_hot_loop") | {"reason": "website reconciled default/a 40 times within 1 s"}
    found = blamed(write("Pod/default/a", "BOUND"), *passes, hot)
    assert found.step == 6
    assert found.text == (
        "`website` sent a bind of Pod default/a, answered with Conflict, in the last of 2 passes on default/a."
    )


def test_a_status_that_lags_behind_is_a_write_that_never_came() -> None:
    front = "Website/default/front"
    found = blamed(write(front, "UPDATED"), violation("observed_generation_catches_up", objects=[front]))
    assert (found.what, found.missing) == ("never updates Website", True)


def test_one_deletion_too_many_blames_the_deletion_and_not_the_repair() -> None:
    found = blamed(
        write(SECRET, "DELETED"), write(SECRET, "CREATED"), violation("deletes_as_in_fair_weather", objects=[SECRET])
    )
    assert (found.step, found.what) == (1, "delete Secret")


def test_a_pod_that_never_gets_its_node_was_never_bound() -> None:
    pod, path = "Pod/default/a", "status.conditions[PodScheduled].status"
    found = blamed(violation(), end({pod: {"type": "x"}}, {pod: {"type": "x", path: "True"}}))
    assert found.what == "never binds Pod"


def test_a_pass_whose_request_was_refused_did_not_write() -> None:
    found = blamed(
        {"kind": "reconcile", "by": "website", "on": "default/front"},
        {"kind": "request", "by": "website", "on": SECRET, "method": "create", "reconcile": 1, "cause": [1]},
        {"kind": "reply", "by": "website", "on": SECRET, "error": "AlreadyExists", "cause": [2]},
        violation(),
        end({}, {"Pod/default/a": {"type": "x"}}),
    )
    assert "was refused its create of Secret default/a: AlreadyExists" in found.text


def test_what_a_pass_asked_of_an_outside_system_is_told_as_asked() -> None:
    found = blamed(
        {"kind": "reconcile", "by": "website", "on": "default/front"},
        {"kind": "external", "by": "website", "peer": "cloud", "on": "ext-1", "verb": "delete", "phase": "call",
         "cause": [1]},
        violation(),
        end({}, {SECRET: {"type": "x"}}),
    )  # fmt: skip
    assert found.text.endswith("asked the outside system `cloud` to delete ext-1.")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_two_faults_at_most_are_named(count: int) -> None:
    storm = [{"kind": "fault", "by": "website", "name": "latency"} for _ in range(count)]
    assert len(blamed(*storm, write(SECRET, "DELETED"), violation(cause=[count + 1])).faults) == min(count, 2)


def test_of_many_faults_those_nearest_to_the_wrong_write_are_named() -> None:
    found = blamed(
        {"kind": "fault", "by": "website", "name": "crash"},
        {"kind": "fault", "by": "other", "name": "latency"},
        {"kind": "fault", "by": "other", "name": "latency"},
        {"kind": "crash", "by": "website", "cause": [1]},
        {"kind": "restart", "by": "website", "cause": [4]},
        {"kind": "request", "by": "website", "on": SECRET, "method": "delete", "cause": [5]},
        write(SECRET, "DELETED", cause=[6]),
        violation(cause=[7]),
    )
    assert found.faults == (1, 3)


def test_without_a_violation_nobody_is_to_blame() -> None:
    assert blamed(write(SECRET, "CREATED")) == Blame()


def test_of_a_trace_from_disk_the_same_is_said() -> None:
    trace = trace_of(NOTE, write(SECRET, "DELETED"), violation(cause=[1]))
    assert run_of(Trace.from_jsonl(trace.to_jsonl())).blame == run_of(trace).blame


def test_an_older_trace_is_read_by_the_reason_of_its_violation() -> None:
    begun = {"kind": "reconcile", "by": "website", "on": "default/front"}
    assert blamed(begun, violation() | {"reason": "Secret default/a is missing"}).what == "never creates Secret"
    stayed = violation() | {"reason": "Secret default/a should not exist (fair weather has none)"}
    user = write("Website/default/front", "UPDATED", by="user")
    assert blamed(begun, write(SECRET, "CREATED"), user, stayed).what == "never deletes Secret"


def test_where_nobody_under_test_did_anything_that_is_what_is_wrong() -> None:
    found = blamed(write(SECRET, "CREATED", by="user"), violation(objects=[SECRET]))
    assert (found.missing, found.text) == (True, "`website` never puts it right.")
