"""From objects to bytes: plain, as YAML, as a Table, or metadata only; and errors as Status."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import orjson
import yaml

from reference_impl.apiserver.http.messages import JSON, Answer
from reference_impl.apiserver.http.negotiation import PLAIN, Form
from reference_impl.apiserver.http.tables import table_of
from reference_impl.apiserver.http.watching import EventEncoder
from reference_impl.errors import ApiError
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject, WatchEvent

YAML: Final = "application/yaml"


def object_answer(obj: JsonObject, status: int, form: Form) -> Answer:
    if form.yaml:
        return Answer(status, yaml.safe_dump(orjson.loads(orjson.dumps(obj)), sort_keys=False).encode(), YAML)
    return Answer(status, orjson.dumps(obj))


def status_answer(error: ApiError, extra: tuple[tuple[str, str], ...] = ()) -> Answer:
    """A Status. A wait that the error asks for is also a header, which is what HTTP libraries look at."""
    wait = error.retry_after_s
    if wait is None and error.details:
        wait = error.details.get("retryAfterSeconds")
    headers = extra if wait is None else (("Retry-After", str(max(1, round(wait)))), *extra)
    return Answer(error.status, orjson.dumps(error.to_status()), JSON, headers)


def shaped(info: KindInfo, obj: JsonObject, form: Form, now: datetime, include: str | None) -> JsonObject:
    """The object, or list of them, in the form the client asked for. A Status stays what it is."""
    if form.transform is None or obj.get("kind") == "Status":
        return obj
    if form.transform == "Table":
        return table_of(info, obj, now, include=include or "Metadata")
    items = obj.get("items")
    if items is None:
        return partial_metadata(obj, form.version)
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": f"meta.k8s.io/{form.version}",
        "metadata": obj["metadata"],
        "items": [partial_metadata(item, form.version) for item in items],
    }


def partial_metadata(obj: JsonObject, version: str) -> JsonObject:
    return {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": obj["metadata"]}


def event_encoder(
    info: KindInfo, form: Form, now: Callable[[], datetime], include: str | None, plain: EventEncoder
) -> Callable[[WatchEvent], bytes]:
    """How this watch's events become lines. Plain ones share an encoder, so that a line is made once for all."""
    if form == PLAIN or form.yaml:
        return plain

    def encode(event: WatchEvent) -> bytes:
        obj: Any = event.object
        if event.type != "ERROR" and not (event.type == "BOOKMARK" and form.transform == "Table"):
            obj = shaped(info, obj, form, now(), include)
        elif event.type == "BOOKMARK":
            obj = {**table_of(info, obj, now(), include="None"), "rows": []}
        return orjson.dumps({"type": event.type, "object": obj}) + b"\n"

    return encode
