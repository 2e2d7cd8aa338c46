"""Tests of the claim that deletions come to an end."""

from properties.deletions_finish import DeletionsFinish
from tests.properties.fake_view import FakeView, make

PROPERTY = DeletionsFinish()


def a_world() -> FakeView:
    view = FakeView()
    view.starts("website")
    site = view.create(make("Website", "front", api_version="example.com/v1"))
    view.update(site, by="website", metadata={"finalizers": ["example.com/cleanup"]})
    return view


def test_a_commit_proves_nothing() -> None:
    view = a_world()
    view.mark_deleting(view.objects()[0])
    assert PROPERTY.judge(view).verdict == "unknown"


def test_a_deletion_that_finished_holds() -> None:
    view = a_world()
    view.delete(view.objects()[0])
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_a_finalizer_of_a_component_that_stays_is_a_violation() -> None:
    view = a_world()
    view.mark_deleting(view.objects()[0])
    judgement = PROPERTY.judge(view.rests())
    assert judgement.verdict == "violated"
    assert "example.com/cleanup" in judgement.reason


def test_a_finalizer_that_only_a_user_wrote_is_his_to_remove_and_excuses_those_who_wait() -> None:
    view = a_world()
    site = view.objects()[0]
    view.create(make("Secret", "tls", owner=site, finalizers=["user/keep"]))
    view.mark_deleting(site)
    assert PROPERTY.judge(view.rests()).verdict == "violated"
    view.mark_deleting(view.list("v1", "Secret")[0])
    assert PROPERTY.judge(view.rests()).verdict == "unknown"


def test_a_namespace_waits_for_its_controller_and_its_content() -> None:
    view = FakeView()
    space = view.create(make("Namespace", "shop", namespace=None, spec={"finalizers": ["kubernetes"]}))
    view.mark_deleting(space)
    assert PROPERTY.judge(view.rests()).verdict == "unknown"
    view.starts("namespace", under_test=False)
    assert PROPERTY.judge(view.rests()).verdict == "violated"
    held = view.create(make("Secret", "tls", namespace="shop", finalizers=["user/keep"]))
    view.mark_deleting(held, by="namespace")
    assert PROPERTY.judge(view.rests()).verdict == "unknown"


def test_a_pod_without_a_living_kubelet_is_stuck_by_nobodys_fault() -> None:
    view = FakeView()
    view.create(make("Node", "n", namespace=None))
    view.mark_deleting(view.create(make("Pod", "web", spec={"nodeName": "n"})))
    assert PROPERTY.judge(view.rests()).verdict == "unknown"
    view.starts("kubelet-n", under_test=False)
    assert PROPERTY.judge(view.rests()).verdict == "violated"
