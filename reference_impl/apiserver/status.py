"""The status subresource: a second endpoint of the same object that writes status and leaves the rest alone.

For custom resources (and CustomResourceDefinitions) it changes nothing in metadata. Built-in kinds are laxer: labels,
annotations and finalizers sent to /status are stored, except the few fields that their strategy puts back.

Sources: apiextensions `status_strategy.go` (`metav1.ResetObjectMetaForStatus`); `PrepareForUpdate` of the built-in
status strategies.
"""

from reference_impl.apiserver.kind_rules import CRDS, STATUS_KEEPS_METADATA
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject


def mask(info: KindInfo, obj: JsonObject, old: JsonObject) -> JsonObject:
    """`old` with the status of `obj`, and with as much of its metadata as the kind lets through."""
    masked = dict(old)
    if "status" in obj:
        masked["status"] = obj["status"]
    else:
        masked.pop("status", None)
    if info.crd is not None or info.resource == CRDS:
        return masked
    metadata = obj["metadata"]
    for field in STATUS_KEEPS_METADATA.get(info.resource, ()):
        if field in old["metadata"]:
            metadata[field] = old["metadata"][field]
        else:
            metadata.pop(field, None)
    masked["metadata"] = metadata
    return masked
