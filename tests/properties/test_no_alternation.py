"""Tests of the claim that no field goes to and fro."""

from typing import Any

from properties.no_alternation import NoAlternation
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


def swing(view: FakeView, times: int, *, key: str = "backend", first: int = 0) -> None:
    """The two write green and blue, by turns: all but the first write go back."""
    for number in range(first, first + times):
        data = {key: ("green", "blue")[number % 2]}
        view.update(TABLE, by=("routes", "routes-1")[number % 2], data=data)


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
        view.update(TABLE, by="routes", data={"backend": str(number)})
    assert verdict(view) == "holds"
    for number in range(20):
        view.update(TABLE, by="routes", data={"backend": "abc"[number % 3]})
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
        view.update(member, by="routes", status={"done": True})
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
        view.update(other, by="routes", data={"a": number % 2}, status={"lastTransitionTime": str(number)})
    assert verdict(view) == "violated"


def test_a_writer_that_restarts_has_to_find_its_way() -> None:
    view = a_table()
    for number in range(10):
        view.restarts(("routes", "routes-1")[number % 2])
        swing(view, 1, first=number)
    assert verdict(view) == "holds"


def test_labels_and_annotations_count_and_a_status_does_not() -> None:
    for part in ("labels", "annotations"):
        view = a_table()
        for number in range(6):
            view.update(TABLE, by="routes", metadata={part: {"turn": "ab"[number % 2]}})
        assert verdict(view) == "violated"
    view = a_table()
    statuses: list[dict[str, Any]] = [{"ready": 1}, {"ready": 2}]
    for number in range(20):
        view.update(TABLE, by="routes", status=statuses[number % 2])
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
