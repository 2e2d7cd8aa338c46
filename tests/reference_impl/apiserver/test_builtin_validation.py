"""Validation of built-in kinds other than workloads."""

from typing import Any

import pytest

from reference_impl.apiserver.builtin_validation import validate
from reference_impl.builtin_kinds import BUILTIN_KINDS
from reference_impl.errors import BadRequest

_KINDS = {info.kind: info for info in reversed(BUILTIN_KINDS) if info.group != "events.k8s.io"}


def _faults(kind: str, obj: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    base = {"metadata": {"name": "a", "namespace": "default"}}
    causes = validate(_KINDS[kind], {**base, **obj}, None if old is None else {**base, **old})
    return [f"{cause['field']}: {cause['message']}" for cause in causes]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_immutable_data_stays(kind: str) -> None:
    old = {"data": {"a": "aGk="}, "immutable": True}
    assert _faults(kind, old, old) == []
    assert _faults(kind, {"data": {"a": "aG8="}, "immutable": True}, old) == [
        "data: Forbidden: field is immutable when `immutable` is set"
    ]
    assert _faults(kind, {"data": {"a": "aGk="}}, old) == [
        "immutable: Forbidden: field is immutable when `immutable` is set"
    ]


def test_keys_of_configuration_have_a_syntax() -> None:
    assert _faults("ConfigMap", {"data": {"a b": "c"}})[0].startswith(
        'data[a b]: Invalid value: "a b": a valid config key'
    )


def test_values_that_cannot_be_decoded_are_a_bad_request() -> None:
    with pytest.raises(
        BadRequest, match=r"cannot unmarshal number into Go struct field ConfigMap\.data of type string"
    ):
        _faults("ConfigMap", {"data": {"a": 1}})
    with pytest.raises(BadRequest, match="illegal base64 data"):
        _faults("Secret", {"data": {"a": "no base64"}})


def test_the_type_of_a_secret_is_immutable() -> None:
    assert _faults("Secret", {"type": "b"}, {"type": "a"}) == ['type: Invalid value: "b": field is immutable']


SERVICE = {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": [{"port": 80}]}


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({**SERVICE, "ports": []}, "spec.ports: Required value"),
        ({**SERVICE, "ports": [{"port": 0}]},
         "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"),
        ({**SERVICE, "ports": [{"port": 80}, {"port": 81, "name": "b"}]}, "spec.ports[0].name: Required value"),
        ({**SERVICE, "ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]},
         'spec.ports[1]: Duplicate value: {"port":80,"protocol":null}'),
        ({**SERVICE, "type": "Magic"}, 'spec.type: Unsupported value: "Magic"'),
        ({"type": "ExternalName"}, "spec.externalName: Required value"),
    ],
)  # fmt: skip
def test_a_faulty_service_is_refused(spec: dict[str, Any], fault: str) -> None:
    assert any(text.startswith(fault) for text in _faults("Service", {"spec": spec}))


def test_a_headless_service_needs_no_ports() -> None:
    assert _faults("Service", {"spec": {"type": "ClusterIP", "clusterIP": "None"}}) == []


def test_a_cluster_ip_does_not_change() -> None:
    new = {**SERVICE, "clusterIP": "10.0.0.2", "clusterIPs": ["10.0.0.2"]}
    assert _faults("Service", {"spec": new}, {"spec": SERVICE}) == [
        'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'
    ]


CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "s"}


def test_a_claim_is_immutable_but_for_binding_and_growing() -> None:
    bound = {**CLAIM, "volumeName": "v"}
    grown = {**bound, "resources": {"requests": {"storage": "2Gi"}}}
    assert _faults("PersistentVolumeClaim", {"spec": bound}, {"spec": CLAIM}) == []
    assert _faults("PersistentVolumeClaim", {"spec": grown}, {"spec": bound}) == []
    for new, old in (
        ({**CLAIM, "storageClassName": "t"}, CLAIM),
        ({**bound, "volumeName": "w"}, bound),
        (grown, CLAIM),
    ):
        assert _faults("PersistentVolumeClaim", {"spec": new}, {"spec": old}) == [
            "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName "
            "for bound claims"
        ]


def test_a_claim_asks_for_access_and_storage() -> None:
    assert _faults("PersistentVolumeClaim", {"spec": {}}) == [
        "spec.accessModes: Required value: at least 1 access mode is required",
        "spec.resources[storage]: Required value",
    ]


@pytest.mark.parametrize(
    ("kind", "obj", "fault"),
    [
        ("PodDisruptionBudget", {"spec": {"minAvailable": 1, "maxUnavailable": 1}},
         "minAvailable and maxUnavailable cannot be both set"),
        ("HorizontalPodAutoscaler", {"spec": {"minReplicas": 3, "maxReplicas": 2}},
         "must be greater than or equal to `minReplicas`"),
        ("Lease", {"spec": {"leaseDurationSeconds": 0}},
         "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"),
        ("Event", {"involvedObject": {"namespace": "other"}},
         'involvedObject.namespace: Invalid value: "other": does not match event.namespace'),
        ("RoleBinding", {}, "roleRef.name: Required value"),
        ("EndpointSlice", {"addressType": "IPv9"}, 'addressType: Unsupported value: "IPv9"'),
        ("EndpointSlice", {"addressType": "IPv4", "endpoints": [{}]},
         "endpoints[0].addresses: Required value: must contain at least 1 address"),
        ("StorageClass", {}, "provisioner: Required value"),
    ],
)  # fmt: skip
def test_a_faulty_object_is_refused(kind: str, obj: dict[str, Any], fault: str) -> None:
    assert any(fault in text for text in _faults(kind, obj)), _faults(kind, obj)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("RoleBinding", {"roleRef": {"name": "a"}}, {"roleRef": {"name": "b"}}),
        ("ControllerRevision", {"data": {"a": 1}}, {"data": {"a": 2}}),
        ("EndpointSlice", {"addressType": "IPv4"}, {"addressType": "IPv6"}),
        ("StorageClass", {"provisioner": "a"}, {"provisioner": "b"}),
        ("PriorityClass", {"value": 1}, {"value": 2}),
    ],
)
def test_what_cannot_change_is_refused(kind: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert _faults(kind, old, old) == []
    assert len(_faults(kind, new, old)) == 1
