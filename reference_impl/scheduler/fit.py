"""Which nodes can take a pod, and which of them is best: filters and score. Pure functions.

Filters: unschedulable nodes, taints, node name, nodeSelector and required node affinity, resources. Score: least
allocated, counting 100m CPU and 200Mi for a container that asks for nothing (otherwise such pods would all land on one
node); ties fall to the name, where the original draws. Not modelled, and therefore refused with a plain reason rather
than ignored: required pod (anti-)affinity, DoNotSchedule spread constraints, scheduling gates. Ignored: preferences,
host ports, volumes.

Source: kube-scheduler plugins NodeUnschedulable, TaintToleration, NodeAffinity, NodeResourcesFit (LeastAllocated);
`pkg/scheduler/util/pod_resources.go` (DefaultMilliCPURequest, DefaultMemoryRequest).
"""

from collections.abc import Callable, Mapping

from reference_impl.protocol import JsonObject
from reference_impl.scheduler.quantities import Resources

DEFAULT_REQUESTS = {"cpu": 100, "memory": 200 * 2**20 * 1000}
"""What scoring assumes of a pod that asks for nothing (thousandths)."""
UNSCHEDULABLE_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def limits_met(pod: JsonObject) -> str | None:
    """Why this scheduler cannot place the pod at all, in words; None if it can."""
    spec = pod["spec"]
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        if (affinity.get(kind) or {}).get("requiredDuringSchedulingIgnoredDuringExecution"):
            return f"required {kind} is not modelled by this scheduler: use a nodeSelector, or make it preferred"
    if any(item.get("whenUnsatisfiable") == "DoNotSchedule" for item in spec.get("topologySpreadConstraints") or ()):
        return "DoNotSchedule spread constraints are not modelled by this scheduler: use ScheduleAnyway"
    return None


def tolerates(tolerations: list[JsonObject], taint: JsonObject) -> bool:
    """Does one of the tolerations cover the taint (`v1helper.TolerationsTolerateTaint`)?"""
    return any(covers(toleration, taint) for toleration in tolerations)


def covers(toleration: JsonObject, taint: JsonObject) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")


def refusal(pod: JsonObject, node: JsonObject, requests: Resources, free: Mapping[str, int]) -> str | None:
    """Why this node cannot take the pod, worded as kube-scheduler does; None if it can.

    Args:
        free: what is left of the node's allocatable, thousandths.
    """
    spec, tolerations = node.get("spec") or {}, pod["spec"].get("tolerations") or []
    if spec.get("unschedulable") and not tolerates(tolerations, UNSCHEDULABLE_TAINT):
        return "node(s) were unschedulable"
    for taint in spec.get("taints") or ():
        if taint.get("effect") in ("NoSchedule", "NoExecute") and not tolerates(tolerations, taint):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value') or ''}}}"
    if not _node_matches(pod, node):
        return "node(s) didn't match Pod's node affinity/selector"
    for name, amount in requests.items():
        if amount > free.get(name, 0):
            return "Too many pods" if name == "pods" else f"Insufficient {name}"
    return None


def score(requested: Mapping[str, int], allocatable: Mapping[str, int]) -> int:
    """0 to 100 a resource, averaged over cpu and memory: the emptier, the better."""
    shares = [
        (allocatable[name] - min(requested.get(name, 0), allocatable[name])) * 100 // allocatable[name]
        for name in ("cpu", "memory")
        if allocatable.get(name)
    ]
    return sum(shares) // len(shares) if shares else 0


def _node_matches(pod: JsonObject, node: JsonObject) -> bool:
    labels = node["metadata"].get("labels") or {}
    selector = pod["spec"].get("nodeSelector") or {}
    if not all(labels.get(key) == value for key, value in selector.items()):
        return False
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if affinity is None:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(_term_matches(term, labels, fields) for term in affinity.get("nodeSelectorTerms") or ())


def _term_matches(term: JsonObject, labels: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    expressions, of_fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not of_fields:
        return False  # an empty term selects no node
    return all(_holds(item, labels) for item in expressions) and all(_holds(item, fields) for item in of_fields)


def _holds(requirement: JsonObject, values: Mapping[str, str]) -> bool:
    value, wanted = values.get(requirement["key"]), requirement.get("values") or []
    return _OPERATORS[requirement["operator"]](value, wanted)


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _compares(larger: bool) -> Callable[[str | None, list[str]], bool]:
    def holds(value: str | None, wanted: list[str]) -> bool:
        have, bound = _number(value), _number(wanted[0] if len(wanted) == 1 else None)
        if have is None or bound is None:
            return False
        return have > bound if larger else have < bound

    return holds


_OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda value, wanted: value is not None and value in wanted,
    "NotIn": lambda value, wanted: value not in wanted,
    "Exists": lambda value, wanted: value is not None,
    "DoesNotExist": lambda value, wanted: value is None,
    "Gt": _compares(larger=True),
    "Lt": _compares(larger=False),
}
