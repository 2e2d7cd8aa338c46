from typing import Any

import pytest
from hypothesis import strategies

from harness.edits import choices, extra_values, merge_patch, value_at
from harness.errors import UsageError
from harness.manifests import kinds_served
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject
from tests.harness.samples import CRD, SETTINGS, SITE

KINDS = kinds_served([CRD])
WEBSITE = KINDS.resolve("example.com/v1", "Website")


def offered(*siblings: JsonObject, extra: dict[tuple[str, ...], list[Any]] | None = None) -> dict[str, list[Any]]:
    return {".".join(path): values for path, values in choices(WEBSITE, list(siblings), extra or {}).items()}


def test_values_come_from_enums_booleans_bounds_and_defaults() -> None:
    fields = offered(SITE)
    assert fields["spec.tier"] == ["gold", "silver"]
    assert fields["spec.tls"] == [True, False]
    assert fields["spec.size"] == [1, 2, 3, 4]
    assert fields["spec.replicas"] == [0, 1, 2, 3, 4, 5]


def test_free_text_is_taken_from_manifests_only() -> None:
    assert offered(SITE)["spec.title"] == ["Front"]
    other = {**SITE, "spec": {"size": 2, "title": "Other"}}
    assert offered(SITE, other)["spec.title"] == ["Front", "Other"]


def test_what_nobody_uses_is_not_switched_on_from_inside() -> None:
    assert "spec.probe.on" not in offered(SITE)
    assert "spec.probe.on" in offered({**SITE, "spec": {"size": 1, "probe": {"on": False}}})


def test_large_ranges_are_tried_near_the_given_value() -> None:
    port = {"type": "integer", "minimum": 1, "maximum": 65535}
    schema = {"properties": {"spec": {"type": "object", "properties": {"port": port}}}}
    crd = {**CRD, "spec": {**CRD["spec"], "versions": [{**CRD["spec"]["versions"][0], "subresources": {}}]}}
    crd["spec"]["versions"][0]["schema"] = {
        "openAPIV3Schema": {"type": "object", "properties": {"spec": {**schema["properties"]["spec"]}}}
    }
    info = kinds_served([crd]).resolve("example.com/v1", "Website")
    sibling = {**SITE, "spec": {"port": 8080}}
    assert choices(info, [sibling], {})["spec", "port"] == [8079, 8081, 8082, 8080]


def test_built_in_kinds_offer_what_users_do_change() -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 9}}
    fields = choices(KINDS.resolve("apps/v1", "Deployment"), [deployment], {})
    assert fields["spec", "replicas"] == [0, 1, 2, 3, 4, 5, 9]
    assert any(path[-1] == "kubectl.kubernetes.io/restartedAt" for path in fields)
    assert list(choices(KINDS.resolve("v1", "ConfigMap"), [SETTINGS], {})) == [("data", "colour")]


def test_strategies_give_the_same_examples_in_every_run() -> None:
    edits = {"Website.spec.size": strategies.integers(1, 1000), "Website.spec.title": ["x"]}
    first, second = extra_values(edits), extra_values(edits)
    assert first == second
    assert 1 < len(first["Website"]["spec", "size"]) <= 20
    assert first["Website"]["spec", "title"] == ["x"]


@pytest.mark.parametrize("values", [3, [object()], [float("nan")]])
def test_edits_that_give_no_json_values_are_refused(values: Any) -> None:
    with pytest.raises(UsageError, match=r"Website\.spec\.size"):
        extra_values({"Website.spec.size": values})


def test_a_merge_patch_sets_what_is_read_back() -> None:
    assert merge_patch(("a", "b"), 1) == {"a": {"b": 1}}
    assert value_at({"a": {"b": 1}}, ("a", "b")) == 1
    assert value_at({"a": 1}, ("a", "b")) is None


def test_fuzzing_opens_the_whole_schema_and_only_when_asked_for() -> None:
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"note": {"type": "string"}, "size": {"type": "integer"}}},
        },
    }
    info = KindInfo(group="example.com", version="v1", kind="Thing", plural="things", namespaced=True, schema=schema)
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": 3}}
    sober, fuzzed = choices(info, [thing], {}), choices(info, [thing], {}, fuzz=True)
    assert ("spec", "note") not in sober
    assert {"", None} <= set(fuzzed["spec", "note"])
    assert -1 in fuzzed["spec", "size"]
