import pytest

from reference_impl.errors import Conflict, Invalid, MethodNotAllowed, NotFound


def test_a_definition_serves_its_kind_at_once_on_all_replicas(cluster, make):
    made = cluster.create(make.crd())
    conditions = {each["type"]: each["status"] for each in made["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert cluster.create(make.website(), server=cluster.replica)["kind"] == "Website"
    assert cluster.do("list", "Website")["kind"] == "WebsiteList"


def test_deleting_a_definition_without_instances_removes_it_and_its_kind(cluster, make):
    cluster.create(make.crd())
    cluster.delete("CustomResourceDefinition", "websites.example.com")
    assert not cluster.exists("CustomResourceDefinition", "websites.example.com")
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        cluster.do("list", "Website")


def test_deleting_a_definition_deletes_its_instances_first(cluster, make):
    cluster.create(make.crd())
    cluster.create(make.website("a"))
    cluster.create(make.website("b"))
    commits = cluster.commits(lambda: cluster.delete("CustomResourceDefinition", "websites.example.com"))
    definition = "customresourcedefinitions.apiextensions.k8s.io/websites.example.com"
    assert commits == [
        f"MODIFIED {definition}", "DELETED websites.example.com/a", "DELETED websites.example.com/b",
        f"DELETED {definition}",
    ]  # fmt: skip


def test_an_instance_with_finalizers_holds_its_definition(cluster, make):
    cluster.create(make.crd())
    cluster.create(make.website(finalizers=["example.com/hold"]))
    cluster.delete("CustomResourceDefinition", "websites.example.com")
    held = cluster.get("CustomResourceDefinition", "websites.example.com")
    assert held["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert cluster.get("Website", "front")["metadata"]["deletionTimestamp"]
    cluster.patch("Website", "front", {"metadata": {"finalizers": None}})
    assert not cluster.exists("CustomResourceDefinition", "websites.example.com")


def test_no_instance_is_created_while_the_definition_is_deleted(cluster, make):
    cluster.create(make.crd())
    cluster.create(make.website(finalizers=["example.com/hold"]))
    cluster.delete("CustomResourceDefinition", "websites.example.com")
    with pytest.raises(MethodNotAllowed, match="create not allowed while custom resource definition is terminating"):
        cluster.create(make.website("b"))


def test_a_definition_can_come_back_after_it_went(cluster, make):
    cluster.create(make.crd())
    cluster.delete("CustomResourceDefinition", "websites.example.com")
    cluster.create(make.crd())
    assert cluster.create(make.website())


def test_watches_of_a_kind_end_when_it_goes(cluster, make):
    cluster.create(make.crd())
    watched, closed = cluster.watch("Website"), []
    watched.stream.on_closed = lambda: closed.append(1)
    cluster.delete("CustomResourceDefinition", "websites.example.com")
    assert closed == [1]


def test_versions_share_one_object(cluster, make):
    cluster.create(make.crd(versions=("v1", "v1beta1")))
    cluster.create(make.website(version="v1beta1"))
    assert cluster.get("Website", "front", api_version="example.com/v1")["apiVersion"] == "example.com/v1"
    shown = cluster.do("list", "Website", api_version="example.com/v1beta1")
    assert [each["apiVersion"] for each in shown["items"]] == ["example.com/v1beta1"]
    watched = cluster.watch("Website", api_version="example.com/v1beta1")
    cluster.patch("Website", "front", {"spec": {"replicas": 2}})
    assert [event.object["apiVersion"] for event in watched.events] == ["example.com/v1beta1"] * 2


def test_an_update_through_another_version_that_changes_nothing_is_no_write(cluster, make):
    cluster.create(make.crd(versions=("v1", "v1beta1")))
    cluster.create(make.website())
    shown = cluster.get("Website", "front", api_version="example.com/v1beta1")
    assert cluster.commits(lambda: cluster.update(shown)) == []


def test_a_changed_definition_is_served_as_changed(cluster, make):
    made = cluster.create(make.crd())
    more = make.crd(versions=("v1", "v2"))
    cluster.update({**made, "spec": more["spec"]})
    assert cluster.do("list", "Website", api_version="example.com/v2")["items"] == []


def test_two_definitions_cannot_share_a_kind(cluster, make):
    cluster.create(make.crd())
    other = make.crd()
    other["metadata"]["name"] = "sites.example.com"
    other["spec"]["names"] = {**other["spec"]["names"], "plural": "sites", "singular": "site"}
    with pytest.raises(Invalid, match=r"Website is already in use in group example.com"):
        cluster.create(other)


def test_a_delete_of_a_definition_honours_its_preconditions(cluster, make):
    cluster.create(make.crd())
    with pytest.raises(Conflict, match="Precondition failed: UID in precondition: other"):
        cluster.delete("CustomResourceDefinition", "websites.example.com", precondition_uid="other")
