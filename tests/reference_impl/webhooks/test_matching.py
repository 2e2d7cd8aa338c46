"""Which webhooks are asked, and which configurations are refused."""

import pytest

from tests.reference_impl.webhooks.conftest import ALLOWED, GROUP, MAPS

HERE = "/api/v1/namespaces/default/configmaps"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}

RULES = [
    ({}, True),
    ({"operations": ["CREATE"]}, True),
    ({"operations": ["UPDATE", "DELETE"]}, False),
    ({"apiGroups": ["apps"]}, False),
    ({"apiGroups": ["*"]}, True),
    ({"apiVersions": ["v2"]}, False),
    ({"apiVersions": ["*"]}, True),
    ({"resources": ["secrets", "configmaps"]}, True),
    ({"resources": ["*"]}, True),
    ({"resources": ["*/*"]}, True),
    ({"resources": ["configmaps/*"]}, True),
    ({"resources": ["configmaps/status", "pods"]}, False),
    ({"scope": "Namespaced"}, True),
    ({"scope": "Cluster"}, False),
    ({"scope": "*"}, True),
]


@pytest.mark.parametrize(("rule", "asked"), RULES)
def test_a_webhook_is_asked_about_what_its_rules_name(run, config_map, rule, asked):
    async def test(site):
        await site.hook("v", lambda _: ALLOWED, kind="Validating", rules=[{**MAPS, **rule}])
        await site.ask("POST", HERE, config_map())
        assert site.paths() == ["/v"] * asked

    run(test)


def test_a_subresource_is_named_apart_from_its_resource(run):
    async def test(site):
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"]}
        await site.hook("plain", lambda _: ALLOWED, kind="Validating", rules=[{**rule, "resources": ["pods"]}])
        await site.hook("sub", lambda _: ALLOWED, kind="Validating", rules=[{**rule, "resources": ["pods/status"]}])
        pods = "/api/v1/namespaces/default/pods"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
        await site.ask("POST", pods, {**pod, "spec": {"containers": [{"name": "a", "image": "b"}]}})
        merge = {"content_type": "application/merge-patch+json"}
        await site.ask("PATCH", f"{pods}/p/status", {"status": {"phase": "Running"}}, **merge)
        assert site.paths() == ["/plain", "/sub"]

    run(test)


@pytest.mark.parametrize(
    ("selector", "asked"),
    [({}, True), ({"matchLabels": {"a": "b"}}, True), ({"matchLabels": {"a": "c"}}, False)],
)
def test_a_namespace_selector_looks_at_the_namespaces_labels(run, config_map, selector, asked):
    async def test(site):
        labelled = {**NAMESPACE, "metadata": {"name": "n", "labels": {"a": "b"}}}
        await site.ask("POST", "/api/v1/namespaces", labelled)
        await site.hook("v", lambda _: ALLOWED, kind="Validating", namespaceSelector=selector)
        assert (await site.ask("POST", "/api/v1/namespaces/n/configmaps", config_map())).status == 201
        assert site.paths() == ["/v"] * asked

    run(test)


def test_a_namespace_is_selected_by_its_own_labels_and_other_cluster_scoped_objects_always(run):
    async def test(site):
        rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"], "scope": "Cluster"}
        selector = {"matchLabels": {"a": "b"}}
        await site.hook("v", lambda _: ALLOWED, kind="Validating", rules=[rule], namespaceSelector=selector)
        await site.ask("POST", "/api/v1/namespaces", NAMESPACE)
        assert site.asked == []
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
        await site.ask("POST", "/api/v1/nodes", node)
        assert site.paths() == ["/v"]

    run(test)


def test_an_object_selector_looks_at_the_object_before_and_after(run, config_map):
    async def test(site):
        selector = {"matchLabels": {"a": "b"}}
        await site.hook("v", lambda _: ALLOWED, kind="Validating", objectSelector=selector)
        await site.ask("POST", HERE, config_map())
        assert site.asked == []
        await site.ask("PUT", f"{HERE}/a", config_map(labels={"a": "b"}))
        await site.ask("PUT", f"{HERE}/a", config_map())
        await site.ask("PUT", f"{HERE}/a", config_map(x="y"))
        assert site.paths() == ["/v", "/v"]

    run(test)


def test_conditions_keep_a_webhook_from_being_asked(run, config_map):
    async def test(site):
        conditions = [
            {"name": "not-mine", "expression": "request.name != 'mine'"},
            {"name": "has-data", "expression": "object != null && 'x' in object.data"},
        ]
        await site.hook("v", lambda _: ALLOWED, kind="Validating", matchConditions=conditions)
        for name, data in (("mine", {"x": "1"}), ("other", {}), ("third", {"x": "1"})):
            assert (await site.ask("POST", HERE, config_map(name, **data))).status == 201
        assert [request["name"] for _, request in site.asked] == ["third"]

    run(test)


def test_a_condition_that_fails_fails_the_request_unless_another_is_false(run, config_map):
    async def test(site):
        error = {"name": "broken", "expression": "object.data.none == 'x'"}
        false = {"name": "false", "expression": "false"}
        await site.hook("a", lambda _: ALLOWED, kind="Validating", matchConditions=[error, false])
        assert (await site.ask("POST", HERE, config_map())).status == 201
        await site.hook("b", lambda _: ALLOWED, kind="Validating", matchConditions=[error])
        refused = await site.ask("POST", HERE, config_map("b"))
        assert (refused.status, "broken" in refused.json["message"]) == (403, True)
        assert site.asked == []

    run(test)


def test_another_version_of_the_resource_matches_unless_the_policy_is_exact(run):
    async def test(site):
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        versions = [{"name": name, "served": True, "storage": name == "v1", "schema": schema} for name in ("v1", "v2")]
        names = {"plural": "things", "singular": "thing", "kind": "Thing"}
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "things.example.com"},
            "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions},
        }
        made = await site.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        assert made.status == 201
        rule = {"apiGroups": ["example.com"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["things"]}
        await site.hook("equivalent", lambda _: ALLOWED, rules=[rule])
        await site.hook("exact", lambda _: ALLOWED, rules=[rule], matchPolicy="Exact")
        thing = {"apiVersion": "example.com/v2", "kind": "Thing", "metadata": {"name": "t"}, "size": 1}
        done = await site.ask("POST", "/apis/example.com/v2/namespaces/default/things", thing)
        assert (done.status, done.json["apiVersion"]) == (201, "example.com/v2")
        ((path, asked),) = site.asked
        assert (path, asked["kind"]["version"], asked["requestKind"]["version"]) == ("/equivalent", "v1", "v2")
        assert asked["object"]["apiVersion"] == "example.com/v1"

    run(test)


def test_a_configuration_has_defaults(run):
    async def test(site):
        made = await site.hook("v", lambda _: ALLOWED)
        entry = made.json["webhooks"][0]
        found = {key: entry[key] for key in ("failurePolicy", "matchPolicy", "timeoutSeconds", "reinvocationPolicy")}
        assert found == {
            "failurePolicy": "Fail",
            "matchPolicy": "Equivalent",
            "timeoutSeconds": 10,
            "reinvocationPolicy": "Never",
        }
        assert (entry["rules"][0]["scope"], entry["namespaceSelector"], entry["objectSelector"]) == ("*", {}, {})

    run(test)


REFUSED = [
    ({"name": "short.name"}, "webhooks[0].name", "three segments"),
    ({"sideEffects": None}, "webhooks[0].sideEffects", "must specify one of None, NoneOnDryRun"),
    ({"sideEffects": "Some"}, "webhooks[0].sideEffects", 'supported values: "None", "NoneOnDryRun"'),
    ({"timeoutSeconds": 31}, "webhooks[0].timeoutSeconds", "between 1 and 30 seconds"),
    ({"failurePolicy": "Maybe"}, "webhooks[0].failurePolicy", 'supported values: "Fail", "Ignore"'),
    ({"clientConfig": {}}, "webhooks[0].clientConfig", "exactly one of url or service is required"),
    ({"clientConfig": {"url": "http://a/b"}}, "webhooks[0].clientConfig.url", "'https' is the only allowed URL scheme"),
    ({"clientConfig": {"url": "https://a/b?c=d"}}, "webhooks[0].clientConfig.url", "query parameters"),
    ({"admissionReviewVersions": ["v9"]}, "webhooks[0].admissionReviewVersions", "at least one of v1, v1beta1"),
    ({"rules": [{**MAPS, "operations": ["*", "CREATE"]}]}, "webhooks[0].rules[0].operations", "other operations"),
    ({"rules": [{**MAPS, "operations": ["READ"]}]}, "webhooks[0].rules[0].operations[0]", "Unsupported value"),
    ({"rules": [{**MAPS, "resources": ["*", "pods"]}]}, "webhooks[0].rules[0].resources", "without subresources"),
    (
        {"matchConditions": [{"name": "a", "expression": "request.name =="}]},
        "webhooks[0].matchConditions[0].expression",
        "compilation failed",
    ),
    (
        {"matchConditions": [{"name": "a", "expression": "authorizer.group('').check('x').allowed()"}]},
        "webhooks[0].matchConditions[0].expression",
        "undeclared reference to 'authorizer'",
    ),
    (
        {"objectSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
        "webhooks[0].objectSelector",
        "Near",
    ),
]


@pytest.mark.parametrize(("entry", "field", "why"), REFUSED)
def test_a_configuration_that_cannot_work_is_refused_with_the_field(run, entry, field, why):
    async def test(site):
        refused = await site.hook("v", lambda _: ALLOWED, **entry)
        assert refused.status == 422
        assert any(each["field"] == field and why in each["message"] for each in refused.json["details"]["causes"])
        assert (await site.ask("GET", f"{GROUP}/mutatingwebhookconfigurations")).json["items"] == []

    run(test)


def test_a_webhook_that_speaks_only_the_older_version_is_asked_in_it(run, config_map):
    async def test(site):
        await site.hook("v", lambda _: {"allowed": False}, kind="Validating", admissionReviewVersions=["v1beta1"])
        assert (await site.ask("POST", HERE, config_map())).status == 400

    run(test)


def test_a_configuration_that_goes_is_asked_no_more(run, config_map):
    async def test(site):
        await site.hook("v", lambda _: {"allowed": False}, kind="Validating")
        assert (await site.ask("DELETE", f"{GROUP}/validatingwebhookconfigurations/v")).status == 200
        assert (await site.ask("POST", HERE, config_map())).status == 201

    run(test)
