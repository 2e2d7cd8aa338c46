"""Tests of the claim that nobody writes the past over the present."""

import pytest

from harness.contract import ObjectRef
from properties.never_regresses_to_an_older_spec import NeverRegressesToAnOlderSpec
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = NeverRegressesToAnOlderSpec()


def a_world(
    kind: str = "StatefulSet", sizes: tuple[int, int] = (3, 5), first: JsonObject | None = None
) -> tuple[FakeView, JsonObject, JsonObject]:
    """The operator followed both specs (`first`: its answer to the first one); its second life has so far seen that."""
    view = FakeView()
    view.starts("operator")
    view.starts("autoscaler")
    old = view.create(make("Website", "front", api_version="example.com/v1", generation=1, spec={"size": sizes[0]}))
    view.sees("operator", old)
    child = make(kind, "db", api_version="apps/v1", owner=old, spec=first or {"replicas": sizes[0], "image": "db:1"})
    view.create(child, by="operator")
    new = view.update(old, metadata={"generation": 2}, spec={"size": sizes[1]})
    view.sees("operator", new)
    child = view.update(child, by="operator", spec={"replicas": sizes[1], "image": "db:1"})
    view.restarts("operator")
    view.sees("operator", old)
    # The fake view forgets with the restart what the first life knew; the harness does not.
    view.seen["operator"].insert(0, new)
    return view, old, child


def scaled(view: FakeView, child: JsonObject, replicas: int, by: str = "operator") -> FakeView:
    view.update(child, by=by, spec={"replicas": replicas, "image": "db:1"})
    return view


def test_what_users_write_proves_nothing_and_a_create_holds() -> None:
    view, old, child = a_world()
    assert PROPERTY.judge(scaled(view, child, 3, by="user")).verdict == "unknown"
    view.create(make("ConfigMap", "new", owner=old), by="operator")
    assert PROPERTY.judge(view).verdict == "holds"


def test_scaling_a_stateful_set_down_to_an_old_size_is_a_violation() -> None:
    view, _, child = a_world()
    judgement = PROPERTY.judge(scaled(view, child, 3))
    assert judgement.verdict == "violated"
    assert "from 5 to 3 on the word of an old spec of Website default/front" in judgement.reason
    assert [ref.kind for ref in judgement.objects] == ["StatefulSet", "Website"]


def test_what_heals_by_itself_is_a_warning() -> None:
    view, _, child = a_world(kind="Deployment")
    assert PROPERTY.judge(scaled(view, child, 3)).verdict == "warned"
    view, _, child = a_world(sizes=(5, 3))
    assert PROPERTY.judge(scaled(view, child, 5)).verdict == "warned"


def test_a_size_that_is_taken_away_again_is_no_scaling_down() -> None:
    view, _, child = a_world(first={"image": "db:1"})
    view.update(child, by="operator", spec={"image": "db:1"})
    assert PROPERTY.judge(view).verdict == "warned"


def test_a_live_read_of_the_owner_covers_it() -> None:
    view, old, child = a_world()
    view.live_reads["operator", ObjectRef.to(old)] = view.revision
    assert PROPERTY.judge(scaled(view, child, 3)).verdict == "holds"


def test_a_value_that_no_spec_had_asked_for_is_no_step_back() -> None:
    view, _, child = a_world()
    assert PROPERTY.judge(scaled(view, child, 2)).verdict == "holds"


def test_who_knows_the_present_spec_may_scale_down() -> None:
    view, old, child = a_world()
    view.sees("operator", view.stored[ObjectRef.to(old)])
    assert PROPERTY.judge(scaled(view, child, 3)).verdict == "holds"


def test_a_size_that_another_writer_chose_is_not_judged() -> None:
    view, _, child = a_world()
    child = view.update(child, by="autoscaler", spec={"replicas": 7, "image": "db:1"})
    assert PROPERTY.judge(scaled(view, child, 3)).verdict == "holds"


@pytest.mark.parametrize("generation", [3, 4])
def test_a_spec_that_no_life_ever_saw_voids_it(generation: int) -> None:
    view, old, child = a_world()
    view.update(old, metadata={"generation": generation}, spec={"size": 3})
    assert PROPERTY.judge(scaled(view, child, 3)).verdict == "holds"


def test_an_owner_on_its_way_out_may_let_go() -> None:
    view, old, child = a_world()
    view.mark_deleting(old)
    assert PROPERTY.judge(scaled(view, child, 3)).verdict == "holds"
