"""End states made comparable: what two runs of one workload must agree on, whoever won which race.

A canonical state is `{object key: {leaf path: value}}`. An object with a stable name has the key
"Deployment.apps/default/front"; objects whose names were generated share the key of their role, such as
"Pod/default/* of ReplicaSet.apps/default/* of Deployment.apps/default/front", and are counted and compared as an
unordered lot. What no two runs share is left out (resourceVersion, generations, node names, managedFields) or replaced
by its role wherever it occurs, also inside other strings (uids, generated names, IPs, times).

Left out on purpose, because it is history and not state: failed pods, pods of Jobs that have succeeded (a Job counts
what it asked for in its status, but "the same program may sometimes be started twice": Kubernetes docs, Jobs,
"Handling Pod and container failures"), ReplicaSets scaled to nothing by their Deployment, ControllerRevisions, and the
reason and message of conditions. So is what a paused object has come to: its controller has been told not to converge,
and how far it got before is a race with the user who said so; its status and all that it controls are left out. How
endpoints are spread over slices is nobody's intent either (`endpoint_slices.py`). What is compared with what is
`agreement.py`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from harness.agreement import CONTENTS, COUNT, State, agreement, differences
from harness.endpoint_slices import joined
from harness.roles import Roles, object_key
from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject

__all__ = ["CONTENTS", "COUNT", "State", "agreement", "canonical_state", "differences", "object_key"]

_MASKED_FIELDS = frozenset(
    {
        "uid", "resourceVersion", "generation", "observedGeneration", "creationTimestamp", "managedFields", "selfLink",
        "generateName", "nodeName", "hostIP", "hostIPs", "podIP", "podIPs", "clusterIP", "clusterIPs", "nodePort",
        "healthCheckNodePort", "containerID", "imageID", "restartCount", "collisionCount", "deletionGracePeriodSeconds",
        "currentRevision", "updateRevision", "pod-template-hash", "controller-revision-hash", "controller-uid",
        "seatrial.dev/raced", "batch.kubernetes.io/controller-uid", "deployment.kubernetes.io/revision",
        "deployment.kubernetes.io/revision-history",
    }
)  # fmt: skip
"""Field, label and annotation names whose values are nobody's intent."""

_MASKED_PATHS: dict[str, frozenset[str]] = {
    # Pods that died of the weather are counted; that they were replaced is what matters.
    "Job": frozenset({"status.failed", "status.terminating"}),
}
_CONDITION_HISTORY = frozenset({"reason", "message", "lastTransitionTime", "lastUpdateTime", "lastProbeTime",
                                "lastHeartbeatTime"})  # fmt: skip


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
    live = joined([obj for obj in objects if obj["kind"] not in muted.kinds and not _is_history(obj)])
    roles = Roles(live, external)
    state: State = {}
    lots: dict[str, list[dict[str, Any]]] = {}
    below_paused = _below_paused(live)
    for obj in live:
        if obj["metadata"]["uid"] in below_paused:
            continue
        key, is_lot = roles.keys[obj["metadata"]["uid"]]
        leaves = _leaves_of(obj, roles, muted)
        if _is_paused(obj):
            leaves = {path: leaf for path, leaf in leaves.items() if not path.startswith("status.")}
        if is_lot:
            leaves.pop("metadata.name", None)
            if obj["kind"] == "Pod":
                leaves = {path: leaf for path, leaf in leaves.items() if _is_told_of_a_pod(path)}
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


def _is_history(obj: JsonObject) -> bool:
    kind = obj["kind"]
    if kind == "Pod":
        phase, owner = (obj.get("status") or {}).get("phase"), controller_of(obj)
        return owner is not None and (phase == "Failed" or (phase == "Succeeded" and owner["kind"] == "Job"))
    if kind == "ReplicaSet" and obj["spec"].get("replicas") == 0:
        owner = controller_of(obj)
        return owner is not None and owner["kind"] == "Deployment"
    return bool(kind == "ControllerRevision")


def _is_paused(obj: JsonObject) -> bool:
    """Deployments, and whoever follows their convention (Cluster API, Argo Rollouts, KubeVirt)."""
    spec = obj.get("spec")
    return isinstance(spec, dict) and spec.get("paused") is True


def _below_paused(objects: Sequence[JsonObject]) -> dict[str, None]:
    """The uids of all that a paused object controls, directly or through others."""
    paused = {obj["metadata"]["uid"]: None for obj in objects if _is_paused(obj)}
    if not paused:
        return {}
    owners = {obj["metadata"]["uid"]: (controller_of(obj) or {}).get("uid") for obj in objects}
    below: dict[str, None] = {}
    for uid in owners:
        above, seen = owners[uid], {uid: None}
        while above is not None and above not in seen:
            if above in paused:
                below[uid] = None
                break
            seen[above] = None
            above = owners.get(above)
    return below


def _is_told_of_a_pod(path: str) -> bool:
    """Of the status of interchangeable pods: whether they run. The rest tells what each has been through."""
    return not path.startswith("status.") or path in ("status.phase", "status.conditions[Ready].status")


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


# ----------------------------------------------------------------------------------------------------------- flattening


def _leaves_of(obj: JsonObject, roles: Roles, muted: _Muted) -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    _flatten("", obj, leaves, roles)
    for path in _MASKED_PATHS.get(obj["kind"], ()):
        leaves.pop(path, None)
    muted.remove(obj["kind"], leaves)
    del leaves["apiVersion"], leaves["kind"]
    return leaves


def _flatten(prefix: str, value: JsonObject, leaves: dict[str, Any], roles: Roles) -> None:
    """Write every leaf below `value`. The one hot loop of this module: plain, without calls for scalars."""
    memo, names = roles.memo, roles.names
    for name, child in value.items():
        if name in _MASKED_FIELDS:
            continue
        kind = type(child)
        # Maps may be keyed by pod or node.
        path = prefix + names[name] if name in names else prefix + name
        if kind is str:
            known = memo.get(child)
            leaves[path] = known if known is not None else roles.text(child)
        elif kind is dict:
            # What is empty is not there: Go's `omitempty`, and what a real API server makes of `taints: []`.
            if child:
                _flatten(path + ".", child, leaves, roles)
        elif kind is list:
            _flatten_list(path, child, leaves, roles, is_conditions=name == "conditions")
        elif child is not None:
            leaves[path] = child


def _flatten_list(path: str, items: list[Any], leaves: dict[str, Any], roles: Roles, *, is_conditions: bool) -> None:
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
