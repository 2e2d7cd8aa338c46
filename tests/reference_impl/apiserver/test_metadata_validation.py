"""Validation of metadata."""

from typing import Any

import pytest

from reference_impl.apiserver.metadata_validation import validate_metadata
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo


def _kind(kind: str = "ConfigMap", group: str = "", *, crd: str | None = None) -> KindInfo:
    return KindInfo(group=group, version="v1", kind=kind, plural=kind.lower() + "s", namespaced=True, crd=crd)


def _faults(info: KindInfo, metadata: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    causes = validate_metadata(info, {"metadata": metadata}, None if old is None else {"metadata": old})
    return [f"{cause['field']}: {cause['message']}" for cause in causes]


OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "1"}


@pytest.mark.parametrize(
    ("info", "name", "good"),
    [
        (_kind(), "a.b-c", True),
        (_kind(), "A", False),
        (_kind(), "a_b", False),
        (_kind(), "-a", False),
        (_kind(), "a" * 253, True),
        (_kind(), "a" * 254, False),
        (_kind("Namespace"), "a.b", False),
        (_kind("Service"), "1a", False),
        (_kind("Service"), "a1", True),
        (_kind("CronJob", "batch"), "a" * 52, True),
        (_kind("CronJob", "batch"), "a" * 53, False),
        (_kind("ClusterRole", "rbac.authorization.k8s.io"), "system:Admin", True),
        (_kind("ClusterRole", "rbac.authorization.k8s.io"), "a/b", False),
        (_kind("Site", "e.com", crd="sites.e.com"), "a.b", True),
    ],
)
def test_names_follow_the_rule_of_their_kind(info: KindInfo, name: str, good: bool) -> None:
    assert (_faults(info, {"name": name}) == []) is good


def test_a_bad_name_is_worded_as_kubernetes_words_it() -> None:
    assert _faults(_kind(), {"name": "A"}) == [
        'metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric '
        "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
        r"for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    ]


def test_a_name_or_a_generate_name_is_required() -> None:
    assert _faults(_kind(), {}) == ["metadata.name: Required value: name or generateName is required"]
    assert _faults(_kind(), {"generateName": "a-"}) == []
    assert _faults(_kind(), {"generateName": "AB-"}) != []


@pytest.mark.parametrize(
    ("labels", "good"),
    [
        ({"a": "b"}, True),
        ({"e.com/a_B.c": ""}, True),
        ({"a": "b c"}, False),
        ({"a b": "c"}, False),
        ({"E.com/a": "b"}, False),
        ({"/a": "b"}, False),
        ({"a/b/c": "d"}, False),
        ({"a": "x" * 64}, False),
        ({"x" * 64: "a"}, False),
    ],
)
def test_labels_are_qualified_names_with_short_values(labels: dict[str, str], good: bool) -> None:
    assert (_faults(_kind(), {"name": "a", "labels": labels}) == []) is good


def test_a_label_that_is_no_string_cannot_be_decoded() -> None:
    with pytest.raises(BadRequest, match=r"cannot unmarshal number into Go struct field ObjectMeta\.metadata\.labels"):
        _faults(_kind(), {"name": "a", "labels": {"a": 1}})


def test_a_null_label_is_no_label() -> None:
    assert _faults(_kind(), {"name": "a", "labels": {"a": None}, "annotations": {"b": None}}) == []


def test_annotations_have_a_total_size() -> None:
    assert _faults(_kind(), {"name": "a", "annotations": {"A.com/x": "y" * 1000}}) == []
    assert _faults(_kind(), {"name": "a", "annotations": {"x": "y" * 262_144}}) == [
        "metadata.annotations: Too long: may not be more than 262144 bytes"
    ]


def test_finalizers_of_built_in_kinds_are_standard_or_qualified() -> None:
    custom = _kind("Site", "e.com", crd="sites.e.com")
    for name in ("e.com/x", "orphan", "foregroundDeletion"):
        assert _faults(_kind(), {"name": "a", "finalizers": [name]}) == []
    assert _faults(custom, {"name": "a", "finalizers": ["mine"]}) == []
    assert _faults(_kind(), {"name": "a", "finalizers": ["mine"]}) == [
        'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully '
        "qualified"
    ]
    assert _faults(custom, {"name": "a", "finalizers": ["a b"]}) != []


@pytest.mark.parametrize("missing", ["apiVersion", "kind", "name", "uid"])
def test_an_owner_reference_is_complete(missing: str) -> None:
    owner = {key: value for key, value in OWNER.items() if key != missing}
    why = "version must not be empty" if missing == "apiVersion" else "must not be empty"
    assert _faults(_kind(), {"name": "a", "ownerReferences": [owner]}) == [
        f'metadata.ownerReferences[0].{missing}: Invalid value: "": {why}'
    ]


def test_only_one_owner_may_be_the_controller() -> None:
    owners = [{**OWNER, "controller": True}, {**OWNER, "uid": "2", "controller": False}]
    assert _faults(_kind(), {"name": "a", "ownerReferences": owners}) == []
    owners[1]["controller"] = True
    assert (
        "Only one reference can have Controller set to true"
        in _faults(_kind(), {"name": "a", "ownerReferences": owners})[0]
    )


def test_an_update_is_judged_by_what_it_changes() -> None:
    stored = {"name": "A", "labels": {"a b": "c"}}
    assert _faults(_kind(), stored, old=stored) == []
    assert _faults(_kind(), {**stored, "labels": {"a b": "d"}}, old=stored) != []
