"""Events in two groups over one store: `v1` and `events.k8s.io/v1` show the same objects under other field names.

Stored is the form of `v1`. A request about the other form is translated, handed on, and its answer translated back, so
that nothing else knows of it. What differs in meaning is not carried over: the newer group would refuse Events without
eventTime and reportingController; here both groups validate as `v1` does. Messages and details of errors name `v1`'s
resource. Server-side apply of the newer form is a limit, refused by name.

Source: kubernetes `pkg/apis/events/v1/conversion.go`, `pkg/apis/core/v1/conversion.go` (field labels).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from reference_impl.apiserver.patches import apply_patch
from reference_impl.apiserver.watch_stream import Sink
from reference_impl.errors import BadRequest, NotImplementedByServer
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent

NEWER: Final = "events.k8s.io/v1"
_TO_CORE: Final = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}
_FROM_CORE: Final = {core: newer for newer, core in _TO_CORE.items()}


def is_newer(request: ApiRequest) -> bool:
    return request.api_version == NEWER and request.kind == "Event"


def handle(ask: Callable[[ApiRequest], JsonObject], request: ApiRequest, info: KindInfo) -> JsonObject:
    """Answer a request about Events of the newer group by asking for those of `v1`. Raises `ApiError`."""
    if request.verb == "patch":
        return to_newer(ask(_as_update(ask, request, info)))
    asked = replace(request, api_version="v1", fields=_core_fields(request.fields))
    if request.verb in ("create", "update"):
        asked = replace(asked, body=to_core(_checked(request.body)))
    return to_newer(ask(asked))


def watch(request: ApiRequest, sink: Sink) -> tuple[ApiRequest, Sink]:
    """The watch of `v1` Events that shows what this one asks for, and a sink that translates."""

    def translate(event: WatchEvent) -> None:
        sink(WatchEvent(event.type, to_newer(event.object), event.revision))

    return replace(request, api_version="v1", fields=_core_fields(request.fields)), translate


def to_core(obj: JsonObject) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        **{_TO_CORE.get(key, key): obj[key] for key in obj if key not in _TYPE},
    }


def to_newer(obj: JsonObject) -> JsonObject:
    """An Event, or a list of them, or a Status, which stays what it is."""
    if obj.get("kind") == "EventList":
        return {**obj, "apiVersion": NEWER, "items": [to_newer(item) for item in obj["items"]]}
    if obj.get("kind") != "Event":
        return obj
    return {
        "apiVersion": NEWER,
        "kind": "Event",
        **{_FROM_CORE.get(key, key): obj[key] for key in obj if key not in _TYPE},
    }


_TYPE: Final = ("apiVersion", "kind")


def _as_update(ask: Callable[[ApiRequest], JsonObject], request: ApiRequest, info: KindInfo) -> ApiRequest:
    """The patch speaks of the newer form's fields, so it is applied to that form, and the result stored."""
    if request.patch_type == "apply":
        raise NotImplementedByServer(
            f"server-side apply of {NEWER} Events is not implemented by this reference server: apply v1 Events"
        )
    current = ask(replace(request, verb="get", api_version="v1", body=None, patch_type=None, dry_run=False))
    patched = apply_patch(info, to_newer(current), request.body, request.patch_type or "")
    return replace(request, verb="update", api_version="v1", body=to_core(_checked(patched)), patch_type=None)


def _checked(body: object) -> JsonObject:
    if not isinstance(body, dict):
        raise BadRequest(f"the body of this request must be an Event of {NEWER}")
    sent = (body.get("apiVersion", NEWER), body.get("kind", "Event"))
    if sent != (NEWER, "Event"):
        raise BadRequest(
            f"the API version in the data ({sent[0]}, Kind={sent[1]}) does not match the expected API version "
            f"({NEWER}, Kind=Event)"
        )
    return body


def _core_fields(fields: str | None) -> str | None:
    """A field selector in the words of `v1`."""
    if not fields:
        return fields
    terms = []
    for term in fields.split(","):
        for newer, core in (("regarding.", "involvedObject."), ("reportingController", "reportingComponent")):
            if term.startswith(newer):
                term = core + term.removeprefix(newer)
                break
        terms.append(term)
    return ",".join(terms)
