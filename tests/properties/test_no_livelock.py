"""Tests of the claim that a world does not go round in circles."""

from properties.no_livelock import NoLivelock
from tests.properties.fake_view import FakeView, make

PROPERTY = NoLivelock()


def a_quarrel(rounds: int) -> FakeView:
    """Two controllers undo each other's work."""
    view = FakeView()
    view.starts("website")
    view.starts("scaler")
    front = view.create(make("Deployment", "front", spec={"replicas": 1}))
    for number in range(rounds):
        front = view.update(front, by="scaler", spec={"replicas": 2}, metadata={"generation": 2 * number})
        front = view.update(front, by="website", spec={"replicas": 1}, metadata={"generation": 2 * number + 1})
    view.phase, view.change, view.request = "end", None, None
    return view


def test_before_the_end_it_proves_nothing() -> None:
    view = a_quarrel(5)
    view.phase = "commit"
    assert PROPERTY.judge(view).verdict == "unknown"


def test_a_world_at_rest_holds() -> None:
    assert PROPERTY.judge(a_quarrel(5).rests()).verdict == "holds"


def test_a_state_that_keeps_coming_back_is_shown() -> None:
    judgement = PROPERTY.judge(a_quarrel(5))
    assert judgement.verdict == "violated"
    assert "scaler and website" in judgement.reason
    assert "spec.replicas: 1 -> 2" in judgement.reason
    assert "2 change(s)" in judgement.reason


def test_children_that_are_made_and_deleted_under_new_names_are_a_circle_too() -> None:
    view = FakeView(phase="end")
    view.starts("website")
    for number in range(4):
        pod = make("Pod", f"front-{number}", generateName="front-", creationTimestamp=f"2024-01-01T00:00:0{number}Z")
        view.delete(view.create(pod, by="website"), by="website")
    view.phase, view.change = "end", None
    assert PROPERTY.judge(view).verdict == "violated"


def test_one_return_is_no_proof_and_progress_is_none_at_all() -> None:
    assert PROPERTY.judge(a_quarrel(1)).verdict == "unknown"
    view = FakeView()
    view.starts("website")
    front = view.create(make("Deployment", "front", spec={"replicas": 0}))
    for number in range(1, 9):
        front = view.update(front, by="website", spec={"replicas": number})
    view.phase, view.change = "end", None
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "unknown"
    assert "still changing" in judgement.reason


def test_a_users_changes_are_not_part_of_a_circle() -> None:
    view = a_quarrel(1)
    for _ in range(3):
        view.update(view.objects()[0], by="user", spec={"replicas": 2})
        view.update(view.objects()[0], by="user", spec={"replicas": 1})
    view.phase, view.change = "end", None
    assert PROPERTY.judge(view).verdict == "unknown"


def test_many_objects_that_each_catch_up_with_their_generation_once_go_round_in_no_circle() -> None:
    view = FakeView()
    view.starts("website")
    made = [view.create(make("Deployment", f"front-{number}", spec={"replicas": 1})) for number in range(5)]
    for one in made:
        view.update(one, by="website", status={"observedGeneration": 1})
    view.phase, view.change = "end", None
    assert PROPERTY.judge(view).verdict == "unknown"


def test_one_object_that_is_written_again_and_again_with_another_time_goes_round_in_a_circle() -> None:
    view = FakeView()
    view.starts("website")
    front = view.create(make("Deployment", "front", spec={"replicas": 1}))
    for number in range(5):
        front = view.update(front, by="website", status={"seen": f"2024-01-01T00:00:0{number}Z"})
    view.phase, view.change = "end", None
    assert PROPERTY.judge(view).verdict == "violated"
