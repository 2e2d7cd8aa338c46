"""Claims about what was delivered blame an event or an answer, or nobody: never what a controller wrote last."""

from pathlib import Path
from typing import Any

import pytest

from harness.trace import Trace
from reports.blame import Blame
from reports.narrative import sentences
from reports.run import run_of
from tests.reports.found import find
from tests.reports.traces import trace_of

WATCH = "apiserver-0's watch of Note for notes, from revision 6: "
NAME = "Note/default/a"


def told(revision: int, what: str = "MODIFIED", name: str = NAME, by: str = "apiserver-0") -> dict[str, Any]:
    return {"kind": "event", "by": "notes", "peer": by, "on": name, "type": what, "revision": revision}


def wrote(revision: int, what: str = "MODIFIED") -> dict[str, Any]:
    fact = {"MODIFIED": "UPDATED", "DELETED": "DELETED"}[what]
    return {"kind": "commit", "by": "apiserver-0", "peer": "notes", "on": NAME, "fact": fact, "type": what,
            "changed": [], "revision": revision}  # fmt: skip


def trace(claim: str, reason: str, *events: dict[str, Any]) -> Trace:
    """The violation is of `claim` on `NAME`; step 0 is a note, so `events` begin at step 1."""
    violation = {"kind": "violation", "property": claim, "reason": reason, "when": "at_rest", "objects": [NAME]}
    found = trace_of({"kind": "note", "under_test": ["notes"], "format": 2}, *events, violation)
    for event in found.events:
        event.resource_version = event.data.pop("revision", None)
    return found


def blamed(claim: str, reason: str, *events: dict[str, Any]) -> Blame:
    return run_of(trace(claim, reason, *events)).blame


def test_an_event_out_of_order_is_the_one_that_came_after_a_newer_one() -> None:
    reason = f"{WATCH}ADDED default/a at 9 came after MODIFIED default/b at 10"
    found = blamed(
        "watch_is_ordered", reason, wrote(9), told(9, by="apiserver-1"), told(10, name="Note/default/b"), told(9)
    )
    assert (found.step, found.what, found.noun, found.site) == (4, "event Note", "event", "")
    assert found.text == "`apiserver-0` told `notes` of revision 9 (ADDED of Note default/a) after revision 10."


def test_a_repeated_event_is_its_second_coming() -> None:
    found = blamed("watch_is_unique", f"{WATCH}MODIFIED default/a at 9 came twice", told(9), told(10), told(9))
    assert (found.step, found.missing) == (3, False)
    assert "a second time" in found.text


def test_an_event_from_before_the_start_is_the_wrong_one() -> None:
    reason = f"{WATCH}MODIFIED default/a at 6 came, which is not after the start"
    found = blamed("watch_is_resumable", reason, told(6), told(7), told(6))
    assert found.step == 3
    assert "though it had asked for what comes after 6" in found.text


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("watch_is_reliable", "MODIFIED default/a at 9 never came, though later changes did"),
        ("watch_is_bookmarkable", "a bookmark at 11 came before MODIFIED default/a at 9"),
    ],
)
def test_what_never_came_is_told_where_the_stream_went_on_without_it(claim: str, wrong: str) -> None:
    found = blamed(claim, WATCH + wrong, wrote(9), told(8), told(11))
    assert (found.step, found.what, found.missing) == (3, "never told of Note", True)
    assert "never told `notes` of revision 9" in found.text
    assert "after 8 came 11" in found.text


def test_a_stream_that_begins_too_late_skips_the_event_that_it_skips() -> None:
    reason = f"{WATCH}it began with MODIFIED default/a at 8 and skipped ADDED default/a at 7"
    found = blamed("watch_is_resumable", reason, told(8, "MODIFIED"))
    assert (found.step, found.missing) == (1, True)
    assert "of revision 7 (ADDED of Note default/a): its watch from 6 on began with 8" in found.text


def test_an_event_after_a_bookmark_that_had_promised_it_is_the_wrong_one() -> None:
    reason = f"{WATCH}a bookmark at 9 came before MODIFIED default/a at 9"
    found = blamed("watch_is_bookmarkable", reason, told(9))
    assert (found.step, found.missing) == (1, False)
    assert "after a bookmark that had promised 9" in found.text


CACHE = "at rest, notes's cache of Note differs from the store: Note default/a is in the cache and not in the store"


def test_a_cache_that_was_never_told_misses_that_event_after_its_commit() -> None:
    kept = trace("caches_equal_the_store", CACHE, wrote(8), told(8), wrote(9, "DELETED"))
    assert run_of(kept).blame.text == (
        "`notes` was never told of revision 9 (DELETED of Note default/a), committed at 0.000 s."
    )
    story = [line.split("s  ")[1] for line in sentences(kept)]
    assert [line[:20] for line in story[-3:]] == [
        "`notes` deleted Note",
        "<- The missing event",
        "VIOLATED caches_equa",
    ]


def test_of_a_cache_that_was_told_and_is_wrong_all_the_same_nobody_is_accused() -> None:
    assert (
        blamed("caches_equal_the_store", CACHE, wrote(8), told(8), wrote(9, "DELETED"), told(9, "DELETED")) == Blame()
    )


def test_a_read_that_goes_back_is_the_answer_that_showed_the_past() -> None:
    reason = "notes saw Note default/a at revision 8, and afterwards by list at 7, in one session"
    listed = {"kind": "reply", "by": "notes", "peer": "apiserver-0", "on": "Note/default", "verb": "list"}
    found = blamed(
        "one_sessions_reads_never_go_back",
        reason,
        {**listed, "seen": [[NAME, 7]]},
        {"kind": "reply", "by": "notes", "peer": "apiserver-0", "on": NAME, "verb": "get", "revision": 8},
        {**listed, "seen": [[NAME, 7]]},
    )
    assert (found.step, found.noun) == (3, "answer")
    assert found.text == "`apiserver-0` showed `notes` Note default/a as of revision 7, after it had seen 8."


@pytest.mark.parametrize("claim", ["watch_is_ordered", "caches_equal_the_store", "one_sessions_reads_never_go_back"])
def test_where_the_trace_does_not_say_nobody_is_accused(claim: str) -> None:
    assert blamed(claim, "in words of another version", wrote(8), told(8)) == Blame()


def test_what_an_api_server_made_of_a_users_write_is_its_own_commit() -> None:
    user = {**wrote(9), "peer": "user", "changed": ["metadata.uid: u1 -> u2"]}
    kept = trace("objects_are_well_formed", "its uid changed", wrote(8), user)
    kept.events[-1].caused_by = (2,)
    found = run_of(kept).blame
    assert (found.step, found.noun, found.site) == (2, "commit", "")
    assert found.text == "`apiserver-0` committed `user`'s update of Note default/a (metadata.uid: u1 -> u2)."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("catches-up-by-name", "event Note"),
        ("resent-init-events", "event Note"),
        ("resumes-at-the-last", "event Note"),
        ("bookmark-too-far", "event Note"),
        ("lost-in-the-cache", "never told of ConfigMap"),
        ("fresh-from-the-cache", "answer Note"),
        ("written-over-by-the-old", "commit Note"),
    ],
)
def test_of_a_wrong_plane_the_message_is_blamed_and_no_controller(entry: str, what: str, tmp_path: Path) -> None:
    bug = find(entry, tmp_path)
    found = run_of(bug.trace, claim=bug.entry.property).blame
    assert (found.what, found.site) == (what, "")
