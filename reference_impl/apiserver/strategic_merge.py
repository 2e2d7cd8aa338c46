"""Strategic merge patch: a merge patch that knows which lists of built-in kinds are merged, and by what key.

Objects merge; lists are replaced unless `_FIELDS` says otherwise. Directives: `$patch: replace | delete`,
`$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>`, `$retainKeys`. In a merged list the items that the patch
names come first where the old list does not say otherwise, which is what a real API server does and surprises people.

Nothing is mutated; what the patch does not touch is shared with the original. Types that no field below leads to have
no merged lists. A key of two fields does not exist here: container ports merge by `containerPort` alone.

Sources: apimachinery `pkg/util/strategicpatch`; the `patchStrategy` and `patchMergeKey` tags of k8s.io/api 1.34.
"""

from typing import Any, Final, NamedTuple

from reference_impl.errors import ApiError, BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject


class Field(NamedTuple):
    """How one field merges. `type`: what its value (or its items) is, for the fields below it."""

    type: str = ""
    merges: bool = False
    key: str = ""
    replaces: bool = False


_PLAIN: Final = Field()


def _merged(key: str = "", type: str = "") -> Field:
    return Field(type=type, merges=True, key=key)


_CONDITIONS: Final = {"conditions": _merged("type")}
_FIELDS: Final[dict[str, dict[str, Field]]] = {
    "ObjectMeta": {"ownerReferences": _merged("uid"), "finalizers": _merged()},
    "PodTemplateSpec": {"metadata": Field("ObjectMeta"), "spec": Field("PodSpec")},
    "PodSpec": {
        "containers": _merged("name", "Container"),
        "initContainers": _merged("name", "Container"),
        "ephemeralContainers": _merged("name", "Container"),
        "volumes": _merged("name"),
        "imagePullSecrets": _merged("name"),
        "hostAliases": _merged("ip"),
        "topologySpreadConstraints": _merged("topologyKey"),
        "resourceClaims": _merged("name"),
        "schedulingGates": _merged("name"),
    },
    "Container": {
        "env": _merged("name"),
        "ports": _merged("containerPort"),
        "volumeMounts": _merged("mountPath"),
        "volumeDevices": _merged("devicePath"),
    },
    "PodStatus": {
        **_CONDITIONS,
        "podIPs": _merged("ip"),
        "hostIPs": _merged("ip"),
        "resourceClaimStatuses": _merged("name"),
    },
    "NodeSpec": {"podCIDRs": _merged()},
    "NodeStatus": {**_CONDITIONS, "addresses": _merged("type")},
    "ServiceSpec": {"ports": _merged("port")},
    "WorkloadSpec": {"template": Field("PodTemplateSpec")},
    "CronJobSpec": {"jobTemplate": Field("JobTemplateSpec")},
    "JobTemplateSpec": {"metadata": Field("ObjectMeta"), "spec": Field("WorkloadSpec")},
    "DisruptionSpec": {"selector": Field(replaces=True)},
    "PolicySpec": {"matchConditions": _merged("name"), "variables": _merged("name")},
    "CSINodeSpec": {"drivers": _merged("name")},
    "ClaimStatus": {"reservedFor": _merged("uid")},
    "Conditions": _CONDITIONS,
}

_ROOTS: Final[dict[tuple[str, str], dict[str, Field]]] = {
    ("", "Pod"): {"spec": Field("PodSpec"), "status": Field("PodStatus")},
    ("", "PodTemplate"): {"template": Field("PodTemplateSpec")},
    ("", "Node"): {"spec": Field("NodeSpec"), "status": Field("NodeStatus")},
    ("", "Service"): {"spec": Field("ServiceSpec"), "status": Field("Conditions")},
    ("", "ServiceAccount"): {"secrets": _merged("name")},
    ("", "Namespace"): {"status": Field("Conditions")},
    ("", "PersistentVolumeClaim"): {"status": Field("Conditions")},
    ("", "ReplicationController"): {"spec": Field("WorkloadSpec"), "status": Field("Conditions")},
    ("apps", "Deployment"): {"spec": Field("WorkloadSpec"), "status": Field("Conditions")},
    ("apps", "ReplicaSet"): {"spec": Field("WorkloadSpec"), "status": Field("Conditions")},
    ("apps", "StatefulSet"): {"spec": Field("WorkloadSpec"), "status": Field("Conditions")},
    ("apps", "DaemonSet"): {"spec": Field("WorkloadSpec"), "status": Field("Conditions")},
    ("batch", "Job"): {"spec": Field("WorkloadSpec"), "status": Field("Conditions")},
    ("batch", "CronJob"): {"spec": Field("CronJobSpec")},
    ("policy", "PodDisruptionBudget"): {"spec": Field("DisruptionSpec"), "status": Field("Conditions")},
    ("autoscaling", "HorizontalPodAutoscaler"): {"status": Field("Conditions")},
    ("networking.k8s.io", "ServiceCIDR"): {"status": Field("Conditions")},
    ("storage.k8s.io", "CSINode"): {"spec": Field("CSINodeSpec")},
    ("resource.k8s.io", "ResourceClaim"): {"status": Field("ClaimStatus")},
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): {"status": Field("Conditions")},
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): {"status": Field("Conditions")},
    ("apiregistration.k8s.io", "APIService"): {"status": Field("Conditions")},
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): {"webhooks": _merged("name")},
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): {"webhooks": _merged("name")},
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): {"spec": Field("PolicySpec")},
}
_METADATA: Final = {"metadata": Field("ObjectMeta")}

_ORDER: Final = "$setElementOrder/"
_REMOVE: Final = "$deleteFromPrimitiveList/"
_RETAIN: Final = "$retainKeys"
_DIRECTIVE: Final = "$patch"


def merge(info: KindInfo, current: JsonObject, patch: JsonObject) -> JsonObject:
    """The object that the patch makes of `current`. Raises BadRequest for a malformed directive, and ApiError 500, as
    Kubernetes does, for a list item without its merge key."""
    fields = {**_METADATA, **_ROOTS.get((info.group, info.kind), {})}
    return _merge_object(current, patch, fields)


def _fields_of(field: Field) -> dict[str, Field]:
    return _FIELDS.get(field.type, {})


def _merge_object(original: JsonObject, patch: JsonObject, fields: dict[str, Field]) -> JsonObject:
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return {key: _cleaned(value) for key, value in patch.items() if value is not None and not key.startswith("$")}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise _bad_directive(directive, patch)
    result = _retained(original, patch)
    for name, value in patch.items():
        if name.startswith(_REMOVE):
            _remove_primitives(result, name.removeprefix(_REMOVE), value)
        elif not name.startswith("$"):
            _merge_field(result, name, value, fields.get(name, _PLAIN), patch.get(_ORDER + name))
    for name, order in patch.items():
        if name.startswith(_ORDER) and name.removeprefix(_ORDER) not in patch:
            _reorder(result, name.removeprefix(_ORDER), order, fields)
    return result


def _merge_field(result: JsonObject, name: str, value: Any, field: Field, order: Any) -> None:
    old = result.get(name)
    if value is None:
        result.pop(name, None)
    elif type(old) is dict and type(value) is dict and not field.replaces:
        result[name] = _merge_object(old, value, _fields_of(field))
    elif type(old) is list and type(value) is list and field.merges:
        result[name] = _merge_list(old, value, field, order)
    else:
        result[name] = _cleaned(value)


def _retained(original: JsonObject, patch: JsonObject) -> JsonObject:
    """The original without what `$retainKeys` does not list."""
    keep = patch.get(_RETAIN)
    if keep is None:
        return dict(original)
    if type(keep) is not list or any(
        name not in keep for name, value in patch.items() if value is not None and not name.startswith("$")
    ):
        raise BadRequest(
            f"invalid patch format of retainKeys: it must list every field that the patch sets, not {keep}"
        )
    return {name: value for name, value in original.items() if name in keep}


def _merge_list(old: list[Any], new: list[Any], field: Field, order: Any) -> list[Any]:
    if not field.key:
        merged = list(dict.fromkeys([*old, *new]))
        named = order if order is not None else new
        return _ordered(merged, old, _checked_order(order, new) if order is not None else named, "")
    if any(type(item) is not dict for item in new):
        raise ApiError("list element types are not identical: a patch of this list must hold objects")
    kept = _without_deleted(old, new, field.key)
    additions = [item for item in new if _DIRECTIVE not in item]
    merged = _merge_items(kept, additions, field)
    if any(item.get(_DIRECTIVE) == "replace" for item in new):
        return merged
    wanted = _checked_order(order, additions, field.key) if order is not None else additions
    return _ordered(merged, old, [_key(item, field.key) for item in wanted], field.key)


def _without_deleted(old: list[Any], new: list[Any], key: str) -> list[Any]:
    kept = old
    for item in new:
        directive = item.get(_DIRECTIVE)
        if directive is None:
            continue
        if directive == "replace":
            return []
        if directive != "delete":
            raise _bad_directive(directive, item)
        gone = _key(item, key)
        kept = [other for other in kept if other.get(key) != gone]
    return kept


def _merge_items(old: list[Any], new: list[Any], field: Field) -> list[Any]:
    merged = list(old)
    for item in new:
        wanted = _key(item, field.key)
        for index, other in enumerate(merged):
            if other.get(field.key) == wanted:
                merged[index] = _merge_object(other, item, _fields_of(field))
                break
        else:
            merged.append(_cleaned(item))
    return merged


def _ordered(merged: list[Any], old: list[Any], named: list[Any], key: str) -> list[Any]:
    """Named items in their order, woven with the others: an old item goes before a named one that it used to precede.

    What neither says is put first: the named ones (`normalizeElementOrder`).
    """
    rank = {name: index for index, name in reversed(list(enumerate(named)))}
    before = {_key(item, key): index for index, item in reversed(list(enumerate(old)))}
    theirs = sorted((i for i in merged if _key(i, key) in rank), key=lambda i: rank[_key(i, key)])
    others = [i for i in merged if _key(i, key) not in rank]
    woven: list[Any] = []
    while theirs and others:
        left, right = before.get(_key(others[0], key)), before.get(_key(theirs[0], key))
        goes_first = left is not None and right is not None and left < right
        woven.append((others if goes_first else theirs).pop(0))
    return [*woven, *theirs, *others]


def _reorder(result: JsonObject, name: str, order: Any, fields: dict[str, Field]) -> None:
    """A `$setElementOrder` for a list that the patch does not change otherwise."""
    items, field = result.get(name), fields.get(name, _PLAIN)
    if type(items) is not list or not items:
        return
    named = [_key(item, field.key) for item in _checked_order(order, [], field.key)]
    result[name] = _ordered(items, items, named, field.key)


def _checked_order(order: Any, items: list[Any], key: str = "") -> list[Any]:
    if not isinstance(order, list):
        raise BadRequest("invalid patch format of setElementOrder list: it must be a list")
    named = [_key(item, key) for item in order]
    places = [named.index(_key(item, key)) for item in items if _key(item, key) in named]
    if len(places) < len(items) or places != sorted(places):
        raise ApiError(f"The order in patch list:\n{items}\n doesn't match {_ORDER[:-1]} list:\n{order}\n")
    return order


def _remove_primitives(result: JsonObject, name: str, gone: Any) -> None:
    if type(gone) is not list:
        raise BadRequest("invalid patch format of primitive list: it must be a list")
    old = result.get(name)
    if type(old) is list:
        result[name] = [item for item in old if item not in gone]


def _key(item: Any, key: str) -> Any:
    if not key:
        return item
    if type(item) is not dict or key not in item:
        raise ApiError(f"map: {item} does not contain declared merge key: {key}")
    return item[key]


def _cleaned(value: Any) -> Any:
    """A patch value that meets nothing to merge with: no nulls in objects, no directives."""
    if type(value) is dict:
        return {k: _cleaned(v) for k, v in value.items() if v is not None and not k.startswith("$")}
    if type(value) is list:
        return [_cleaned(v) for v in value if not (type(v) is dict and v.get(_DIRECTIVE) in ("delete", "replace"))]
    return copy_json(value)


def _bad_directive(directive: Any, patch: JsonObject) -> ApiError:
    return BadRequest(f"unknown patch type: {directive!r} in map: {patch}")
