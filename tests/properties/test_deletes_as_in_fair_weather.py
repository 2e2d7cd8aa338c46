"""Tests of the opt-in claim that nothing is taken down and made again on the way."""

from properties.deletes_as_in_fair_weather import DeletesAsInFairWeather
from tests.properties.fake_view import FakeView, make

PROPERTY = DeletesAsInFairWeather()
PROXY = make("ConfigMap", "proxy")


def a_run(times: int = 1) -> FakeView:
    """The proxy is made, and in between deleted, so many times."""
    view = FakeView()
    view.starts("operator")
    view.create(PROXY, by="operator")
    for _ in range(times - 1):
        view.delete(PROXY, by="operator")
        view.create(PROXY, by="operator")
    view.usual_counts = {"ConfigMap/default/proxy": (1, 0), "Secret/default/never-made": (1, 0)}
    return view


def test_before_rest_or_without_a_fair_weather_run_it_proves_nothing() -> None:
    assert PROPERTY.judge(a_run(2)).verdict == "unknown"
    view = a_run(2)
    view.usual_counts = None
    assert PROPERTY.judge(view.rests()).verdict == "unknown"


def test_the_same_counts_hold_and_roles_of_one_run_only_are_not_compared() -> None:
    view = a_run()
    view.create(make("Pod", "web-x7k2p"), by="operator")
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_something_made_anew_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_run(2).rests())
    assert judgement.verdict == "violated"
    assert judgement.reason == ("ConfigMap/default/proxy was created 2 and deleted 1 times, in fair weather 1 and 0")


def test_what_goes_with_its_owner_may_come_and_go() -> None:
    for usual in ((1, 1), (2, 1)):
        view = a_run(3)
        view.usual_counts = {"ConfigMap/default/proxy": usual}
        assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_what_a_user_deleted_may_be_made_again() -> None:
    view = a_run()
    view.delete(PROXY)
    view.create(PROXY, by="operator")
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_interchangeable_objects_are_not_judged() -> None:
    view, pod = a_run(), make("Pod", "* of web")
    view.usual_counts = {"Pod/default/* of web": (1, 0)}
    view.create(pod, by="operator")
    view.delete(pod, by="operator")
    view.create(pod, by="operator")
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_weather_that_takes_things_away_voids_it() -> None:
    view = a_run(2)
    view.fired = ["owned_deleted"]
    assert PROPERTY.judge(view.rests()).verdict == "unknown"
