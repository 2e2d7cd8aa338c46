"""Tests of the opt-in claim that what protects goes last."""

import pytest

from harness.contract import ObjectRef
from properties.teardown_keeps_its_order import TeardownOrder
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, TrialFake, make

PROPERTY = TeardownOrder()


def a_guarded_pod() -> tuple[FakeView, JsonObject, JsonObject]:
    view = FakeView()
    view.starts("demolition")
    view.starts("namespace", under_test=False)
    guard = view.create(make("NetworkPolicy", "guard", api_version="networking.k8s.io/v1"))
    return view, guard, view.create(make("Pod", "web"))


def test_what_is_only_marked_is_still_there_and_what_users_remove_proves_nothing() -> None:
    view, guard, _ = a_guarded_pod()
    view.mark_deleting(guard, by="demolition")
    assert PROPERTY.judge(view).verdict == "holds"
    view.delete(guard)
    assert PROPERTY.judge(view).verdict == "unknown"


def test_the_guard_may_go_last() -> None:
    view, guard, pod = a_guarded_pod()
    view.delete(pod, by="demolition")
    view.delete(guard, by="demolition")
    assert PROPERTY.judge(view).verdict == "holds"


@pytest.mark.parametrize("remover", ["demolition", "namespace"])
def test_a_guard_that_goes_before_the_guarded_is_a_violation(remover: str) -> None:
    view, guard, pod = a_guarded_pod()
    view.mark_deleting(pod, by="demolition")
    view.delete(guard, by=remover)
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert judgement.reason == f"{remover} removed NetworkPolicy default/guard while Pod default/web was still there"


def test_a_removal_by_letting_go_of_the_last_finalizer_counts() -> None:
    view, guard, _ = a_guarded_pod()
    view.delete(guard, by="demolition", verb="update")
    assert PROPERTY.judge(view).verdict == "violated"


def test_another_namespace_is_another_scope() -> None:
    view, _, _ = a_guarded_pod()
    far = view.create(make("NetworkPolicy", "guard", api_version="networking.k8s.io/v1", namespace="shop"))
    view.delete(far, by="demolition")
    assert PROPERTY.judge(view).verdict == "holds"


def test_what_was_made_after_a_live_look_is_excused_until_it_is_seen() -> None:
    view, guard, pod = a_guarded_pod()
    view.live_reads["demolition", ObjectRef.to(pod)] = view.revision - 1
    view.delete(guard, by="demolition")
    assert PROPERTY.judge(view).verdict == "holds"
    view.sees("demolition", pod)
    assert PROPERTY.judge(view).verdict == "violated"


def test_what_was_made_after_the_command_was_sent_is_excused() -> None:
    view, guard, pod = a_guarded_pod()
    view.delete(pod, by="demolition")
    view.delete(guard, by="demolition")
    sent = view.past_changes[-1].request
    view.create(guard)
    view.create(make("Pod", "web", uid="made-later"))
    view.delete(guard, by="demolition", sent=sent)
    assert PROPERTY.judge(view).verdict == "holds"


def test_an_order_of_ones_own_can_be_declared_for_what_one_owner_has() -> None:
    order = TeardownOrder(first="Database", then="Backup", scope="owner")
    view = FakeView()
    view.starts("operator")
    shops = [view.create(make("Website", name, api_version="example.com/v1")) for name in ("a", "b")]
    for shop in shops:
        view.create(make("Database", f"{shop['metadata']['name']}-db", owner=shop), by="operator")
    backups = [view.create(make("Backup", shop["metadata"]["name"], owner=shop), by="operator") for shop in shops]
    view.delete(make("Database", "a-db"), by="operator")
    view.delete(backups[0], by="operator")
    assert order.judge(view).verdict == "holds"
    view.delete(backups[1], by="operator")
    assert order.judge(view).verdict == "violated"


def test_it_is_for_trials_that_have_what_goes_last() -> None:
    trial = TrialFake()
    trial.facts.kinds = (("v1", "Pod"),)
    assert not PROPERTY.applies(trial)
    assert TeardownOrder(then="Pod").applies(trial)


def test_a_scope_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'cluster'"):
        TeardownOrder(scope="cluster")
