"""CustomResourceDefinitions: which are valid, what they define, and their status."""

from typing import Any

import pytest

from reference_impl.apiserver.crd import convert, crd_status, default_crd, kinds_of, validate_crd
from reference_impl.errors import Invalid, NotImplementedByServer
from reference_impl.objects import copy_json


def _version(name: str = "v1", *, storage: bool = True, served: bool = True, **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    return {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": schema}, **more}


def _crd(*versions: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "sites.e.com"},
        "spec": {
            "group": "e.com",
            "scope": "Namespaced",
            "names": {"plural": "sites", "kind": "Site", "shortNames": ["st"]},
            "versions": list(versions) or [_version()],
            **spec,
        },
    }


def _faults(crd: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    return [f"{cause['field']}: {cause['message']}" for cause in validate_crd(crd, old)]


def test_a_crd_defines_a_kind_for_each_served_version_the_stored_one_first() -> None:
    crd = _crd(_version("v1beta1", storage=False), _version("v1"), _version("v0", storage=False, served=False))
    assert [info.api_version for info in kinds_of(crd)] == ["e.com/v1", "e.com/v1beta1"]


def test_the_kind_carries_what_the_crd_says() -> None:
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    info = kinds_of(_crd(_version(subresources={"status": {}, "scale": scale})))[0]
    assert (info.kind, info.resource, info.namespaced, info.crd) == ("Site", "sites.e.com", True, "sites.e.com")
    assert info.subresources == {"status", "scale"}
    assert info.short_names == ("st",)
    assert info.extra["scale"] == scale


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"scope": "Global"}, 'spec.scope: Unsupported value: "Global"'),
        ({"group": "e"}, 'spec.group: Invalid value: "e": should be a domain with at least one dot'),
        ({"group": "f.com"}, 'metadata.name: Invalid value: "sites.e.com": must be spec.names.plural+"."+spec.group'),
        ({"names": {"plural": "sites"}}, "spec.names.kind: Required value"),
        ({"versions": []}, "spec.versions: Required value"),
        ({"versions": [_version(storage=False)]}, "must have exactly one version marked as storage version"),
        ({"versions": [_version(), _version("v2")]}, "must have exactly one version marked as storage version"),
        ({"versions": [_version(), _version(storage=False)]}, "must contain unique version names"),
        ({"versions": [_version("V1")]}, 'spec.versions[0].name: Invalid value: "V1"'),
        ({"versions": [{"name": "v1", "served": True, "storage": True}]},
         "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required"),
        ({"versions": [_version(subresources={"scale": {"specReplicasPath": "size"}})]},
         "specReplicasPath: Invalid value: \"size\": should be a json path under .spec"),
        ({"preserveUnknownFields": True}, "spec.preserveUnknownFields: Invalid value: true"),
    ],
)  # fmt: skip
def test_a_faulty_crd_is_refused_with_the_path(change: dict[str, Any], fault: str) -> None:
    assert any(fault in text for text in _faults(_crd(**change))), _faults(_crd(**change))
    with pytest.raises(Invalid):
        kinds_of(_crd(**change))


def test_a_rule_that_does_not_compile_refuses_the_crd_with_its_path() -> None:
    version = _version()
    version["schema"]["openAPIV3Schema"]["x-kubernetes-validations"] = [{"rule": "self.("}]
    with pytest.raises(
        Invalid, match=r"spec\.versions\[0\]\.schema\.openAPIV3Schema\.x-kubernetes-validations\[0\]\.rule"
    ):
        kinds_of(_crd(version))


def test_a_conversion_webhook_is_a_named_limit() -> None:
    with pytest.raises(NotImplementedByServer, match=r"spec\.conversion\.strategy: Webhook"):
        kinds_of(_crd(conversion={"strategy": "Webhook"}))


def test_scope_and_names_cannot_change() -> None:
    assert _faults(_crd(scope="Cluster"), _crd()) == ['spec.scope: Invalid value: "Cluster": field is immutable']


def test_a_stored_version_cannot_be_dropped() -> None:
    crd = {**_crd(_version("v2")), "status": {"storedVersions": ["v1", "v2"]}}
    assert _faults(crd, _crd())[0].startswith(
        'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions'
    )


def test_names_and_conversion_are_defaulted() -> None:
    crd = _crd()
    before = copy_json(crd)
    spec = default_crd(crd)["spec"]
    assert (spec["names"]["singular"], spec["names"]["listKind"]) == ("site", "SiteList")
    assert spec["conversion"] == {"strategy": "None"}
    assert crd == before


def test_the_status_of_a_new_crd_is_established() -> None:
    status = crd_status(_crd(), now="2026-01-01T00:00:00Z")
    assert {c["type"]: c["status"] for c in status["conditions"]} == {"NamesAccepted": "True", "Established": "True"}
    assert status["storedVersions"] == ["v1"]
    assert status["acceptedNames"]["listKind"] == "SiteList"


def test_stored_versions_accumulate_and_conditions_keep_their_time() -> None:
    crd = {**_crd(_version("v2")), "status": crd_status(_crd(), now="2026-01-01T00:00:00Z")}
    status = crd_status(crd, now="2026-02-02T00:00:00Z")
    assert status["storedVersions"] == ["v1", "v2"]
    assert {c["lastTransitionTime"] for c in status["conditions"]} == {"2026-01-01T00:00:00Z"}


def test_conversion_renames_and_applies_the_other_schema() -> None:
    narrow = _version("v1beta1", storage=False)
    narrow["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"] = {"old": {"type": "integer", "default": 1}}
    v1, beta = kinds_of(_crd(_version(), narrow))
    obj = {"apiVersion": "e.com/v1", "kind": "Site", "metadata": {"name": "a"}, "spec": {"size": 1}}
    assert convert(obj, v1) is obj
    assert convert(obj, beta) == {**obj, "apiVersion": "e.com/v1beta1", "spec": {"old": 1}}
