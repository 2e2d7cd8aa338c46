import re

import pytest

from reference_impl.errors import AlreadyExists, ApiError, BadRequest, Invalid, NotFound, NotImplementedByServer


def test_the_server_fills_in_the_system_metadata(cluster, make):
    made = cluster.create(make.config_map())["metadata"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["uid"])
    assert made["creationTimestamp"] == "2024-05-01T12:00:00Z"
    assert made["resourceVersion"] == str(cluster.store.revision)


def test_what_a_client_says_about_system_metadata_is_dropped(cluster, make):
    then = "1999-01-01T00:00:00Z"
    body = make.config_map(uid="mine", creationTimestamp=then, deletionTimestamp=then, generation=9)
    made = cluster.create(body)["metadata"]
    assert made["uid"] != "mine"
    assert made["creationTimestamp"] > "2024"
    assert "deletionTimestamp" not in made
    assert "generation" not in made


def test_the_body_is_neither_kept_nor_changed(cluster, make):
    body = make.config_map()
    cluster.create(body)
    assert body == make.config_map()
    body["data"]["k"] = "changed"
    assert cluster.get("ConfigMap", "a")["data"] == {"k": "v"}


def test_a_taken_name_is_refused_in_kubernetes_words(cluster, make):
    cluster.create(make.deployment())
    with pytest.raises(AlreadyExists) as refused:
        cluster.create(make.deployment())
    assert refused.value.message == 'deployments.apps "front" already exists'
    assert refused.value.details == {"name": "front", "group": "apps", "kind": "deployments"}


def test_a_name_held_by_a_deleting_object_says_so(cluster, make):
    cluster.create(make.config_map(finalizers=["example.com/hold"]))
    cluster.delete("ConfigMap", "a")
    with pytest.raises(AlreadyExists, match='object is being deleted: configmaps "a" already exists'):
        cluster.create(make.config_map())


def test_a_resource_version_must_not_be_set(cluster, make):
    with pytest.raises(ApiError) as refused:
        cluster.create(make.config_map(resourceVersion="5"))
    assert refused.value.status == 500
    assert refused.value.message == "resourceVersion should not be set on objects to be created"
    assert not cluster.exists("ConfigMap", "a")


@pytest.mark.in_process("a client cannot know")
def test_a_refused_resource_version_certainly_had_no_effect(cluster, make):
    with pytest.raises(ApiError) as refused:
        cluster.create(make.config_map(resourceVersion="5"))
    assert refused.value.definite


def test_a_generated_name_has_five_characters_of_the_alphabet_without_vowels(cluster, make):
    body = make.config_map(generateName="web-")
    del body["metadata"]["name"]
    name = cluster.create(body)["metadata"]["name"]
    assert re.fullmatch(r"web-[bcdfghjklmnpqrstvwxz2456789]{5}", name)
    assert cluster.create(body)["metadata"]["name"] != name


def test_a_long_generate_name_is_cut_to_63_characters(cluster, make):
    body = make.config_map(generateName="x" * 70)
    del body["metadata"]["name"]
    assert len(cluster.create(body)["metadata"]["name"]) == 63


def test_a_clashing_generated_name_is_tried_again_eight_times_in_all(cluster, make, monkeypatch):
    tried = []

    def taken(base, rng):
        tried.append(base)
        return "a" if len(tried) < 8 else "free"

    cluster.create(make.config_map("a"))
    monkeypatch.setattr("reference_impl.apiserver.names.generate_name", taken)
    body = make.config_map(generateName="w-")
    del body["metadata"]["name"]
    assert cluster.create(body)["metadata"]["name"] == "free"
    assert len(tried) == 8


def test_eight_clashes_are_reported_as_already_exists(cluster, make, monkeypatch):
    cluster.create(make.config_map("a"))
    monkeypatch.setattr("reference_impl.apiserver.names.generate_name", lambda base, rng: "a")
    body = make.config_map(generateName="w-")
    del body["metadata"]["name"]
    with pytest.raises(AlreadyExists, match="the server was not able to generate a unique name for the object"):
        cluster.create(body)


def test_a_name_or_generate_name_is_required(cluster, make):
    body = make.config_map()
    del body["metadata"]["name"]
    with pytest.raises(Invalid, match=r"metadata.name: Required value: name or generateName is required"):
        cluster.create(body)


def test_the_namespace_of_body_and_request_must_agree(cluster, make):
    with pytest.raises(BadRequest, match="does not match the namespace sent on the request"):
        cluster.create(make.config_map(), namespace="kube-system")


def test_a_namespaced_object_needs_a_namespace(cluster, make):
    body = make.config_map()
    del body["metadata"]["namespace"]
    with pytest.raises(BadRequest, match="empty namespace"):
        cluster.create(body, namespace=None)


def test_another_kind_in_the_body_is_a_bad_request(cluster, make):
    with pytest.raises(BadRequest, match="does not match the expected API version"):
        cluster.do("create", "Secret", body=make.config_map())


def test_an_unknown_kind_is_not_found(cluster):
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        cluster.create(
            {"apiVersion": "example.com/v1", "kind": "Nothing", "metadata": {"name": "x"}}, namespace="default"
        )


def test_status_is_dropped_on_create_where_it_is_a_subresource(cluster, make):
    made = cluster.create({**make.pod(), "status": {"phase": "Running"}})
    assert made["status"]["phase"] == "Pending"
    cluster.create(make.crd())
    assert "status" not in cluster.create({**make.website(), "status": {"ready": True}})


def test_status_is_kept_on_create_where_it_is_not_a_subresource(cluster, make):
    cluster.create(make.crd("Gadget", status=False))
    made = cluster.create({**make.website(kind="Gadget"), "status": {"ready": True}})
    assert made["status"] == {"ready": True}


def test_generation_starts_at_one_for_kinds_that_have_it(cluster, make):
    cluster.create(make.crd())
    assert cluster.create(make.website())["metadata"]["generation"] == 1
    assert cluster.create(make.deployment())["metadata"]["generation"] == 1
    assert cluster.create(make.pod())["metadata"]["generation"] == 1
    assert "generation" not in cluster.create(make.config_map())["metadata"]


def test_a_dry_run_answers_and_stores_nothing(cluster, make):
    revision = cluster.store.revision
    assert cluster.create(make.config_map(), dry_run=True)["metadata"]["uid"]
    assert cluster.store.revision == revision


def test_events_live_for_an_hour(cluster, make):
    event = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"}, "reason": "R", "type": "Normal",
    }  # fmt: skip
    cluster.create(event)
    cluster.advance(3599)
    assert cluster.server.expire_events() == 0
    cluster.advance(1)
    assert cluster.server.expire_events() == 1
    assert not cluster.exists("Event", "e")


def test_token_reviews_are_a_named_limit(cluster):
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "metadata": {}, "spec": {}}
    with pytest.raises(NotImplementedByServer, match="TokenReview"):
        cluster.create(body)


def test_same_seed_and_same_requests_make_the_same_objects(cluster, make):
    def run(fresh):
        body = make.config_map(generateName="w-")
        del body["metadata"]["name"]
        return [fresh.create(body) for _ in range(3)]

    assert run(cluster) == run(type(cluster)())
