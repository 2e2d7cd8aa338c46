import pytest

from seatrial.sights import SIGHTS, Sight, lines, look, schedule_with, trace_of


def sight(seen: tuple[tuple[int, float], ...], *, legal: bool = True) -> Sight:
    committed = ((1, 5.0), (2, 6.0), (3, 7.0))
    return Sight(what="delayed", fault="watch_lag", legal=legal, obliged=legal, committed=committed, seen=seen)


@pytest.mark.parametrize(
    ("seen", "struck"),
    [
        (((1, 5.0), (2, 6.0), (3, 7.0)), False),
        (((1, 5.0), (2, 11.0), (3, 11.0)), True),
        (((1, 5.0), (3, 7.0)), True),
        (((1, 5.0), (2, 6.0), (2, 6.0), (3, 7.0)), True),
    ],
)
def test_a_fault_struck_if_something_else_was_seen(seen: tuple[tuple[int, float], ...], struck: bool) -> None:
    assert sight(seen).struck is struck


def test_hostile_weather_is_labelled_in_its_line() -> None:
    assert "HOSTILE" in lines([sight((), legal=False)])[1]


@pytest.mark.slow
def test_without_weather_everything_is_seen_at_once_and_in_order() -> None:
    calm = {**schedule_with("watch_lag", {}), "weather": []}
    kinds = [event.kind for event in trace_of(calm).events if event.object == "ConfigMap/default/page"]
    assert kinds.count("commit") == 3
    assert kinds.count("event") == 3


@pytest.mark.slow
def test_each_of_the_four_changes_what_is_seen() -> None:
    seen = {sight.what: [version for version, _ in sight.seen] for sight in look()}
    assert seen == {
        "delayed": [1, 2, 3],
        "reordered": [1, 3, 2],
        "duplicated": [1, 2, 2, 3],
        "dropped": [1, 3],
    }
    assert all(sight.struck for sight in look())


@pytest.mark.slow
def test_only_the_delay_is_legal() -> None:
    assert {sight.what for sight in look() if sight.legal} == {SIGHTS[0][0]}
