"""Tests of what fair weather is asked for besides its end state: how much was made, and how long it took."""

from harness.example import Example
from harness.fair_weather_reference import agreed_counts
from harness.session import Session
from harness.trial import Trial
from reference_impl.zoo import ZOO

_ORDERS_PROXY = {"name": "orders-proxy", "namespace": "default"}
PROXY = "ConfigMap/default/orders-proxy"
DATABASE = "Database.zoo.seatrial.dev/default/orders"


def _session() -> Session:
    entry = next(entry for entry in ZOO if entry.id == "proxy-from-the-past")
    return Session(Trial([entry.wrong], entry.manifests, **entry.trial_options))


def test_counts_are_of_all_that_came_and_went_by_role() -> None:
    session = _session()
    workload = session.workloads[0]
    with Example(session.plan, reference=session.fair_weather.reference(workload)) as example:
        for action in workload:
            example.act(action)
        view = example.world.judge.view
        assert view.healed_s is None
        usual = view.fair_weather_counts()
        assert usual is not None
        assert usual[PROXY] == usual[DATABASE] == view.commit_counts()[PROXY] == (1, 0)
        example.act({"do": "delete", "api_version": "v1", "kind": "ConfigMap", **_ORDERS_PROXY})
        example.act({"do": "sleep", "seconds": 5})
        assert view.commit_counts()[PROXY] == (2, 1)
        assert view.commit_counts()[DATABASE] == (1, 0)
        example.world.heal()
        assert view.healed_s == example.world.network.now_s


def test_fair_weather_says_how_long_it_took_after_the_last_action() -> None:
    session = _session()
    reference = session.fair_weather.reference(session.workloads[0])
    assert reference is not None
    assert 0.0 <= reference.took_s < 1.0


def test_a_role_that_runs_count_differently_is_left_out() -> None:
    assert agreed_counts([{"a": (1, 0), "b": (1, 0), "c": (1, 0)}, {"a": (1, 0), "b": (2, 1)}]) == {"a": (1, 0)}


def test_without_a_reference_there_are_no_figures() -> None:
    with Example(_session().plan) as example:
        view = example.world.judge.view
        assert view.fair_weather_counts() is None
        assert view.fair_weather_s() is None
