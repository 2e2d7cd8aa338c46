"""The scale subresource: replicas of any scalable kind, as an autoscaling/v1 Scale.

Custom resources say where their replicas are (`subresources.scale` of the CRD). Writing a Scale changes one field of
the object and goes through the same checks as any update.

Sources: kubernetes `pkg/registry/apps/*/storage`, apiextensions `pkg/registry/customresource/etcd.go` ScaleREST.
"""

from typing import Any, Final

from reference_impl.apiserver import apply, custom_kinds, field_errors, reading, reviewing, update, wording
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.patches import apply_patch
from reference_impl.apiserver.watch_cache import WatchCache
from reference_impl.errors import BadRequest, UnsupportedMediaType
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject

_SCALE: Final = KindInfo(group="autoscaling", version="v1", kind="Scale", plural="scales", namespaced=True)
_BUILTIN_PATHS: Final = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}


def get(core: Core, cache: WatchCache, request: ApiRequest, info: KindInfo) -> JsonObject:
    return _scale_of(info, reading.get(core, cache, request, info))


def write(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Update or patch. Raises BadRequest, Conflict, Invalid (no replicas, or fewer than 0), NotFound."""
    old = core.existing(request, info)
    current = _scale_of(info, custom_kinds.as_version(old, info))
    if request.verb == "patch" and request.patch_type == "apply":
        return _apply(core, request, info, old)
    if request.verb == "patch":
        if request.patch_type is None:
            raise UnsupportedMediaType("a patch needs a type: merge, json, strategic or apply")
        scale = apply_patch(_SCALE, current, request.body, request.patch_type)
    else:
        scale = request.body
    if not isinstance(scale, dict) or scale.get("kind", "Scale") != "Scale":
        raise BadRequest(f"the body must be an autoscaling/v1 Scale of {info.resource} {request.name!r}")
    scale = reviewing.command(core, request, info, _SCALE, scale, current)
    metadata = scale.get("metadata") or {}
    uid = metadata.get("uid")
    if uid and uid != old["metadata"]["uid"]:
        raise wording.uid_mismatch(info, old["metadata"]["name"], uid, old["metadata"]["uid"])
    revision = metadata.get("resourceVersion")
    if revision and revision != old["metadata"]["resourceVersion"]:
        raise wording.conflict(info, old["metadata"]["name"])
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    _check_replicas(info, old["metadata"]["name"], replicas)
    shown = custom_kinds.as_version(old, info)
    obj = _with(shown, _paths(info)["specReplicasPath"], replicas)
    obj = {**obj, "metadata": dict(obj["metadata"])}
    return _scale_of(info, update.write(core, request, info, obj, old))


def _apply(core: Core, request: ApiRequest, info: KindInfo, old: JsonObject) -> JsonObject:
    """An applied Scale is an applied configuration of the one field that it stands for (`scalehandler.go`)."""
    scale = request.body
    if not isinstance(scale, dict) or (scale.get("apiVersion"), scale.get("kind")) != ("autoscaling/v1", "Scale"):
        raise BadRequest(f"the body must be an autoscaling/v1 Scale of {info.resource} {request.name!r}")
    sent = scale.get("metadata") or {}
    if sent.get("managedFields") is not None:
        raise BadRequest("metadata.managedFields must be nil")
    kept = ("uid", "resourceVersion")
    metadata = {"name": old["metadata"]["name"], **{field: sent[field] for field in kept if sent.get(field)}}
    config: JsonObject = {"apiVersion": info.api_version, "kind": info.kind, "metadata": metadata}
    if "replicas" in (scale.get("spec") or {}):
        current = _scale_of(info, custom_kinds.as_version(old, info))
        asked = {**current, "spec": {**current["spec"], "replicas": scale["spec"]["replicas"]}}
        scale = reviewing.command(core, request, info, _SCALE, asked, current)
        _check_replicas(info, old["metadata"]["name"], scale["spec"]["replicas"])
        config = _with(config, _paths(info)["specReplicasPath"], scale["spec"]["replicas"])
    return _scale_of(info, apply.onto(core, request, info, config, old))


def _check_replicas(info: KindInfo, name: str, replicas: Any) -> None:
    if type(replicas) is not int or replicas < 0:
        cause = field_errors.invalid_value("spec.replicas", replicas, "should be a non-negative integer")
        raise wording.invalid(info, name, [cause], kind="Scale")


def _scale_of(info: KindInfo, obj: JsonObject) -> JsonObject:
    paths = _paths(info)
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: JsonObject = {"replicas": _at(obj, paths["statusReplicasPath"]) or 0}
    selector = _selector(info, obj)
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: metadata[field] for field in kept if field in metadata},
        "spec": {"replicas": _at(obj, paths["specReplicasPath"]) or 0},
        "status": status,
    }


def _selector(info: KindInfo, obj: JsonObject) -> str:
    if info.crd is not None:
        path = _paths(info).get("labelSelectorPath")
        return str(_at(obj, path) or "") if path else ""
    selector = _at(obj, ".spec.selector") or {}
    if info.resource == "replicationcontrollers":
        selector = {"matchLabels": selector}
    terms = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for each in selector.get("matchExpressions") or ():
        terms.append(_term(each))
    return ",".join(terms)


def _term(expression: JsonObject) -> str:
    key, operator = expression["key"], expression["operator"]
    if operator == "Exists":
        return str(key)
    if operator == "DoesNotExist":
        return f"!{key}"
    values = ",".join(sorted(expression.get("values") or ()))
    return f"{key} {operator.lower()} ({values})"


def _paths(info: KindInfo) -> JsonObject:
    return (info.extra.get("scale") or _BUILTIN_PATHS) if info.crd is not None else _BUILTIN_PATHS


def _at(obj: JsonObject, path: str) -> Any:
    value: Any = obj
    for field in path.strip(".").split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(field)
    return value


def _with(obj: JsonObject, path: str, value: Any) -> JsonObject:
    """A copy with one field set; shares the rest."""
    field, _, rest = path.strip(".").partition(".")
    return {**obj, field: _with(obj.get(field) or {}, rest, value) if rest else value}
