"""End states made comparable: what two runs of one workload must agree on, whoever won which race.

A canonical state is `{object key: {leaf path: value}}`. An object with a stable name has the key
"Deployment.apps/default/front"; objects whose names were generated share the key of their role, such as
"Pod/default/* of ReplicaSet.apps/default/* of Deployment.apps/default/front", and are counted and compared as an
unordered lot. What no two runs share is left out (resourceVersion, generations, node names, managedFields) or replaced
by its role wherever it occurs, also inside other strings (uids, generated names, IPs, times).

Left out on purpose, because it is history and not state: failed pods, ReplicaSets scaled to nothing by their
Deployment, ControllerRevisions, and the reason and message of conditions. Claims that are left over are never held
against a controller: StatefulSets retain them (Kubernetes docs, "PersistentVolumeClaim retention").

Only what all fair-weather runs agree on is compared (`agreement`); a leaf that no fair run has counts outside `status`
and annotations only, which hold bookkeeping.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject

State = dict[str, Any]

COUNT = "*count"
CONTENTS = "*contents"

_MASKED_FIELDS = frozenset(
    {
        "uid", "resourceVersion", "generation", "observedGeneration", "creationTimestamp", "managedFields", "selfLink",
        "generateName", "nodeName", "hostIP", "hostIPs", "podIP", "podIPs", "clusterIP", "clusterIPs", "nodePort",
        "healthCheckNodePort", "containerID", "imageID", "restartCount", "collisionCount", "deletionGracePeriodSeconds",
        "currentRevision", "updateRevision", "pod-template-hash", "controller-revision-hash", "controller-uid",
        "batch.kubernetes.io/controller-uid", "deployment.kubernetes.io/revision",
        "deployment.kubernetes.io/revision-history",
    }
)  # fmt: skip
"""Field, label and annotation names whose values are nobody's intent."""

_MASKED_PATHS: dict[str, frozenset[str]] = {
    # Pods that died of the weather are counted; that they were replaced is what matters.
    "Job": frozenset({"status.failed", "status.terminating"}),
    "Namespace": frozenset({"spec.finalizers[0]"}),
}
_CONDITION_HISTORY = frozenset({"reason", "message", "lastTransitionTime", "lastUpdateTime", "lastProbeTime",
                                "lastHeartbeatTime"})  # fmt: skip
_NEVER_SURPLUS = ("PersistentVolumeClaim/",)
_BOOKKEEPING = ("status.", "metadata.annotations.")

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RANDOM_SUFFIX = re.compile(
    r"(?:[bcdfghjklmnpqrstvwxz2456789]{5,10}|[0-9a-f]{6,64})(?:-[bcdfghjklmnpqrstvwxz2456789]{5})?"
)
"""What generateName and hashes append: Kubernetes' safe alphabet, or hex."""
_ASSIGNED_ID = re.compile(r"ext-\d+")


def object_key(api_version: str, kind: str, namespace: str | None, name: str) -> str:
    """The key of an object with a stable name: "Deployment.apps/default/front", "Node/node-0"."""
    return (
        f"{_kind_key(api_version, kind)}/{namespace}/{name}" if namespace else f"{_kind_key(api_version, kind)}/{name}"
    )


def canonical_state(
    objects: Iterable[JsonObject],
    external: dict[str, list[JsonObject]],
    *,
    volatile: Sequence[str] = (),
    ignored_kinds: Sequence[str] = ("Event", "Lease"),
) -> State:
    """The state of a whole world.

    Args:
        external: items of outside systems, by system. Container runtimes ("containers/...") are left out: the pods
            tell what should run.
        volatile: "Kind" or "Kind.path.to.field" (with all below it); list indices are left out of paths.
    """
    muted = _Muted(volatile, ignored_kinds)
    live = [obj for obj in objects if obj["kind"] not in muted.kinds and not _is_history(obj)]
    roles = _Roles(live, external)
    state: State = {}
    lots: dict[str, list[dict[str, Any]]] = {}
    for obj in live:
        key, is_lot = roles.keys[obj["metadata"]["uid"]]
        leaves = _leaves_of(obj, roles, muted)
        if is_lot:
            leaves.pop("metadata.name", None)
            lots.setdefault(key, []).append(leaves)
        else:
            state[key] = leaves
    for system in sorted(external):
        if system.startswith("containers/") or system in muted.kinds:
            continue
        for item in external[system]:
            key, is_lot = roles.item_keys[system, str(item["id"])]
            leaves = {}
            _flatten("", item, leaves, roles)
            leaves.pop("id", None)
            muted.remove(system, leaves)
            if is_lot:
                lots.setdefault(key, []).append(leaves)
            else:
                state[key] = leaves
    for key, members in lots.items():
        contents = sorted(orjson.dumps(leaves, option=orjson.OPT_SORT_KEYS).decode() for leaves in members)
        state[key] = {COUNT: len(members), CONTENTS: tuple(contents)}
    return state


def agreement(states: Sequence[State]) -> State:
    """What all states agree on.

    Returns `objects` (key -> agreed leaves), `unstable` (keys in some states only: ignored) and `loose` (leaf paths, by
    key, that exist in some states or differ).
    """
    if not states:
        return {"objects": {}, "unstable": {}, "loose": {}}
    first, rest = states[0], states[1:]
    agreed: dict[str, dict[str, Any]] = {}
    loose: dict[str, dict[str, None]] = {}
    for key, leaves in first.items():
        if all(key in state for state in rest):
            others = [state[key] for state in rest]
            same = {p: v for p, v in leaves.items() if all(p in other and other[p] == v for other in others)}
            agreed[key] = same
            loose[key] = {p: None for other in (leaves, *others) for p in other if p not in same}
    unstable = {key: None for state in states for key in state if key not in agreed}
    return {"objects": agreed, "unstable": unstable, "loose": loose}


def differences(agreed: State, state: State) -> list[str]:
    """Where a state departs from what fair weather agrees on, one plain line each, in key order."""
    lines: list[str] = []
    objects: dict[str, dict[str, Any]] = agreed["objects"]
    for key, leaves in objects.items():
        present = state.get(key)
        if present is None:
            lines.append(_missing(key, leaves))
        elif present != leaves:
            lines.extend(_object_differences(key, leaves, present, agreed["loose"][key]))
    for key, leaves in state.items():
        if key not in objects and key not in agreed["unstable"] and not key.startswith(_NEVER_SURPLUS):
            count = leaves.get(COUNT)
            if count is None:
                lines.append(f"{_shown(key)} should not exist (fair weather has none)")
            else:
                lines.append(f"{_shown(key)}: there {_are(count)}, fair weather ends with none")
    lines.sort()
    return lines


# ------------------------------------------------------------------------------------------------------------ the lines


def _missing(key: str, leaves: dict[str, Any]) -> str:
    count = leaves.get(COUNT)
    if count is None:
        return f"{_shown(key)} is missing"
    return f"{_shown(key)}: there are none, fair weather ends with {count}"


def _object_differences(key: str, agreed: dict[str, Any], present: dict[str, Any], loose: dict[str, None]) -> list[str]:
    if COUNT in present:
        return _lot_differences(key, agreed, present)
    lines = []
    for path, value in agreed.items():
        if path not in present:
            lines.append(f"{_shown(key)}: {path} is missing, fair weather ends at {_value(value)}")
        elif present[path] != value:
            lines.append(f"{_shown(key)}: {path} is {_value(present[path])}, fair weather ends at {_value(value)}")
    for path, value in present.items():
        if path in agreed or path in loose or path.startswith(_BOOKKEEPING):
            continue
        # An agreed empty list or map that has grown is one line, not two.
        if path == "metadata.deletionTimestamp":
            lines.append(f"{_shown(key)} is being deleted, in fair weather it is not")
        else:
            lines.append(f"{_shown(key)}: {path} is {_value(value)}, fair weather ends without it")
    return lines


def _lot_differences(key: str, agreed: dict[str, Any], present: dict[str, Any]) -> list[str]:
    if COUNT in agreed and present[COUNT] != agreed[COUNT]:
        return [f"{_shown(key)}: there {_are(present[COUNT])}, fair weather ends with {agreed[COUNT]}"]
    if CONTENTS not in agreed or present[CONTENTS] == agreed[CONTENTS]:
        return []
    expected = [text for text in agreed[CONTENTS] if text not in present[CONTENTS]]
    found = [text for text in present[CONTENTS] if text not in agreed[CONTENTS]]
    if not expected or not found:
        return [f"{_shown(key)}: the mix differs from fair weather's"]
    wanted, got = orjson.loads(expected[0]), orjson.loads(found[0])
    return [f"{_shown(key)}: in one of them {line}" for line in _leaf_lines(wanted, got)] or [
        f"{_shown(key)}: contents differ from fair weather's"
    ]


def _leaf_lines(wanted: dict[str, Any], got: dict[str, Any]) -> list[str]:
    lines = []
    for path in sorted({**wanted, **got}):
        if path not in got:
            lines.append(f"{path} is missing, fair weather ends at {_value(wanted[path])}")
        elif path not in wanted:
            lines.append(f"{path} is {_value(got[path])}, fair weather ends without it")
        elif got[path] != wanted[path]:
            lines.append(f"{path} is {_value(got[path])}, fair weather ends at {_value(wanted[path])}")
    return lines


def _shown(key: str) -> str:
    """ "Deployment.apps default/front" of the key "Deployment.apps/default/front"."""
    return " of ".join(part.replace("/", " ", 1) for part in key.split(" of "))


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value else orjson.dumps(value).decode()


# -------------------------------------------------------------------------------------------------------- who is who


def _kind_key(api_version: str, kind: str) -> str:
    group = api_version.rpartition("/")[0]
    return f"{kind}.{group}" if group else kind


def _is_history(obj: JsonObject) -> bool:
    kind = obj["kind"]
    if kind == "Pod":
        return (obj.get("status") or {}).get("phase") == "Failed" and controller_of(obj) is not None
    if kind == "ReplicaSet" and obj["spec"].get("replicas") == 0:
        owner = controller_of(obj)
        return owner is not None and owner["kind"] == "Deployment"
    return bool(kind == "ControllerRevision")


class _Muted:
    """What never rests, as the user said."""

    __slots__ = ("_paths", "kinds")

    def __init__(self, volatile: Sequence[str], ignored_kinds: Sequence[str]) -> None:
        self.kinds = {*ignored_kinds, *(name for name in volatile if "." not in name)}
        self._paths: dict[str, list[str]] = {}
        for name in volatile:
            kind, dot, path = name.partition(".")
            if dot:
                self._paths.setdefault(kind, []).append(path)

    def remove(self, kind: str, leaves: dict[str, Any]) -> None:
        paths = self._paths.get(kind)
        if paths is None:
            return
        for leaf in list(leaves):
            plain = re.sub(r"\[[^\]]*\]", "", leaf)
            if any(plain == path or plain.startswith(path + ".") for path in paths):
                del leaves[leaf]


class _Roles:
    """Names for what has none of its own: by uid, by generated name, by address."""

    __slots__ = ("_by_uid", "_memo", "_names", "_pattern", "item_keys", "keys")

    def __init__(self, objects: list[JsonObject], external: dict[str, list[JsonObject]]) -> None:
        self._by_uid = {obj["metadata"]["uid"]: obj for obj in objects}
        self.keys: dict[str, tuple[str, bool]] = {}
        """uid -> (key, whether it is shared by a lot)"""
        self.item_keys: dict[tuple[str, str], tuple[str, bool]] = {}
        self._names: dict[str, str] = {}
        """what is replaced wherever it occurs -> by what"""
        self._memo: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        for uid in self._by_uid:
            self._key(uid)
        for uid, obj in self._by_uid.items():
            self._note(uid, obj)
        for system, items in external.items():
            if not system.startswith("containers/"):
                for item in items:
                    self._note_item(system, item)
        if self._names:
            longest_first = sorted(self._names, key=lambda name: (-len(name), name))
            self._pattern = re.compile(r"(?<![\w.-])(?:" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")

    def text(self, value: str) -> str:
        """The string with everything that differs between runs replaced by its role."""
        known = self._memo.get(value)
        if known is None:
            known = self._memo[value] = self._replace(value)
        return known

    def _replace(self, value: str) -> str:
        whole = self._names.get(value)
        if whole is not None:
            return whole
        if len(value) < 5:
            return value
        if len(value) >= 16 and ("T" in value or "t" in value or ":" in value):
            value = _TIME.sub("<time>", value)
        if len(value) >= 36:
            value = _UUID.sub(lambda match: self._names.get(match.group(), "<uid>"), value)
        if self._pattern is not None:
            value = self._pattern.sub(lambda match: self._names[match.group()], value)
        return value

    def _key(self, uid: str) -> tuple[str, bool]:
        known = self.keys.get(uid)
        if known is not None:
            return known
        obj = self._by_uid[uid]
        metadata = obj["metadata"]
        kind = _kind_key(obj["apiVersion"], obj["kind"])
        namespace, name = metadata.get("namespace"), metadata["name"]
        place = f"{kind}/{namespace}/" if namespace else f"{kind}/"
        # Ends cycles of owners, which the API allows.
        self.keys[uid] = (place + "*", True)
        owners = metadata.get("ownerReferences") or ()
        owner = next((ref for ref in owners if ref.get("controller")), owners[0] if owners else None)
        parent = self._key(owner["uid"])[0] if owner is not None and owner["uid"] in self._by_uid else None
        found = (place + name, False)
        if _is_generated(metadata, owner):
            if parent is None:
                parent = f"gone {owner['kind']}" if owner is not None else None
            found = (f"{place}* of {parent}" if parent else place + "*", True)
        else:
            stable = self._with_uids_replaced(name)
            if stable is not None:
                found = (place + stable, "<uid>" in stable)
        self.keys[uid] = found
        return found

    def _with_uids_replaced(self, name: str) -> str | None:
        """A name with uids in it: stable if they are uids of known objects, which have roles."""
        if len(name) < 36 or not _UUID.search(name):
            return None

        def role(match: re.Match[str]) -> str:
            uid = match.group()
            return f"<uid of {self._key(uid)[0]}>" if uid in self._by_uid else "<uid>"

        return _UUID.sub(role, name)

    def _note(self, uid: str, obj: JsonObject) -> None:
        key, is_lot = self.keys[uid]
        names = self._names
        names[uid] = f"<uid of {key}>"
        name = obj["metadata"]["name"]
        if is_lot or (len(name) >= 36 and not key.endswith("/" + name)):
            names[name] = f"<{key}>"
        kind = obj["kind"]
        if kind == "Pod":
            address = (obj.get("status") or {}).get("podIP")
            if address:
                names[address] = "<pod IP>"
        elif kind == "Node":
            names[name] = "<node>"
        elif kind == "Service":
            address = obj["spec"].get("clusterIP")
            if address and address != "None":
                names[address] = f"<IP of {key}>"

    def _note_item(self, system: str, item: JsonObject) -> None:
        item_id = str(item["id"])
        owner = item.get("owner")
        if item_id in self.keys:
            found = (f"{system}/<uid of {self.keys[item_id][0]}>", False)
        elif _ASSIGNED_ID.fullmatch(item_id) or _UUID.fullmatch(item_id):
            role = self.keys[owner][0] if isinstance(owner, str) and owner in self.keys else None
            found = (f"{system}/* of {role}" if role else f"{system}/*", True)
            self._names.setdefault(item_id, f"<{found[0]}>")
        else:
            found = (f"{system}/{self.text(item_id)}", False)
        self.item_keys[system, item_id] = found


def _is_generated(metadata: JsonObject, owner: JsonObject | None) -> bool:
    """Was this name made up by a machine? generateName says so; else a random-looking end after the owner's name."""
    if metadata.get("generateName"):
        return True
    if owner is None:
        return False
    name, prefix = metadata["name"], owner["name"] + "-"
    return name.startswith(prefix) and _RANDOM_SUFFIX.fullmatch(name, len(prefix)) is not None


# ----------------------------------------------------------------------------------------------------------- flattening


def _leaves_of(obj: JsonObject, roles: _Roles, muted: _Muted) -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    _flatten("", obj, leaves, roles)
    for path in _MASKED_PATHS.get(obj["kind"], ()):
        leaves.pop(path, None)
    muted.remove(obj["kind"], leaves)
    del leaves["apiVersion"], leaves["kind"]
    return leaves


def _flatten(prefix: str, value: JsonObject, leaves: dict[str, Any], roles: _Roles) -> None:
    """Write every leaf below `value`. The one hot loop of this module: plain, without calls for scalars."""
    memo = roles._memo
    for name, child in value.items():
        if name in _MASKED_FIELDS:
            continue
        kind = type(child)
        path = prefix + name
        if kind is str:
            known = memo.get(child)
            leaves[path] = known if known is not None else roles.text(child)
        elif kind is dict:
            if child:
                _flatten(path + ".", child, leaves, roles)
            else:
                leaves[path] = {}
        elif kind is list:
            _flatten_list(path, child, leaves, roles, is_conditions=name == "conditions")
        else:
            leaves[path] = child


def _flatten_list(path: str, items: list[Any], leaves: dict[str, Any], roles: _Roles, *, is_conditions: bool) -> None:
    if not items:
        leaves[path] = []
        return
    for index, item in enumerate(items):
        if type(item) is dict:
            if is_conditions and "type" in item:
                # By type, because their order is nobody's intent (API conventions: a list map).
                state = {k: v for k, v in item.items() if k not in _CONDITION_HISTORY and k != "type"}
                _flatten(f"{path}[{item['type']}].", state, leaves, roles)
            elif item:
                _flatten(f"{path}[{index}].", item, leaves, roles)
            else:
                leaves[f"{path}[{index}]"] = {}
        elif type(item) is list:
            _flatten_list(f"{path}[{index}]", item, leaves, roles, is_conditions=False)
        else:
            leaves[f"{path}[{index}]"] = roles.text(item) if type(item) is str else item
