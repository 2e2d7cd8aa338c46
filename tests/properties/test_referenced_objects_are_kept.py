"""Tests of the opt-in claim that what is named is kept."""

from properties.referenced_objects_are_kept import ReferencedObjectsAreKept
from tests.properties.fake_view import FakeView, make

PROPERTY = ReferencedObjectsAreKept()


def a_world() -> FakeView:
    view = FakeView()
    view.starts("website")
    view.create(make("Secret", "tls"))
    return view


def test_a_create_proves_nothing_and_an_unnamed_object_may_go() -> None:
    view = a_world()
    assert PROPERTY.judge(view).verdict == "unknown"
    view.delete(view.list("v1", "Secret")[0], by="website")
    assert PROPERTY.judge(view).verdict == "holds"


def test_what_a_live_pod_reads_may_not() -> None:
    view = a_world()
    env = [{"envFrom": [{"secretRef": {"name": "tls"}}]}]
    view.create(make("Pod", "web", spec={"containers": env}))
    view.delete(view.list("v1", "Secret")[0], by="website")
    assert PROPERTY.judge(view).verdict == "violated"


def test_what_its_own_status_points_at_may_not_and_what_strangers_write_binds_nobody() -> None:
    view = a_world()
    status = {"current": {"kind": "Secret", "name": "tls"}}
    site = view.create(make("Website", "front", api_version="example.com/v1", status=status))
    view.delete(view.list("v1", "Secret")[0], by="website")
    assert PROPERTY.judge(view).verdict == "holds"
    view.create(make("Secret", "tls"))
    view.update(site, by="website", status=status)
    view.delete(view.list("v1", "Secret")[0], by="website")
    assert PROPERTY.judge(view).verdict == "violated"


def test_an_optional_reference_may_dangle() -> None:
    view = a_world()
    env = [{"envFrom": [{"secretRef": {"name": "tls", "optional": True}}]}]
    view.create(make("Pod", "web", spec={"containers": env}))
    view.delete(view.list("v1", "Secret")[0], by="website")
    assert PROPERTY.judge(view).verdict == "holds"
