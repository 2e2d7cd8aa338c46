import pytest

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.errors import NotFound


def test_a_kind_is_found_by_kind_path_and_resource():
    kinds = KindRegistry()
    info = kinds.resolve("apps/v1", "Deployment")
    assert kinds.by_resource("deployments.apps") is info


def test_kinds_of_one_name_in_two_groups_are_two_resources():
    kinds = KindRegistry()
    assert kinds.resolve("v1", "Event").resource == "events"
    assert kinds.resolve("events.k8s.io/v1", "Event").resource == "events.events.k8s.io"


def test_what_is_not_served_is_not_found():
    kinds = KindRegistry()
    assert kinds.find("v1", "Nothing") is None
    with pytest.raises(NotFound):
        kinds.resolve("v1", "Nothing")
    with pytest.raises(NotFound):
        kinds.by_resource("nothings")


def test_a_definition_comes_and_goes(make):
    kinds = KindRegistry()
    kinds.serve(make.crd(versions=("v1", "v2")))
    assert [info.version for info in kinds.versions("websites.example.com")] == ["v1", "v2"]
    assert kinds.has_versions("websites.example.com")
    kinds.withdraw("websites.example.com")
    assert kinds.versions("websites.example.com") == []
    assert kinds.find("example.com/v1", "Website") is None
