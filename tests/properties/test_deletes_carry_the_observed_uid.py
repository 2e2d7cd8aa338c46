"""Tests of the claim that nothing is deleted whose uid its sender never observed."""

from properties.deletes_carry_the_observed_uid import DeletesCarryTheObservedUid
from tests.properties.fake_view import FakeView, make

PROPERTY = DeletesCarryTheObservedUid()


def a_world() -> FakeView:
    """The claim `data` was deleted and made again by the user under the same name."""
    view = FakeView()
    view.starts("website")
    old = view.create(make("PersistentVolumeClaim", "data", uid="old"))
    view.sees("website", old)
    view.delete(old)
    view.create(make("PersistentVolumeClaim", "data", uid="new"))
    return view


def test_what_users_do_proves_nothing() -> None:
    assert PROPERTY.judge(a_world()).verdict == "unknown"


def test_a_delete_of_what_was_seen_holds() -> None:
    view = a_world()
    view.sees("website", view.objects()[0])
    view.delete(view.objects()[0], by="website")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_delete_by_name_of_a_namesake_is_a_violation() -> None:
    view = a_world()
    view.delete(view.objects()[0], by="website")
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert judgement.key == "PersistentVolumeClaim website"


def test_a_delete_that_only_marks_counts_too_and_the_second_mark_does_not() -> None:
    view = a_world()
    marked = view.mark_deleting(view.objects()[0], by="website")
    assert PROPERTY.judge(view).verdict == "violated"
    view.update(marked, by="website", verb="delete", metadata={"deletionGracePeriodSeconds": 0})
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_precondition_on_the_uid_is_enough() -> None:
    view = a_world()
    view.delete(view.objects()[0], by="website", precondition_uid="new")
    assert PROPERTY.judge(view).verdict == "holds"


def test_what_this_life_created_it_may_delete_but_not_what_an_earlier_life_created() -> None:
    view = a_world()
    mine = view.create(make("Secret", "tls"), by="website")
    view.delete(mine, by="website")
    assert PROPERTY.judge(view).verdict == "holds"
    mine = view.create(make("Secret", "tls", uid="tls-2"), by="website")
    view.restarts("website")
    view.delete(mine, by="website")
    assert PROPERTY.judge(view).verdict == "violated"


def test_users_collections_and_the_last_finalizer_are_excused() -> None:
    view = a_world()
    view.delete(view.objects()[0], by="user")
    assert PROPERTY.judge(view).verdict == "unknown"
    for verb in ("deletecollection", "update"):
        obj = view.create(make("Secret", "tls"))
        view.delete(obj, by="website", verb=verb)
        assert PROPERTY.judge(view).verdict == "holds"
