"""Admission in one call: what is stored, and what is refused."""

from typing import Any

import pytest

from reference_impl.apiserver.admission import prepare
from reference_impl.apiserver.crd import kinds_of
from reference_impl.builtin_kinds import BUILTIN_KINDS
from reference_impl.errors import Invalid
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json

_KINDS = {(info.group, info.kind): info for info in reversed(BUILTIN_KINDS)}
_SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {"size": {"type": "integer", "maximum": 5}, "mode": {"type": "string", "default": "fast"}},
            "x-kubernetes-validations": [{"rule": "self.size >= oldSelf.size", "message": "never smaller"}],
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def _site_kind() -> KindInfo:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": _SCHEMA}}
    spec = {
        "group": "e.com",
        "scope": "Namespaced",
        "names": {"plural": "sites", "kind": "Site"},
        "versions": [version],
    }
    return kinds_of({"metadata": {"name": "sites.e.com"}, "spec": spec})[0]


SITE = _site_kind()


def _site(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "e.com/v1", "kind": "Site", "metadata": {"name": "front"}, "spec": spec}


def test_a_custom_resource_is_pruned_and_defaulted_before_it_is_judged() -> None:
    stored = prepare(SITE, _site(size=3, junk=1), None, subresource=None)
    assert stored["spec"] == {"size": 3, "mode": "fast"}


def test_a_refusal_names_the_object_the_field_and_the_causes() -> None:
    with pytest.raises(Invalid) as caught:
        prepare(SITE, _site(size=7), None, subresource=None)
    assert caught.value.message.startswith(
        'Site.e.com "front" is invalid: [spec.size: Invalid value: 7: spec.size in body should be less than or equal'
    )
    assert caught.value.details is not None
    assert caught.value.details["kind"] == "Site"
    assert caught.value.details["causes"][0] == {
        "reason": "FieldValueInvalid",
        "message": "Invalid value: 7: spec.size in body should be less than or equal to 5",
        "field": "spec.size",
    }


def test_rules_are_not_asked_about_an_object_that_the_schema_refuses() -> None:
    with pytest.raises(Invalid, match="some validation rules were not checked because the object was invalid"):
        prepare(SITE, _site(size="x"), None, subresource=None)


def test_transition_rules_see_the_stored_object() -> None:
    old = prepare(SITE, _site(size=3), None, subresource=None)
    assert prepare(SITE, _site(size=4), old, subresource=None)["spec"]["size"] == 4
    with pytest.raises(
        Invalid, match=r'^Site\.e\.com "front" is invalid: spec: Invalid value: "object": never smaller$'
    ):
        prepare(SITE, _site(size=2), old, subresource=None)


def test_several_faults_are_listed_in_brackets() -> None:
    obj = {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 0}, {"port": 1, "name": "b"}]}}
    with pytest.raises(
        Invalid, match=r'^Service "a" is invalid: \[spec\.ports\[0\]\.port: .*, spec\.ports\[0\]\.name: '
    ):
        prepare(_KINDS["", "Service"], obj, None, subresource=None)


def test_nulls_are_not_stored_in_built_in_objects() -> None:
    obj = {"metadata": {"name": "a", "labels": None}, "spec": {"holderIdentity": None, "x": [{"y": None, "z": 1}]}}
    stored = prepare(_KINDS["coordination.k8s.io", "Lease"], obj, None, subresource=None)
    assert stored == {"metadata": {"name": "a"}, "spec": {"x": [{"z": 1}]}}


def test_a_status_write_is_not_held_up_by_the_spec() -> None:
    stored = {"metadata": {"name": "a"}, "spec": {"replicas": -1}, "status": {}}
    assert prepare(_KINDS["apps", "Deployment"], {**stored, "status": {"replicas": 1}}, stored, subresource="status")


def test_metadata_changes_do_not_judge_the_spec_again() -> None:
    stored = {"metadata": {"name": "a"}, "spec": {"replicas": -1}}
    changed = {"metadata": {"name": "a", "labels": {"x": "y"}}, "spec": {"replicas": -1}}
    assert prepare(_KINDS["apps", "Deployment"], changed, stored, subresource=None) == changed


@pytest.mark.parametrize("info", [SITE, _KINDS["", "Pod"], _KINDS["apps", "Deployment"]])
def test_neither_argument_is_mutated(info: KindInfo) -> None:
    spec = {
        "size": 3,
        "junk": {"a": None},
        "containers": [{"name": "c", "image": "i"}],
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }
    obj = {"metadata": {"name": "a"}, "spec": spec}
    old = prepare(info, copy_json(obj), None, subresource=None)
    before, old_before = copy_json(obj), copy_json(old)
    new = {**obj, "metadata": {"name": "a", "labels": {"x": "y"}}}
    prepare(info, new, old, subresource=None)
    assert (obj, old) == (before, old_before)
