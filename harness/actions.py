"""What users do, one JSON object an action: its shape, and its sentence for reports. Doing it is `user.py`.

    {"do": "create" | "apply", "object": {...}}
    {"do": "patch",  API, "body": {...}}                      a merge patch
    {"do": "scale",  API, "replicas": 3}                      through the scale subresource
    {"do": "label",  API, "labels": {"key": "value" or null}}
    {"do": "delete", API, "propagation": "Foreground"}        propagation is optional
    {"do": "wait",   API, "until": "exists" | "deleted" | {"path": "status.phase", "equals": "Ready"}, "timeout_s": 60}
    {"do": "sleep",  "seconds": 5}
    {"do": "delete_owned", "owner": {API}, "api_version": "v1", "kind": "Pod", "index": 0}      by role, oldest first
    {"do": "delete_namespace", "name": "shop"}
    {"do": "program"}                                         the trial's own `async def workload(user)`, whole

API stands for `api_version` (may be left out if the kind is unique), `kind`, `name`, `namespace` (default "default").
Each may carry `in_flight` (after it only so many messages are delivered before the next action) or `settle`. `moot`
marks one whose object was gone when it was recorded: it did nothing but ask, and fair weather leaves it out.

Validation is eager and completes what was left out, so that everything behind it can rely on the long form.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from harness.errors import UsageError
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

Action = dict[str, Any]

_TARGET = ("kind", "name")
REQUIRED: dict[str, tuple[str, ...]] = {
    "create": ("object",),
    "apply": ("object",),
    "patch": (*_TARGET, "body"),
    "scale": (*_TARGET, "replicas"),
    "label": (*_TARGET, "labels"),
    "delete": _TARGET,
    "wait": (*_TARGET, "until"),
    "sleep": ("seconds",),
    "delete_owned": ("owner", "kind"),
    "delete_namespace": ("name",),
    "program": (),
}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "delete": ("propagation",),
    "wait": ("timeout_s",),
    "delete_owned": ("index",),
}
_NAMING = ("api_version", "namespace")
_NOT_NAMING = ("create", "apply", "sleep", "delete_namespace", "program")
_SPACING = ("in_flight", "settle", "moot")

WAIT_TIMEOUT_S = 60.0
"""Of a `wait` that says nothing else; arbitrary."""


# ------------------------------------------------------------------------------------------------------------ the shape


def plain(action: Action) -> Action:
    """The action itself, without what says how it is spaced or how it went."""
    return {key: value for key, value in action.items() if key not in _SPACING}


def validate_workload(actions: Any, kinds: KindRegistry) -> tuple[Action, ...]:
    """Check the shape of each action and fill in what was left out (api_version, namespace, index, timeout_s).

    Raises:
        UsageError: naming the action by its index, and what is wrong with it.
    """
    if not isinstance(actions, Iterable) or isinstance(actions, str | Mapping):
        raise UsageError(
            f'workload={actions!r} is not a list of actions: write [{{"do": "create", "object": ...}}, ...]'
        )
    return tuple(validate_action(action, kinds, f"workload[{index}]") for index, action in enumerate(actions))


def validate_action(action: Any, kinds: KindRegistry, where: str = "action") -> Action:
    """One action, completed. Raises UsageError that begins with `where`."""
    if not isinstance(action, Mapping):
        raise UsageError(f'{where}={action!r} is not an object: write {{"do": ..., ...}}')
    verb = action.get("do")
    if verb not in REQUIRED:
        near = get_close_matches(str(verb), list(REQUIRED), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(REQUIRED)}"
        raise UsageError(f"{where}: there is no action {verb!r}; {hint}")
    done: Action = dict(action)
    if "apiVersion" in done:
        done["api_version"] = done.pop("apiVersion")
    naming = () if verb in _NOT_NAMING else _NAMING
    allowed = ("do", *REQUIRED[verb], *OPTIONAL.get(verb, ()), *naming, *_SPACING)
    for name in REQUIRED[verb]:
        if name not in done:
            raise UsageError(f"{where} ({verb}) has no {name!r}: it needs {', '.join(REQUIRED[verb])}")
    for name in done:
        if name not in allowed:
            raise UsageError(f"{where} ({verb}): {name!r} is not a field of it; allowed are {', '.join(allowed[1:])}")
    if verb in ("create", "apply"):
        done["object"] = _whole_object(done["object"], kinds, f"{where} ({verb})")
    elif verb == "delete_owned":
        _complete_delete_owned(done, kinds, f"{where} ({verb})")
    elif naming:
        _name_target(done, kinds, f"{where} ({verb})")
    _check_values(done, kinds, f"{where} ({verb})")
    return done


def _whole_object(obj: Any, kinds: KindRegistry, where: str) -> JsonObject:
    if not isinstance(obj, Mapping) or not isinstance(obj.get("metadata"), Mapping):
        raise UsageError(f"{where}: object must be a whole Kubernetes object with apiVersion, kind and metadata")
    metadata = obj["metadata"]
    if not metadata.get("name") and not metadata.get("generateName"):
        raise UsageError(f"{where}: object has no metadata.name")
    info = _kind(str(obj.get("kind")), obj.get("apiVersion"), kinds, where)
    if info.namespaced and not metadata.get("namespace"):
        return {**obj, "apiVersion": info.api_version, "metadata": {**metadata, "namespace": "default"}}
    return {**obj, "apiVersion": info.api_version}


def _name_target(target: Action, kinds: KindRegistry, where: str) -> KindInfo:
    info = _kind(str(target["kind"]), target.get("api_version"), kinds, where)
    if not isinstance(target.get("name"), str) or not target["name"]:
        raise UsageError(f"{where}: name={target.get('name')!r} names no object: write its metadata.name")
    target["api_version"] = info.api_version
    target["namespace"] = (target.get("namespace") or "default") if info.namespaced else None
    return info


def _complete_delete_owned(action: Action, kinds: KindRegistry, where: str) -> None:
    if not isinstance(action["owner"], Mapping):
        raise UsageError(f"{where}: owner={action['owner']!r} must be an object with kind and name")
    owner = dict(action["owner"])
    if "kind" not in owner:
        raise UsageError(f"{where}: owner has no kind")
    _name_target(owner, kinds, f"{where} owner")
    action["owner"] = owner
    action["api_version"] = _kind(str(action["kind"]), action.get("api_version"), kinds, where).api_version
    action.setdefault("index", 0)
    # Owned objects live in their owner's namespace (a cluster-scoped owner's may be anywhere).
    action.setdefault("namespace", owner["namespace"])


def _kind(kind: str, api_version: Any, kinds: KindRegistry, where: str) -> KindInfo:
    matches = [k for k in kinds.kinds() if k.kind == kind and api_version in (None, k.api_version)]
    if not matches:
        near = get_close_matches(kind, [k.kind for k in kinds.kinds()], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "add its CustomResourceDefinition to the manifests"
        shown = f"{kind!r} of {api_version!r}" if api_version else f"{kind!r}"
        raise UsageError(f"{where}: there is no kind {shown}; {hint}")
    if len({k.resource for k in matches}) > 1:
        raise UsageError(f"{where}: {kind!r} is in {' and '.join(k.api_version for k in matches)}: give api_version")
    return matches[0]


def _check_values(action: Action, kinds: KindRegistry, where: str) -> None:
    def whole(name: str, least: int) -> None:
        value = action.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise UsageError(f"{where}: {name}={value!r} cannot work: it must be a whole number from {least}")

    for name, least in (("replicas", 0), ("index", 0), ("in_flight", 0)):
        whole(name, least)
    for name in ("seconds", "timeout_s"):
        value = action.get(name, 0)
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
            raise UsageError(f"{where}: {name}={value!r} cannot work: it must be virtual seconds from 0")
    for name in ("body", "labels"):
        if name in action and not isinstance(action[name], Mapping):
            raise UsageError(f"{where}: {name}={action[name]!r} must be an object")
    if action["do"] == "scale" and "scale" not in kinds.resolve(action["api_version"], action["kind"]).subresources:
        raise UsageError(f"{where}: {action['kind']} has no scale subresource: patch the field instead")
    if action.get("propagation") not in (None, "Foreground", "Background", "Orphan"):
        raise UsageError(
            f"{where}: propagation={action['propagation']!r} does not exist: use Foreground, Background or Orphan"
        )
    if action["do"] == "wait":
        until = action["until"]
        action.setdefault("timeout_s", WAIT_TIMEOUT_S)
        if until not in ("exists", "deleted") and not (isinstance(until, Mapping) and set(until) == {"path", "equals"}):
            raise UsageError(
                f"{where}: until={until!r} cannot be waited for: "
                'use "exists", "deleted" or {"path": ..., "equals": ...}'
            )


# --------------------------------------------------------------------------------------------------------- the sentence


def describe(action: Action) -> str:
    """One plain sentence: "user scales Deployment default/front to 3"."""
    verb = action["do"]
    if verb == "sleep":
        return f"user waits {_number(action['seconds'])} s"
    if verb == "program":
        return "user does what the trial's own workload says"
    if verb == "delete_namespace":
        return f"user deletes namespace {action['name']} and all that is in it"
    if verb == "delete_owned":
        return f"user deletes {action['kind']} {action.get('index', 0)} of {_target(action['owner'])}"
    if verb in ("create", "apply"):
        metadata = action["object"]["metadata"]
        named = {"kind": action["object"]["kind"], "namespace": metadata.get("namespace"),
                 "name": metadata.get("name") or metadata.get("generateName", "") + "*"}  # fmt: skip
        return f"user {'creates' if verb == 'create' else 'applies'} {_target(named)}"
    target = _target(action)
    if verb == "scale":
        return f"user scales {target} to {action['replicas']}"
    if verb == "label":
        labels = ", ".join(
            f"{key}={value}" if value is not None else f"{key}-" for key, value in action["labels"].items()
        )
        return f"user labels {target} {labels}"
    if verb == "patch":
        return f"user edits {target}: {', '.join(_leaves(action['body'])) or 'nothing'}"
    if verb == "delete":
        how = action.get("propagation")
        return f"user deletes {target}" + (f" ({how.lower()} deletion)" if how else "")
    until = action["until"]
    if isinstance(until, Mapping):
        return f"user waits until {target} has {until['path']} = {until['equals']!r}"
    return f"user waits until {target} {'is gone' if until == 'deleted' else 'exists'}"


def _target(target: Mapping[str, Any]) -> str:
    namespace = target.get("namespace")
    return f"{target['kind']} {namespace}/{target['name']}" if namespace else f"{target['kind']} {target['name']}"


def _leaves(body: Mapping[str, Any], prefix: str = "") -> list[str]:
    found: list[str] = []
    for key, value in body.items():
        if isinstance(value, Mapping) and value:
            found.extend(_leaves(value, f"{prefix}{key}."))
        else:
            found.append(f"{prefix}{key} removed" if value is None else f"{prefix}{key} = {value!r}")
    return found


def _number(value: float) -> str:
    return f"{value:g}"
