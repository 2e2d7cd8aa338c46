"""What the server says of itself is what it serves, in every form that clients ask for."""

import pytest

CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "websites.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "websites", "kind": "Website", "shortNames": ["ws"], "categories": ["all"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
                    }
                },
            }
        ],
    },
}
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def ask(run, *paths, **headers):
    replies = []

    async def test(site):
        await site.ask("POST", CRDS, CRD)
        for path in paths:
            replies.append(await site.ask("GET", path, **headers))

    run(test)
    return replies


@pytest.mark.parametrize("path", ["/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version"])
def test_a_slash_at_the_end_makes_no_difference(run, path):
    one, two = ask(run, path, path + "/")
    assert one.status == 200
    assert one.body == two.body


def test_old_discovery_names_groups_versions_and_resources(run):
    groups, group, resources = (each.json for each in ask(run, "/apis", "/apis/example.com", "/apis/example.com/v1"))
    assert "example.com" in [each["name"] for each in groups["groups"]]
    assert group["preferredVersion"] == {"groupVersion": "example.com/v1", "version": "v1"}
    assert [each["name"] for each in resources["resources"]] == ["websites", "websites/status"]
    assert resources["resources"][0]["shortNames"] == ["ws"]
    assert "watch" in resources["resources"][0]["verbs"]


def test_subresources_say_which_kind_they_speak(run):
    (core,) = (each.json for each in ask(run, "/api/v1"))
    found = {each["name"]: each for each in core["resources"]}
    assert found["pods/eviction"]["group"] == "policy"
    assert found["pods/eviction"]["verbs"] == ["create"]
    assert found["bindings"]["verbs"] == ["create"]


def test_aggregated_discovery_has_everything_at_once(run):
    (reply,) = ask(run, "/apis", accept=AGGREGATED)
    assert "as=APIGroupDiscoveryList" in reply.headers["content-type"]
    groups = {each["metadata"]["name"]: each for each in reply.json["items"]}
    website = groups["example.com"]["versions"][0]["resources"][0]
    assert (website["resource"], website["scope"], website["categories"]) == ("websites", "Namespaced", ["all"])
    assert [each["subresource"] for each in website["subresources"]] == ["status"]
    (core,) = ask(run, "/api", accept=AGGREGATED)
    assert "pods" in [each["resource"] for each in core.json["items"][0]["versions"][0]["resources"]]


def test_a_custom_kind_is_there_at_once_and_gone_with_its_definition(run):
    async def test(site):
        client = site.connect()
        assert (await client.ask("GET", "/apis/example.com/v1")).status == 404
        await client.ask("POST", CRDS, CRD)
        assert (await client.ask("GET", "/apis/example.com/v1")).status == 200
        await client.ask("DELETE", f"{CRDS}/websites.example.com")
        assert (await client.ask("GET", "/apis/example.com/v1")).status == 404

    run(test)


def test_the_index_of_openapi_leads_to_a_document_for_each_group_version(run):
    async def test(site):
        await site.ask("POST", CRDS, CRD)
        index = (await site.ask("GET", "/openapi/v3")).json["paths"]
        for name, entry in index.items():
            reply = await site.ask("GET", entry["serverRelativeURL"])
            assert reply.status == 200, name
            assert _dangling(reply.json) == []
        assert (await site.ask("GET", "/openapi/v3/apis/nothing/v1")).status == 404

    run(test)


def _dangling(document):
    found = []

    def walk(value):
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str) and reference.rpartition("/")[2] not in document["components"]["schemas"]:
                found.append(reference)
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(document)
    return found


def test_operations_and_schemas_say_their_kind_as_kubectl_needs(run):
    custom, apps = (each.json for each in ask(run, "/openapi/v3/apis/example.com/v1", "/openapi/v3/apis/apps/v1"))
    patch = custom["paths"]["/apis/example.com/v1/namespaces/{namespace}/websites/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "example.com", "version": "v1", "kind": "Website"}
    assert {"dryRun", "fieldManager", "fieldValidation", "force"} == {each["name"] for each in patch["parameters"]}
    schema = custom["components"]["schemas"]["com.example.v1.Website"]
    assert schema["properties"]["spec"]["properties"]["size"] == {"type": "integer"}
    deployment = apps["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]
    assert deployment["x-kubernetes-group-version-kind"][0]["kind"] == "Deployment"
    container = apps["components"]["schemas"]["io.k8s.api.core.v1.Container"]
    assert container["properties"]["ports"]["x-kubernetes-list-map-keys"] == ["containerPort", "protocol"]


def test_openapi_v2_is_a_limit_that_is_named(run):
    (reply,) = ask(run, "/openapi/v2")
    assert (reply.status, reply.json["reason"]) == (406, "NotAcceptable")


def test_only_reading_is_allowed(run):
    async def test(site):
        assert (await site.ask("POST", "/version", {})).status == 405

    run(test)
