"""Validation of built-in objects: what a controller's write can be refused for, kind by kind.

Pods and the kinds that make them are in `workload_validation.py`, metadata in `metadata_validation.py`. A kind that is
absent is stored as given; so is every field that no rule names. Unlike a server with compiled-in types this one does
not know the fields of built-in kinds: unknown ones are stored, not dropped.

Sources: kubernetes `pkg/apis/*/validation/validation.go` and the strategies under `pkg/registry`.
"""

import base64
import binascii
import re
from typing import Any, Final

from reference_impl.apiserver import field_errors, webhook_configurations, workload_validation
from reference_impl.apiserver.crd import validate_crd
from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.metadata_validation import undecodable, validate_metadata
from reference_impl.apiserver.workload_validation import IMMUTABLE, Validator, check_count
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

__all__ = ["validate", "validate_metadata"]

_CONFIG_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
_CONFIG_KEY_WHY: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_CONFIG_LIMIT_BYTES: Final = 1024 * 1024
_IMMUTABLE_SET: Final = "field is immutable when `immutable` is set"
_CLAIM_UPDATE: Final = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)


def validate(info: KindInfo, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
    """What is wrong with a built-in object (its metadata apart). Raises BadRequest for what cannot be decoded."""
    validator = _VALIDATORS.get((info.group, info.kind))
    causes: list[Cause] = []
    if validator is not None:
        validator(info, obj, old, causes)
    return causes


# ------------------------------------------------------------------ configuration


def _check_config_keys(data: Any, field: str, causes: list[Cause]) -> int:
    """Returns the size in bytes."""
    total = 0
    for key, value in (data or {}).items():
        if not _CONFIG_KEY.fullmatch(key):
            causes.append(field_errors.invalid_value(f"{field}[{key}]", key, _CONFIG_KEY_WHY))
        total += len(str(value).encode())
    return total


def _check_frozen(obj: JsonObject, old: JsonObject | None, fields: tuple[str, ...], causes: list[Cause]) -> None:
    if old is None or not old.get("immutable"):
        return
    if not obj.get("immutable"):
        causes.append(field_errors.forbidden("immutable", _IMMUTABLE_SET))
    for field in fields:
        if (obj.get(field) or {}) != (old.get(field) or {}):
            causes.append(field_errors.forbidden(field, _IMMUTABLE_SET))


def _check_config_map(info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    for value in (obj.get("data") or {}).values():
        if not isinstance(value, str):
            raise undecodable(info, value, "ConfigMap.data", "string")
    total = sum(_check_config_keys(obj.get(field), field, causes) for field in ("data", "binaryData"))
    if total > _CONFIG_LIMIT_BYTES:
        causes.append(field_errors.too_long("", _CONFIG_LIMIT_BYTES))
    for key in obj.get("binaryData") or {}:
        if key in (obj.get("data") or {}):
            causes.append(field_errors.invalid_value(f"data[{key}]", key, "duplicate of key present in binaryData"))
    _check_frozen(obj, old, ("data", "binaryData"), causes)


def _check_secret(info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    for value in (obj.get("data") or {}).values():
        if not isinstance(value, str):
            raise undecodable(info, value, "Secret.data", "[]uint8")
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error:
            raise BadRequest(
                f'Secret in version "v1" cannot be handled as a Secret: illegal base64 data: {value[:40]!r} in data'
            ) from None
    if _check_config_keys(obj.get("data"), "data", causes) > _CONFIG_LIMIT_BYTES:
        causes.append(field_errors.too_long("data", _CONFIG_LIMIT_BYTES))
    if old is not None and obj.get("type") != old.get("type"):
        causes.append(field_errors.invalid_value("type", obj.get("type"), IMMUTABLE))
    _check_frozen(obj, old, ("data",), causes)


# ------------------------------------------------------------------ services and storage


def _check_service(info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        causes.append(field_errors.required("spec.ports"))
        return
    kind, ports = spec.get("type"), spec.get("ports") or []
    if kind not in ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"):
        allowed = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
        causes.append(field_errors.not_supported("spec.type", kind, allowed))
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        causes.append(field_errors.required("spec.ports"))
    if kind == "ExternalName" and not spec.get("externalName"):
        causes.append(field_errors.required("spec.externalName"))
    _check_service_ports(info, ports, causes)
    before = (old or {}).get("spec") or {}
    was, now = before.get("clusterIP"), spec.get("clusterIP")
    if was and was != now and kind != "ExternalName" and before.get("type") != "ExternalName":
        why = "may not change once set"
        causes.append(field_errors.invalid_value("spec.clusterIPs[0]", spec.get("clusterIPs"), why))


def _check_service_ports(info: KindInfo, ports: list[Any], causes: list[Cause]) -> None:
    seen: dict[object, int] = {}
    names: dict[object, int] = {}
    for index, port in enumerate(ports):
        field = f"spec.ports[{index}]"
        number, name = port.get("port"), port.get("name")
        if not isinstance(number, int) or isinstance(number, bool):
            if number is not None:
                raise undecodable(info, number, "ServicePort.spec.ports.port", "int32")
            number = 0
        if not 1 <= number <= 65535:
            why = "must be between 1 and 65535, inclusive"
            causes.append(field_errors.invalid_value(f"{field}.port", number, why))
        if len(ports) > 1 and not name:
            causes.append(field_errors.required(f"{field}.name"))
        if name and name in names:
            causes.append(field_errors.duplicate(f"{field}.name", name))
        key = (number, port.get("protocol"))
        if key in seen:
            causes.append(field_errors.duplicate(field, {"port": number, "protocol": port.get("protocol")}))
        seen[key] = names[name] = index


def _check_claim(_: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        causes.append(field_errors.required("spec.accessModes", "at least 1 access mode is required"))
        return
    if not spec.get("accessModes"):
        causes.append(field_errors.required("spec.accessModes", "at least 1 access mode is required"))
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        causes.append(field_errors.required("spec.resources[storage]"))
    if old is None:
        return
    before = old.get("spec") or {}
    changes = [key for key in {**before, **spec} if before.get(key) != spec.get(key)]
    allowed = ["resources", "volumeAttributesClassName"] if before.get("volumeName") else []
    allowed += [key for key in ("volumeName", "storageClassName") if before.get(key) is None]
    if any(key not in allowed for key in changes):
        causes.append(field_errors.forbidden("spec", _CLAIM_UPDATE))


# ------------------------------------------------------------------ the rest


def _check_budget(_: KindInfo, obj: JsonObject, __: JsonObject | None, causes: list[Cause]) -> None:
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        why = "minAvailable and maxUnavailable cannot be both set"
        causes.append(field_errors.invalid_value("spec", spec, why))
    for name in ("minAvailable", "maxUnavailable"):
        value = spec.get(name)
        if isinstance(value, int) and value < 0:
            causes.append(field_errors.invalid_value(f"spec.{name}", value, "must be greater than or equal to 0"))


def _check_autoscaler(_: KindInfo, obj: JsonObject, __: JsonObject | None, causes: list[Cause]) -> None:
    spec = obj.get("spec") or {}
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if high < 1:
        causes.append(field_errors.invalid_value("spec.maxReplicas", high, "must be greater than 0"))
    elif high < low:
        why = "must be greater than or equal to `minReplicas`"
        causes.append(field_errors.invalid_value("spec.maxReplicas", high, why))


def _check_lease(_: KindInfo, obj: JsonObject, __: JsonObject | None, causes: list[Cause]) -> None:
    spec = obj.get("spec") or {}
    duration, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if isinstance(duration, int) and duration <= 0:
        causes.append(field_errors.invalid_value("spec.leaseDurationSeconds", duration, "must be greater than 0"))
    if isinstance(transitions, int) and transitions < 0:
        why = "must be greater than or equal to 0"
        causes.append(field_errors.invalid_value("spec.leaseTransitions", transitions, why))


def _check_event(_: KindInfo, obj: JsonObject, __: JsonObject | None, causes: list[Cause]) -> None:
    about = (obj.get("involvedObject") or obj.get("regarding") or {}).get("namespace") or ""
    namespace = obj["metadata"].get("namespace") or ""
    if about != namespace and not (about == "" and namespace == "default"):
        causes.append(field_errors.invalid_value("involvedObject.namespace", about, "does not match event.namespace"))


def _check_binding(_: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    if not (obj.get("roleRef") or {}).get("name"):
        causes.append(field_errors.required("roleRef.name"))
    if old is not None and obj.get("roleRef") != old.get("roleRef"):
        causes.append(field_errors.invalid_value("roleRef", obj.get("roleRef"), "cannot change roleRef"))


def _check_revision(_: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    if obj.get("revision", 0) < 0:
        causes.append(field_errors.invalid_value("revision", obj["revision"], "must be greater than or equal to 0"))
    if old is not None and obj.get("data") != old.get("data"):
        causes.append(field_errors.invalid_value("data", obj.get("data"), IMMUTABLE))


def _check_slice(_: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    kind = obj.get("addressType")
    if not kind:
        causes.append(field_errors.required("addressType"))
    elif kind not in ("IPv4", "IPv6", "FQDN"):
        causes.append(field_errors.not_supported("addressType", kind, ["FQDN", "IPv4", "IPv6"]))
    if old is not None and kind != old.get("addressType"):
        causes.append(field_errors.invalid_value("addressType", kind, IMMUTABLE))
    endpoints = obj.get("endpoints") or []
    if len(endpoints) > 1000:
        causes.append(field_errors.too_many("endpoints", len(endpoints), 1000))
    for index, endpoint in enumerate(endpoints):
        if not endpoint.get("addresses"):
            field = f"endpoints[{index}].addresses"
            causes.append(field_errors.required(field, "must contain at least 1 address"))


def _check_storage_class(_: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    if not obj.get("provisioner"):
        causes.append(field_errors.required("provisioner"))
    for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
        if old is not None and obj.get(field) != old.get(field):
            causes.append(field_errors.forbidden(field, f"updates to {field} are forbidden."))


def _check_priority_class(_: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    if old is not None and obj.get("value") != old.get("value"):
        causes.append(field_errors.forbidden("value", "may not be changed in an update."))


def _check_controller(info: KindInfo, obj: JsonObject, _: JsonObject | None, causes: list[Cause]) -> None:
    spec = obj.get("spec") or {}
    check_count(info, spec, "replicas", causes)
    if not spec.get("selector"):
        causes.append(field_errors.required("spec.selector"))
    workload_validation.check_template(spec, causes)


def _check_crd(_: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    causes.extend(validate_crd(obj, old))


_VALIDATORS: Final[dict[tuple[str, str], Validator]] = {
    **workload_validation.VALIDATORS,
    ("", "ConfigMap"): _check_config_map,
    ("", "Event"): _check_event,
    ("", "PersistentVolumeClaim"): _check_claim,
    ("", "ReplicationController"): _check_controller,
    ("", "Secret"): _check_secret,
    ("", "Service"): _check_service,
    (webhook_configurations.GROUP, "MutatingWebhookConfiguration"): webhook_configurations.validate,
    (webhook_configurations.GROUP, "ValidatingWebhookConfiguration"): webhook_configurations.validate,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _check_crd,
    ("apps", "ControllerRevision"): _check_revision,
    ("autoscaling", "HorizontalPodAutoscaler"): _check_autoscaler,
    ("coordination.k8s.io", "Lease"): _check_lease,
    ("discovery.k8s.io", "EndpointSlice"): _check_slice,
    ("events.k8s.io", "Event"): _check_event,
    ("policy", "PodDisruptionBudget"): _check_budget,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _check_binding,
    ("rbac.authorization.k8s.io", "RoleBinding"): _check_binding,
    ("scheduling.k8s.io", "PriorityClass"): _check_priority_class,
    ("storage.k8s.io", "StorageClass"): _check_storage_class,
}
