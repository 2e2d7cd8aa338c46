"""Tests of the claim that nobody coordinates."""

from harness.contract import StreamRecord
from properties.no_coordinator import NoCoordinator, who_writes_for_whom
from tests.properties.fake_view import FakeView, make

PROPERTY = NoCoordinator()
WORKERS = ("kneads", "bakes", "delivers")


def a_world() -> FakeView:
    view = FakeView()
    for name in ("baker", *WORKERS):
        view.starts(name)
    return view


def hears(view: FakeView, component: str, kind: str) -> None:
    """The component has a watch of a kind, and has heard of everything that was written of it."""
    events = [("MODIFIED", "default", event.key[2], event.revision) for event in view.committed("v1", kind)]
    events.append(("BOOKMARK", "", "", view.revision))
    view.streams_seen.append(
        StreamRecord(
            component=component,
            incarnation=0,
            server="apiserver-0",
            api_version="v1",
            kind=kind,
            namespace=None,
            labels=None,
            fields=None,
            start_revision=1,
            initial=(),
            events=events,
            open=True,
            tampered=False,
        )
    )


def conducted(view: FakeView, worker: str) -> None:
    """The baker makes a step for a worker, hears of it, and the worker marks it as done."""
    step = view.create(make(worker.title(), "bread", spec={}), by="baker")
    view.update(step, by=worker, status={"done": True})
    hears(view, worker, worker.title())
    hears(view, "baker", worker.title())


def test_a_world_in_which_nobody_writes_for_another_proves_nothing() -> None:
    assert PROPERTY.judge(a_world().rests()).verdict == "unknown"


def test_who_commands_three_others_and_hears_from_each_is_a_coordinator() -> None:
    view = a_world()
    for worker in WORKERS[:2]:
        conducted(view, worker)
    assert PROPERTY.judge(view.rests()).verdict == "holds"
    conducted(view, WORKERS[2])
    judgement = PROPERTY.judge(view.rests())
    assert judgement.verdict == "violated"
    assert judgement.reason.startswith("baker writes Bakes for bakes, Delivers for delivers, Kneads for kneads")


def test_a_middle_is_no_coordinator_where_the_others_write_for_one_another() -> None:
    view = a_world()
    for worker in WORKERS:
        conducted(view, worker)
    hears(view, "bakes", "Kneads")
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_a_bookmark_tells_nobody_what_another_wrote() -> None:
    view = a_world()
    for worker in WORKERS:
        conducted(view, worker)
    view.update(make("Delivers", "bread", spec={}), by="delivers", status={"done": 2})
    hears(view, "kneads", "ConfigMap")
    assert PROPERTY.judge(view.rests()).verdict == "violated"


def test_built_in_components_and_users_are_not_in_the_graph() -> None:
    view = a_world()
    view.starts("garbage-collector", under_test=False)
    view.create(make("ConfigMap", "orders"), by="user")
    hears(view, "garbage-collector", "ConfigMap")
    hears(view, "kneads", "ConfigMap")
    graph = who_writes_for_whom(view.rests())
    assert (sorted(graph.nodes), list(graph.edges)) == (["baker", "bakes", "delivers", "kneads"], [])
