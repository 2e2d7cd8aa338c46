"""Tests of the opt-in claim that nobody keeps rewriting what users wrote."""

from properties.generation_follows_users import GenerationFollowsUsers
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = GenerationFollowsUsers()


def a_world(maker: str = "user") -> tuple[FakeView, JsonObject]:
    view = FakeView()
    view.starts("runner")
    view.starts("runner-1", instance=1)
    view.starts("autoscaler", under_test=False)
    return view, view.create(make("Runner", "ci", api_version="example.com/v1", generation=1), by=maker)


def spec_writes(view: FakeView, obj: JsonObject, count: int, by: str = "runner") -> str:
    for _ in range(count):
        generation = next(iter(view.stored.values()))["metadata"]["generation"] + 1
        view.update(obj, by=by, metadata={"generation": generation}, spec={"image": f"runner:{generation}"})
    return PROPERTY.judge(view).verdict


def test_users_and_built_in_components_prove_nothing() -> None:
    view, runner = a_world()
    assert spec_writes(view, runner, 5, by="user") == "unknown"
    assert spec_writes(view, runner, 9, by="autoscaler") == "unknown"


def test_two_writes_after_each_of_a_users_hold() -> None:
    view, runner = a_world()
    for _ in range(3):
        assert spec_writes(view, runner, 2) == "holds"
        spec_writes(view, runner, 1, by="user")


def test_more_than_that_is_a_violation_that_names_what_changed() -> None:
    view, runner = a_world()
    assert spec_writes(view, runner, 3) == "violated"
    reason = PROPERTY.judge(view).reason
    assert reason.startswith("runner wrote the spec of Runner default/ci 3 times after its users had written it last")
    assert "spec.image" in reason


def test_copies_count_as_one() -> None:
    view, runner = a_world()
    spec_writes(view, runner, 2)
    assert spec_writes(view, runner, 1, by="runner-1") == "violated"


def test_what_the_controllers_made_is_theirs() -> None:
    view, runner = a_world(maker="runner")
    assert spec_writes(view, runner, 5) == "holds"


def test_statuses_labels_and_deletions_are_no_spec_writes() -> None:
    view, runner = a_world()
    spec_writes(view, runner, 2)
    view.update(runner, by="runner", status={"ready": True})
    assert PROPERTY.judge(view).verdict == "holds"
    view.stored[next(iter(view.stored))]["metadata"]["generation"] += 1
    view.mark_deleting(runner, by="runner")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_controller_may_be_given_more_room() -> None:
    view, runner = a_world()
    spec_writes(view, runner, 3)
    assert GenerationFollowsUsers(most_count=3).judge(view).verdict == "holds"
