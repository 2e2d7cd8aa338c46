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
