"""Facts about Pods that several claims rest on: which ones count, what they ask for, which claims they hold.

Source: `IsPodActive` and `GetPodRequests` in Kubernetes' controller and resource helpers; pod-level resources (beta in
1.34) are not modelled.
"""

from decimal import Decimal, InvalidOperation

from reference_impl.objects import is_deleting
from reference_impl.protocol import JsonObject

Resources = dict[str, Decimal]

_SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": Decimal(10**3), "M": Decimal(10**6),
    "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15), "E": Decimal(10**18), "Ki": Decimal(2**10),
    "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40), "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip


def quantity(text: object) -> Decimal:
    """The value of a Kubernetes quantity ("500m", "1Gi", 2); 0 if it is none, which the API server would refuse.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    value = str(text).strip()
    number, factor = value, Decimal(1)
    for length in (2, 1):
        suffix = value[-length:]
        if len(value) > length and suffix in _SUFFIXES:
            number, factor = value[:-length], _SUFFIXES[suffix]
            break
    try:
        return Decimal(number) * factor
    except InvalidOperation:
        return Decimal(0)


def is_finished(pod: JsonObject) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def is_active(pod: JsonObject) -> bool:
    """Does its controller count it: neither finished nor on its way out?"""
    return not is_finished(pod) and not is_deleting(pod)


def is_ready(pod: JsonObject) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def node_of(pod: JsonObject) -> str | None:
    return (pod.get("spec") or {}).get("nodeName") or None


def requests_of(pod: JsonObject) -> Resources:
    """What it takes of its node, one pod slot included: the containers' sum, or the largest init container's if that
    is more (sidecars run on beside both), plus overhead."""
    spec = pod.get("spec") or {}
    total: Resources = {}
    peak: Resources = {}
    sidecars: Resources = {}
    for container in spec.get("containers") or ():
        _add(total, _asked(container))
    for container in spec.get("initContainers") or ():
        asked = _asked(container)
        if container.get("restartPolicy") == "Always":
            _add(total, asked)
            _add(sidecars, asked)
            asked = {}
        for name in sorted(sidecars.keys() | asked.keys()):
            need = sidecars.get(name, Decimal(0)) + asked.get(name, Decimal(0))
            peak[name] = max(peak.get(name, Decimal(0)), need)
    for name, value in peak.items():
        total[name] = max(total.get(name, Decimal(0)), value)
    _add(total, {name: quantity(value) for name, value in (spec.get("overhead") or {}).items()})
    total["pods"] = Decimal(1)
    return total


def _asked(container: JsonObject) -> Resources:
    """Requests default to limits, as the API server's defaulting has it."""
    resources = container.get("resources") or {}
    return {
        name: quantity(value)
        for name, value in {**(resources.get("limits") or {}), **(resources.get("requests") or {})}.items()
    }


def _add(total: Resources, more: Resources) -> None:
    for name, value in more.items():
        total[name] = total.get(name, Decimal(0)) + value


def claims_of(pod: JsonObject) -> list[str]:
    """Names of the PersistentVolumeClaims it mounts."""
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    return [v["persistentVolumeClaim"]["claimName"] for v in volumes if v.get("persistentVolumeClaim")]


def is_covered(pod: JsonObject, budget: JsonObject) -> bool:
    """Does this PodDisruptionBudget speak of it? An empty selector covers every pod, a missing one none (policy/v1)."""
    selector = (budget.get("spec") or {}).get("selector")
    if selector is None:
        return False
    labels = pod["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_meets(expression, labels) for expression in selector.get("matchExpressions") or ())


def _meets(expression: JsonObject, labels: dict[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
