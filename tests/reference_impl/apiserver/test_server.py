import pytest

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import BadRequest, Forbidden, MethodNotAllowed, NotFound, NotImplementedByServer


@pytest.mark.in_process("whose request it was")
def test_each_commit_is_told_with_the_request_that_caused_it(cluster, make):
    told = []
    cluster.server.on_commit = lambda request, event: told.append(
        (request.verb, request.user, event.type, event.revision)
    )
    cluster.create(make.pod(), user="alice")
    cluster.patch("Pod", "p", {"metadata": {"labels": {"a": "b"}}}, user="bob")
    cluster.patch("Pod", "p", {"metadata": {"labels": {"a": "b"}}}, user="bob")
    cluster.delete("Pod", "p", user="carol")
    start = told[0][3]
    assert told == [
        ("create", "alice", "ADDED", start), ("patch", "bob", "MODIFIED", start + 1),
        ("delete", "carol", "MODIFIED", start + 2), ("delete", "carol", "DELETED", start + 3),
    ]  # fmt: skip


def test_an_admission_hook_can_refuse_any_request(cluster, make):
    def no_pods(request, info, obj):
        if info.resource == "pods" and request.verb == "create":
            raise Forbidden(f'pods "{obj["metadata"]["name"]}" is forbidden: exceeded quota')

    cluster.server.admission.append(no_pods)
    with pytest.raises(Forbidden, match="exceeded quota"):
        cluster.create(make.pod())
    assert cluster.create(make.config_map())


def test_commits_through_one_replica_are_read_through_the_other(cluster, make):
    cluster.create(make.config_map(), server=cluster.replica)
    assert cluster.get("ConfigMap", "a")


@pytest.mark.in_process("a call of the wrong method")
def test_a_watch_is_not_answered_with_one_object(cluster):
    with pytest.raises(BadRequest, match="open_watch"):
        cluster.do("watch", "Pod")


@pytest.mark.in_process("the front has no path to these")
def test_a_subresource_that_is_not_modelled_is_a_named_limit(cluster, make):
    cluster.create(make.pod())
    with pytest.raises(NotImplementedByServer, match="'log' of pods"):
        cluster.get("Pod", "p", subresource="log")


def test_a_subresource_that_a_kind_lacks_is_not_found(cluster, make):
    cluster.create(make.config_map())
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        cluster.get("ConfigMap", "a", subresource="eviction")


def test_a_verb_that_a_subresource_lacks_is_not_allowed(cluster, make):
    cluster.create(make.pod())
    with pytest.raises(MethodNotAllowed):
        cluster.delete("Pod", "p", subresource="status")


def test_another_version_of_a_built_in_kind_is_a_named_limit(cluster):
    with pytest.raises(NotImplementedByServer, match="use autoscaling/v2"):
        cluster.do("list", "HorizontalPodAutoscaler", api_version="autoscaling/v1")


def test_a_server_started_on_a_filled_store_serves_its_custom_kinds_and_its_state(cluster, make):
    cluster.create(make.crd())
    cluster.create(make.website())
    fresh = ApiServer(cluster.store, now=lambda: cluster.time, random=None, kinds=KindRegistry())
    listed = cluster.do("list", "Website", server=fresh, resource_version="0")
    assert [each["metadata"]["name"] for each in listed["items"]] == ["front"]
    assert fresh.cache_revision == cluster.store.revision
