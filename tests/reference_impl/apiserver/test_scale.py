import pytest

from reference_impl.errors import Conflict, Invalid, NotFound


def test_a_scale_shows_replicas_and_selector(cluster, make):
    made = cluster.create(make.deployment(replicas=3))
    scale = cluster.get("Deployment", "front", subresource="scale")
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]) == ({"replicas": 3}, {"replicas": 0, "selector": "app=front"})
    assert scale["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_writing_a_scale_changes_the_replicas_and_the_generation(cluster, make):
    cluster.create(make.deployment(replicas=3))
    scale = cluster.get("Deployment", "front", subresource="scale")
    written = cluster.do("update", "Deployment", "front", subresource="scale", body={**scale, "spec": {"replicas": 5}})
    assert written["spec"] == {"replicas": 5}
    scaled = cluster.get("Deployment", "front")
    assert (scaled["spec"]["replicas"], scaled["metadata"]["generation"]) == (5, 2)


def test_a_scale_can_be_patched(cluster, make):
    cluster.create(make.deployment(replicas=3))
    cluster.patch("Deployment", "front", {"spec": {"replicas": 0}}, subresource="scale")
    assert cluster.get("Deployment", "front")["spec"]["replicas"] == 0


def test_a_scale_of_an_old_revision_conflicts(cluster, make):
    cluster.create(make.deployment())
    scale = cluster.get("Deployment", "front", subresource="scale")
    cluster.patch("Deployment", "front", {"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(Conflict):
        cluster.do("update", "Deployment", "front", subresource="scale", body=scale)


def test_a_negative_scale_is_invalid(cluster, make):
    cluster.create(make.deployment())
    with pytest.raises(Invalid, match=r"spec.replicas"):
        cluster.patch("Deployment", "front", {"spec": {"replicas": -1}}, subresource="scale")


def test_custom_resources_scale_by_the_paths_of_their_definition(cluster, make):
    cluster.create(make.crd())
    cluster.create(make.website())
    cluster.patch("Website", "front", {"spec": {"replicas": 4}}, subresource="scale")
    assert cluster.get("Website", "front")["spec"]["replicas"] == 4


def test_a_kind_without_scale_has_no_such_endpoint(cluster, make):
    cluster.create(make.pod())
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        cluster.get("Pod", "p", subresource="scale")
