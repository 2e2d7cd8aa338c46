"""`metadata.generation`: counts the changes of what is *wanted*, so that controllers can say how far they have read.

For custom resources any change outside metadata (and outside status, if that is a subresource) counts. Built-in kinds
that have a generation count changes outside metadata and status; Deployments count their annotations too, and
EndpointSlices their labels. A delete that only marks counts as well (see `deletion.py`).

Sources: apiextensions `customresource/strategy.go`; `PrepareForUpdate` of each built-in strategy.
"""

from typing import Final

from reference_impl.apiserver.equality import same
from reference_impl.apiserver.kind_rules import has_generation
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

_COUNTED_METADATA: Final = {
    "deployments.apps": "annotations",
    "endpointslices.discovery.k8s.io": "labels",
}


def counts_change(info: KindInfo, new: JsonObject, old: JsonObject) -> bool:
    """Does this write to the main resource raise the generation?"""
    if not has_generation(info):
        return False
    skipped: tuple[str, ...] = ("metadata", "apiVersion", "kind")
    if info.crd is None or "status" in info.subresources:
        skipped = (*skipped, "status")
    for field, value in new.items():
        if field not in skipped and not same(value, old.get(field)):
            return True
    if any(field not in new and field not in skipped for field in old):
        return True
    counted = _COUNTED_METADATA.get(info.resource)
    return counted is not None and (new["metadata"].get(counted) or {}) != (old["metadata"].get(counted) or {})
