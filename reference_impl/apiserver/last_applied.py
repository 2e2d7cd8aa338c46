"""From client-side to server-side apply: kubectl's annotation with the configuration it applied last.

The manager "kubectl" may take over, without a conflict, what the annotation says that kubectl has set and that still is
so; and the annotation is kept up to date while it applies server-side, so that going back works too.

Source: apimachinery `pkg/util/managedfields/internal/{lastappliedmanager,lastappliedupdater,lastapplied}.go`.
"""

from typing import Any, Final

import orjson

from reference_impl.apiserver import structured_merge
from reference_impl.apiserver.field_sets import FieldSet, Path, json_text
from reference_impl.apiserver.field_types import FieldType
from reference_impl.apiserver.managed_fields import Manager
from reference_impl.protocol import ApiRequest, JsonObject

ANNOTATION: Final = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL: Final = "kubectl"
_ANNOTATIONS_MAX_BYTES: Final = 262_144
"""`TotalAnnotationSizeLimitB`: an annotation that would not fit is left out."""


def unresolved(
    request: ApiRequest, type: FieldType, live: JsonObject, conflicts: list[tuple[Manager, Path]]
) -> list[tuple[Manager, Path]]:
    """The conflicts that remain: all of them, unless kubectl goes over to server-side apply."""
    if request.field_manager != _KUBECTL:
        return conflicts
    allowed = _owned_by_annotation(type, live)
    return [each for each in conflicts if not allowed.has(each[1])]


def refreshed(request: ApiRequest, live: JsonObject, obj: JsonObject, config: JsonObject) -> JsonObject:
    """The object with its annotation up to date, if kubectl applies and it has one."""
    if request.field_manager != _KUBECTL or not _annotation(live):
        return obj
    present = obj["metadata"].get("annotations") or {}
    if not isinstance(present, dict):
        return obj  # to be refused by validation
    annotations: dict[str, Any] = {**present, ANNOTATION: json_text(config) + "\n"}
    if sum(len(key) + len(str(value)) for key, value in annotations.items()) > _ANNOTATIONS_MAX_BYTES:
        annotations[ANNOTATION] = ""
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def _annotation(obj: JsonObject) -> str:
    return str(((obj.get("metadata") or {}).get("annotations") or {}).get(ANNOTATION) or "")


def _owned_by_annotation(type: FieldType, live: JsonObject) -> FieldSet:
    """What the annotation names and the live object still has so."""
    try:
        config = orjson.loads(_annotation(live) or "null")
    except orjson.JSONDecodeError:
        return FieldSet()
    if not isinstance(config, dict) or config.get("apiVersion") != live.get("apiVersion"):
        return FieldSet()
    change = structured_merge.compare(config, live, type)
    owned = structured_merge.owned_by(config, type)
    return owned.difference(change.modified).difference(change.added).difference(change.removed)
