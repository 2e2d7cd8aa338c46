"""Tests of the claim that no field goes to and fro."""

from dataclasses import replace
from typing import Any

import pytest

from harness.contract import ReconcileRecord
from properties.no_alternation import NoAlternation
from reference_impl.protocol import ApiRequest, JsonObject
from tests.properties.fake_view import FakeView, TrialFake, make

PROPERTY = NoAlternation(returns_most=3)
TABLE = make("ConfigMap", "table")


class VolatileTrial(TrialFake):
    volatile = ("ConfigMap.data.backend",)


def a_table() -> FakeView:
    view = FakeView()
    view.starts("routes")
    view.starts("routes-1")
    view.starts("garbage-collector", under_test=False)
    view.create({**TABLE, "data": {"backend": "blue"}}, by="routes")
    return view


def write(view: FakeView, obj: JsonObject, by: str, *, reconcile: int | None = 1, **parts: Any) -> None:
    """A change from a pass (`reconcile` None: from no pass), a second after the last one."""
    view.now_s += 1.0
    command = ApiRequest(verb="update", api_version="v1", kind=obj["kind"], name=obj["metadata"]["name"])
    view.update(obj, by=by, sent=view.sends(by, command, reconcile=reconcile), **parts)


def ends(view: FakeView, outcome: str, error: str | None = None, *, writes: int = 1, started_s: float = -0.5) -> None:
    """A pass of the first copy ends, half a second after the last change; it began `started_s` after that."""
    record = ReconcileRecord(
        controller="routes",
        namespace="default",
        name="table",
        started_s=view.now_s + started_s,
        finished_s=view.now_s + 0.5,
        outcome=outcome,
        error=error,
        incarnation=0,
        writes=writes,
    )
    view.passes.append(record)


def swing(view: FakeView, times: int, *, key: str = "backend", first: int = 0, reconcile: int | None = 1) -> None:
    """The two write green and blue, by turns: all but the first write go back."""
    for number in range(first, first + times):
        data = {key: ("green", "blue")[number % 2]}
        write(view, TABLE, ("routes", "routes-1")[number % 2], reconcile=reconcile, data=data)


def verdict(view: FakeView) -> str:
    return PROPERTY.judge(view.rests()).verdict


def test_a_world_in_which_they_did_nothing_or_that_does_not_rest_proves_nothing() -> None:
    view = FakeView()
    view.starts("routes")
    view.create(TABLE)
    assert verdict(view) == "unknown"
    assert PROPERTY.judge(a_table()).verdict == "unknown"


def test_a_few_returns_hold_and_one_more_is_a_violation() -> None:
    view = a_table()
    swing(view, 4)
    assert verdict(view) == "holds"
    swing(view, 1, first=4)
    judgement = PROPERTY.judge(view.rests())
    assert judgement.verdict == "violated"
    assert "data.backend of ConfigMap default/table went back 4 times" in judgement.reason
    assert judgement.key == "ConfigMap routes and routes-1"


def test_values_that_go_on_are_no_alternation() -> None:
    view = a_table()
    for number in range(20):
        write(view, TABLE, "routes", data={"backend": str(number)})
    assert verdict(view) == "holds"
    for number in range(20):
        write(view, TABLE, "routes", data={"backend": "abc"[number % 3]})
    assert verdict(view) == "holds"


def test_what_users_weather_and_others_do_is_a_reason_to_change_ones_mind() -> None:
    for somebody in ("user", "garbage-collector"):
        view = a_table()
        for number in range(20):
            swing(view, 1, first=number)
            view.create(make("Secret", str(number)), by=somebody)
        assert verdict(view) == "holds"


def test_so_is_whatever_they_achieve_elsewhere_meanwhile() -> None:
    """A switch that is set and taken back for each of many members."""
    view = a_table()
    members = [make("ConfigMap", f"member-{number}") for number in range(20)]
    for member in members:
        view.create(member)
    for number, member in enumerate(members):
        swing(view, 1, first=number)
        write(view, member, "routes", status={"done": True})
    assert verdict(view) == "holds"
    for number in range(20):
        swing(view, 1, first=number)
        view.create(make("Secret", str(number)), by="routes")
    assert verdict(view) == "holds"


def test_what_goes_to_and_fro_elsewhere_or_tells_the_time_is_no_achievement() -> None:
    view = a_table()
    other = make("ConfigMap", "other")
    view.create(other, by="routes")
    for number in range(8):
        swing(view, 1, first=number)
        write(view, other, "routes", data={"a": number % 2}, status={"lastTransitionTime": str(number)})
    assert verdict(view) == "violated"


def test_a_writer_that_restarts_has_to_find_its_way() -> None:
    view = a_table()
    for number in range(10):
        view.restarts(("routes", "routes-1")[number % 2])
        swing(view, 1, first=number)
    assert verdict(view) == "holds"


REFUSED = "Forbidden: routes may not create secrets"
LOST = "Conflict: the object has been modified"


def swing_in_passes(view: FakeView, outcome: str, error: str | None = None, *, writes: int = 1) -> str:
    for number in range(20):
        swing(view, 1, first=number)
        ends(view, outcome, error, writes=writes)
    return verdict(view)


@pytest.mark.parametrize(
    ("outcome", "error"), [("error", REFUSED), ("terminal", "Terminal: no"), ("requeue_after", None), ("requeue", None)]
)
def test_a_pass_that_did_not_simply_end_well_is_a_reason(outcome: str, error: str | None) -> None:
    """A mark is set, something is refused, and the mark is cleared, again and again."""
    assert swing_in_passes(a_table(), outcome, error) == "holds"
    assert swing_in_passes(a_table(), "done") == "violated"


def test_a_lost_race_is_one_only_if_its_pass_had_written_something() -> None:
    assert swing_in_passes(a_table(), "error", LOST, writes=0) == "violated"
    assert swing_in_passes(a_table(), "error", LOST) == "holds"


def test_one_long_pass_that_fails_at_last_covers_all_that_was_written_meanwhile_and_nothing_after_it() -> None:
    view = a_table()
    swing(view, 20)
    ends(view, "error", REFUSED, started_s=-19.5)
    ends(view, "error", REFUSED)
    assert verdict(view) == "holds"
    swing(view, 6)
    assert verdict(view) == "violated"


def test_one_that_is_still_at_it_is_no_reason() -> None:
    view = a_table()
    swing(view, 20)
    ends(view, "error", REFUSED, started_s=-30.0)
    view.passes = [replace(record, finished_s=None, outcome=None) for record in view.passes]
    assert verdict(view) == "violated"


def test_of_writes_from_no_pass_nobody_knows_what_else_failed() -> None:
    view = a_table()
    swing(view, 20, reconcile=None)
    assert verdict(view) == "holds"


def test_labels_and_annotations_count_and_a_status_does_not() -> None:
    for part in ("labels", "annotations"):
        view = a_table()
        for number in range(6):
            write(view, TABLE, "routes", metadata={part: {"turn": "ab"[number % 2]}})
        assert verdict(view) == "violated"
    view = a_table()
    statuses: list[dict[str, Any]] = [{"ready": 1}, {"ready": 2}]
    for number in range(20):
        write(view, TABLE, "routes", status=statuses[number % 2])
    assert verdict(view) == "holds"


def test_volatile_fields_and_a_drifting_outside_are_left_out() -> None:
    view = a_table()
    view.trial = VolatileTrial()
    swing(view, 10)
    assert verdict(view) == "holds"
    swing(view, 10, key="other")
    assert verdict(view) == "violated"
    view = a_table()
    swing(view, 10)
    view.fired = ["external_drift"]
    assert verdict(view) == "unknown"


def test_it_says_so_though_it_has_ended_long_ago() -> None:
    view = a_table()
    swing(view, 10)
    view.create(make("Secret", "tls"))
    assert verdict(view) == "violated"
