"""Where admission webhooks are asked about a write: at which moments, and about which object.

An API server here answers at once and webhooks take time. So a review is a question that may not have its answer yet:
the handler is then left by `Undecided`, with nothing committed, and whoever runs the server (`webhooks/session.py`)
gets the answer and handles the request again, which comes to the same question and finds it answered, unless the
object has changed meanwhile: then it is asked again, as Kubernetes does when a write is tried again. Without webhooks
(`Core.review` is None) nothing here costs anything.

A write is mutated after it is decoded and defaulted and before the server's own rules look at it, and validated as it
would be stored. A delete is reviewed with the old object, by mutating webhooks too.

Sources: apiserver `pkg/endpoints/handlers/{create,update,patch}.go`, `pkg/registry/generic/registry/store.go`,
`pkg/registry/rest/{create,update,delete}.go` (AdmissionTo...Func).
"""

from dataclasses import dataclass
from typing import Final

from reference_impl.apiserver.admission import decoded
from reference_impl.apiserver.core import Core
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_stored
from reference_impl.protocol import ApiRequest, JsonObject

MUTATE: Final = "mutate"
VALIDATE: Final = "validate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A question to the webhooks of one phase. The objects are the review's own.

    `info` is the resource; `obj_kind` the kind of what is sent, if it is another one (a Scale, a Binding).
    """

    phase: str
    operation: str
    """CREATE, UPDATE or DELETE."""
    request: ApiRequest
    info: KindInfo
    name: str
    namespace: str | None
    obj: JsonObject | None
    old: JsonObject | None
    obj_kind: KindInfo | None = None

    def asks_the_same(self, other: "Review") -> bool:
        return (self.phase, self.operation, self.name, self.namespace, self.obj, self.old) == (
            other.phase, other.operation, other.name, other.namespace, other.obj, other.old
        )  # fmt: skip


class Undecided(Exception):
    """The handler cannot go on before this review has an answer. Nothing was committed."""

    def __init__(self, review: Review) -> None:
        super().__init__(f"{review.phase} {review.operation} {review.info.resource} {review.name!r}")
        self.review = review


def mutated(core: Core, request: ApiRequest, info: KindInfo, obj: JsonObject, old: JsonObject | None) -> JsonObject:
    """The object as mutating webhooks leave it; the result is owned as `obj` was. Raises `ApiError`, `Undecided`."""
    if core.review is None or request.subresource == "scale":  # a Scale is reviewed as such
        return obj
    review = _review(MUTATE, request, info, decoded(info, obj, old), old)
    answer = core.review(review)
    assert answer is not None
    metadata = answer["metadata"]
    if metadata.get("namespace") != obj["metadata"].get("namespace"):
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    if request.name and metadata.get("name") != request.name:
        raise BadRequest(
            f"the name of the object ({metadata.get('name')}) does not match the name on the URL ({request.name})"
        )
    return answer


def validated(core: Core, request: ApiRequest, info: KindInfo, obj: JsonObject, old: JsonObject | None) -> None:
    """Raises `ApiError` if a validating webhook refuses what would be stored; `Undecided`."""
    if core.review is not None and request.subresource != "scale":
        core.review(_review(VALIDATE, request, info, obj, old))


def deleted(core: Core, request: ApiRequest, info: KindInfo, old: JsonObject) -> None:
    """Raises `ApiError` if a webhook refuses the deletion of `old`; `Undecided`."""
    if core.review is not None:
        for phase in (MUTATE, VALIDATE):
            core.review(_review(phase, request, info, None, old))


def command(
    core: Core, request: ApiRequest, info: KindInfo, kind: KindInfo, body: JsonObject, old: JsonObject | None = None
) -> JsonObject:
    """A body of a kind of its own, sent to a subresource (Binding, Eviction, Scale), as webhooks leave it.

    Raises `ApiError`, `Undecided`.
    """
    if core.review is None:
        return body
    for phase in (MUTATE, VALIDATE):
        answer = core.review(_review(phase, request, info, body, old, kind))
        body = answer if answer is not None else body
    return body


def _review(
    phase: str,
    request: ApiRequest,
    info: KindInfo,
    obj: JsonObject | None,
    old: JsonObject | None,
    obj_kind: KindInfo | None = None,
) -> Review:
    metadata = (obj or old or {}).get("metadata") or {}
    return Review(
        phase=phase,
        operation="DELETE" if obj is None else "CREATE" if old is None else "UPDATE",
        request=request,
        info=info,
        # With generateName a mutating webhook is told no name.
        name=request.name or metadata.get("name") or "",
        namespace=(request.namespace or metadata.get("namespace")) if info.namespaced else None,
        obj=copy_stored(obj),
        old=copy_stored(old),
        obj_kind=obj_kind,
    )
