"""The arithmetic of a Deployment: revisions, hashes, surge, and how many replicas each ReplicaSet ought to have.

Pure functions over Deployment and ReplicaSet objects; nothing here asks or tells anybody anything.
The template hash is FNV-1a 32 over canonical JSON and the collision count, in Kubernetes' safe alphabet. The original
hashes a dump of Go structs, so that its values cannot be reproduced, only its properties: same template, same name.

Source: `pkg/controller/deployment/util/deployment_util.go`, `rolling.go`, `sync.go`; `controller.ComputeHash`.
"""

import json
from collections.abc import Iterable
from math import ceil, floor
from typing import Any

from reference_impl.objects import copy_json, is_deleting, name_of
from reference_impl.protocol import JsonObject

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
)
"""Annotations of the Deployment that its ReplicaSets do not get."""
SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: JsonObject, collision_count: int | None) -> str:
    """The name of a pod template, without its hash label."""
    text = json.dumps(_without_hash(template), sort_keys=True, separators=(",", ":"))
    value = 0x811C9DC5
    for byte in text.encode() + (b"" if collision_count is None else collision_count.to_bytes(8, "little")):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return "".join(SAFE_ALPHABET[ord(digit) % len(SAFE_ALPHABET)] for digit in str(value))


def same_template(one: JsonObject, other: JsonObject) -> bool:
    """`EqualIgnoreHash`."""
    return bool(_without_hash(one) == _without_hash(other))


def _without_hash(template: JsonObject) -> JsonObject:
    bare: JsonObject = copy_json(template)
    metadata = bare.get("metadata") or {}
    labels = metadata.get("labels") or {}
    labels.pop(HASH_LABEL, None)
    bare["metadata"] = {key: value for key, value in metadata.items() if value and key != "creationTimestamp"}
    if not bare["metadata"]:
        del bare["metadata"]
    return bare


# --------------------------------------------------------------------------------------------- which ReplicaSet is what


def new_of(deployment: JsonObject, replica_sets: Iterable[JsonObject]) -> JsonObject | None:
    """The ReplicaSet of the present template, the oldest if there are several; None if it has yet to be made."""
    for replica_set in sorted(replica_sets, key=age_key):
        if same_template(replica_set["spec"]["template"], deployment["spec"]["template"]):
            return replica_set
    return None


def age_key(obj: JsonObject) -> tuple[str, str]:
    """Sorts by creation time, oldest first, then by name."""
    return str(obj["metadata"].get("creationTimestamp") or ""), name_of(obj)


def revision_of(obj: JsonObject) -> int:
    """The revision annotation; 0 if there is none or it is no number."""
    text = (obj["metadata"].get("annotations") or {}).get(REVISION) or "0"
    return int(text) if text.isdecimal() else 0


def replicas_of(obj: JsonObject) -> int:
    """`spec.replicas`, 1 by default."""
    replicas = obj["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def counted(replica_sets: Iterable[JsonObject], field: str) -> int:
    """Sum of a status count: replicas, readyReplicas, availableReplicas."""
    return sum(int((item.get("status") or {}).get(field) or 0) for item in replica_sets)


def is_observed(replica_set: JsonObject) -> bool:
    """Does its status speak of its present spec?"""
    observed = int((replica_set.get("status") or {}).get("observedGeneration") or 0)
    return observed >= int(replica_set["metadata"].get("generation") or 0)


def to_clean_up(deployment: JsonObject, old: Iterable[JsonObject]) -> list[JsonObject]:
    """Old ReplicaSets beyond `revisionHistoryLimit`, lowest revision first, that hold no pods."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    if limit is None or limit == 2**31 - 1:
        return []
    alive = sorted((item for item in old if not is_deleting(item)), key=lambda item: (revision_of(item), age_key(item)))
    surplus = alive[: max(0, len(alive) - int(limit))]
    return [item for item in surplus if not counted([item], "replicas") and not replicas_of(item) and is_observed(item)]


# ----------------------------------------------------------------------------------------------------- how many of each


def is_rolling(deployment: JsonObject) -> bool:
    return ((deployment["spec"].get("strategy") or {}).get("type") or "RollingUpdate") == "RollingUpdate"


def fenceposts(deployment: JsonObject) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in pods: percentages of surge rounded up, of unavailability down, never both 0."""
    if not is_rolling(deployment):
        return 0, 0
    parameters = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    replicas = replicas_of(deployment)
    surge = _scaled(parameters.get("maxSurge", "25%"), replicas, round_up=True)
    unavailable = _scaled(parameters.get("maxUnavailable", "25%"), replicas, round_up=False)
    return surge, (1 if surge == 0 and unavailable == 0 else min(unavailable, replicas))


def _scaled(value: Any, total: int, *, round_up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * total / 100
        return ceil(share) if round_up else floor(share)
    return int(value)


def new_replicas(deployment: JsonObject, replica_sets: list[JsonObject], new: JsonObject | None) -> int:
    """What the new ReplicaSet should be scaled to now (`NewRSNewReplicas`)."""
    wanted, present = replicas_of(deployment), replicas_of(new) if new else 0
    if not is_rolling(deployment):
        return wanted
    surge, _unavailable = fenceposts(deployment)
    room = wanted + surge - sum(replicas_of(item) for item in replica_sets)
    if room <= 0:
        return present
    return present + max(0, min(room, wanted - present))


def old_scale_downs(deployment: JsonObject, replica_sets: list[JsonObject], new: JsonObject) -> dict[str, int]:
    """What old ReplicaSets should be scaled down to now, by name: never below what must stay available."""
    old = [item for item in replica_sets if item is not new and replicas_of(item) > 0]
    _surge, unavailable = fenceposts(deployment)
    least_available = replicas_of(deployment) - unavailable
    new_unavailable = replicas_of(new) - counted([new], "availableReplicas")
    total = sum(replicas_of(item) for item in replica_sets)
    budget = total - least_available - new_unavailable
    if not old or budget <= 0:
        return {}
    sizes = {name_of(item): replicas_of(item) for item in sorted(old, key=age_key)}
    available = {name_of(item): counted([item], "availableReplicas") for item in old}
    # First what is broken anyway: it costs no availability.
    for name, size in sizes.items():
        broken = min(budget, max(0, size - available[name]))
        sizes[name] = size - broken
        budget -= broken
    spare = sum(available.values()) + counted([new], "availableReplicas") - least_available
    for name, size in sizes.items():
        down = max(0, min(size, spare))
        sizes[name] = size - down
        spare -= down
    return {name_of(item): sizes[name_of(item)] for item in old if sizes[name_of(item)] != replicas_of(item)}


def active(replica_sets: Iterable[JsonObject]) -> list[JsonObject]:
    return [item for item in replica_sets if replicas_of(item) > 0]


def is_scaling(deployment: JsonObject, replica_sets: Iterable[JsonObject]) -> bool:
    """Has `spec.replicas` changed since an active ReplicaSet was last told (`isScalingEvent`)?"""
    for item in active(replica_sets):
        told = (item["metadata"].get("annotations") or {}).get(DESIRED_REPLICAS)
        if told is not None and told != str(replicas_of(deployment)):
            return True
    return False


def proportional(deployment: JsonObject, replica_sets: list[JsonObject]) -> dict[str, int]:
    """The change of size spread over all active ReplicaSets in proportion to theirs, by name (`scale`)."""
    live = sorted(active(replica_sets), key=age_key)
    total = sum(replicas_of(item) for item in live)
    surge, _unavailable = fenceposts(deployment)
    allowed = replicas_of(deployment) + surge if replicas_of(deployment) > 0 else 0
    to_add = allowed - total
    # Stable sorts: largest first; of equals the newest grows first, the oldest shrinks first.
    by_age = sorted(live, key=age_key, reverse=to_add > 0)
    by_size = sorted(by_age, key=replicas_of, reverse=True)
    sizes: dict[str, int] = {}
    added = 0
    for item in by_size:
        share = _share(deployment, item, to_add, added, surge) if to_add else 0
        sizes[name_of(item)] = replicas_of(item) + share
        added += share
    if to_add and by_size:  # rounding errors go to the largest
        largest = name_of(by_size[0])
        sizes[largest] = max(0, sizes[largest] + to_add - added)
    return sizes


def _share(deployment: JsonObject, replica_set: JsonObject, to_add: int, added: int, surge: int) -> int:
    """`GetProportion`: its part of the change, never beyond what is left of it."""
    size, allowed_left = replicas_of(replica_set), to_add - added
    if size == 0 or allowed_left == 0:
        return 0
    new_size = 0.0
    if replicas_of(deployment) > 0:
        annotations = replica_set["metadata"].get("annotations") or {}
        told = annotations.get(MAX_REPLICAS)
        before = int(told) if told and told.isdecimal() and int(told) else replicas_of(deployment) + surge
        new_size = size * (replicas_of(deployment) + surge) / before
    change = floor(new_size + 0.5) - size
    return min(change, allowed_left) if to_add > 0 else max(change, allowed_left)


def replica_set_annotations(deployment: JsonObject, revision: int | None, present: JsonObject | None) -> dict[str, str]:
    """What the new ReplicaSet's annotations ought to be: the Deployment's own, its revision, and its old ones."""
    annotations = dict((present or {}).get("metadata", {}).get("annotations") or {})
    for key, value in (deployment["metadata"].get("annotations") or {}).items():
        if key not in NOT_COPIED:
            annotations[key] = value
    if revision is not None:
        before = annotations.get(REVISION)
        if (int(before) if before and before.isdecimal() else 0) < revision:
            if before:
                history = annotations.get(REVISION_HISTORY)
                annotations[REVISION_HISTORY] = f"{history},{before}" if history else before
            annotations[REVISION] = str(revision)
    return annotations


def size_annotations(deployment: JsonObject) -> dict[str, str]:
    """What every ReplicaSet is told of the Deployment's size, so that a later change of it is noticed."""
    surge, _unavailable = fenceposts(deployment)
    wanted = replicas_of(deployment)
    return {DESIRED_REPLICAS: str(wanted), MAX_REPLICAS: str(wanted + surge)}
