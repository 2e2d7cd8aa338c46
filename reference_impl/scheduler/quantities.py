"""Resource quantities ("250m", "1.5Gi", "2e3") and what a Pod asks for.

Exact integers in thousandths of the unit, rounded up as Kubernetes rounds what it cannot represent: "0.0001" counts as
one thousandth. Source: apimachinery `pkg/api/resource/quantity.go`; `component-helpers/resource` (PodRequests).
"""

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil

from reference_impl.protocol import JsonObject

Resources = dict[str, int]
"""Resource name to thousandths: {"cpu": 250, "memory": 1073741824000}."""

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?")
_SUFFIXES = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000),
    "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9),
    "T": Fraction(10**12), "P": Fraction(10**15), "E": Fraction(10**18),
    "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30),
    "Ti": Fraction(2**40), "Pi": Fraction(2**50), "Ei": Fraction(2**60),
}  # fmt: skip


@lru_cache(maxsize=4096)
def thousandths(quantity: str) -> int:
    """The quantity in thousandths of its unit, rounded up. Raises ValueError if it is none."""
    match = _QUANTITY.fullmatch(quantity.strip())
    if match is None:
        raise ValueError(f"{quantity!r} is not a quantity: write a number with an optional suffix (250m, 1.5Gi, 2)")
    number, exponent, suffix = match.groups()
    value = Fraction(number + exponent) if exponent else Fraction(number) * _SUFFIXES.get(suffix or "", Fraction(1))
    return ceil(value * 1000)


def resources(quantities: JsonObject | None) -> Resources:
    """A resource list as written in an object, parsed; what cannot be parsed counts as 0 (validation refuses it)."""
    parsed: Resources = {}
    for name, quantity in (quantities or {}).items():
        try:
            parsed[name] = thousandths(str(quantity))
        except ValueError:
            parsed[name] = 0
    return parsed


def pod_requests(pod: JsonObject) -> Resources:
    """What a pod needs of a node: the sum over containers, or the largest init container, plus overhead, plus itself.

    An init container with restartPolicy Always (a sidecar) counts with the containers. A limit without a request is
    the request, as defaulting makes it.
    """
    spec = pod["spec"]
    total: Resources = {}
    for container in spec.get("containers") or ():
        _add(total, _container_requests(container))
    largest: Resources = {}
    for container in spec.get("initContainers") or ():
        wanted = _container_requests(container)
        if container.get("restartPolicy") == "Always":
            _add(total, wanted)
        else:
            for name, amount in wanted.items():
                largest[name] = max(largest.get(name, 0), amount)
    for name, amount in largest.items():
        total[name] = max(total.get(name, 0), amount)
    _add(total, resources(spec.get("overhead")))
    total["pods"] = 1000
    return total


def _container_requests(container: JsonObject) -> Resources:
    stated = container.get("resources") or {}
    return {**resources(stated.get("limits")), **resources(stated.get("requests"))}


def _add(total: Resources, more: Resources) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount
