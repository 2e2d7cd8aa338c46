"""Delete: at once, gracefully, or when the last finalizer is gone.

Only Pods are deleted gracefully: a bound Pod is marked and waits for its kubelet, which deletes it again with grace 0.
Objects with finalizers are marked with grace 0. Propagation is stored as a finalizer (`orphan`, `foregroundDeletion`)
for the garbage collector to act on; Background leaves nothing behind, since the collector sees the owner go.

As in Kubernetes a graceful delete that need not wait is two commits, the mark and the removal, and a watcher sees
MODIFIED before DELETED.

Sources: apiserver `registry.Store.Delete`, `updateForGracefulDeletionAndFinalizers`,
`deletionFinalizersForGarbageCollection`, `markAsDeleting`; `rest.BeforeDelete`; pod `CheckGracefulDelete`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from reference_impl.apiserver import field_errors, listing, names, reviewing, wording
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.kind_rules import (
    NAMESPACES,
    PODS,
    orphans_by_default,
    returns_deleted_object,
    supports_garbage_collection,
)
from reference_impl.errors import ApiError, NotFound
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject

ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"
_POLICIES: Final = ("Background", "Foreground", "Orphan")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOptions:
    """`metav1.DeleteOptions`, as far as it is about the object. Grace is in seconds; negative counts as 1."""

    uid: str | None = None
    resource_version: str | None = None
    propagation: str | None = None
    grace_period_s: int | None = None

    @classmethod
    def of(cls, request: ApiRequest) -> "DeleteOptions":
        """The options of a request. Raises Invalid for an unknown propagation policy."""
        if request.propagation is not None and request.propagation not in _POLICIES:
            cause = field_errors.not_supported("propagationPolicy", request.propagation, [*_POLICIES, "nil"])
            raise wording.invalid_options("DeleteOptions", [cause])
        grace = request.grace_period_s
        return cls(
            uid=request.precondition_uid,
            resource_version=request.precondition_resource_version,
            propagation=request.propagation,
            grace_period_s=1 if grace is not None and grace < 0 else grace,
        )


def delete(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Delete the named object. Answers the object (still there, or of a kind that says so) or a Status.

    Raises Conflict (a precondition failed), Invalid (options), NotFound.
    """
    options = DeleteOptions.of(request)
    return delete_object(core, request, info, core.existing(request, info), options)


def delete_collection(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Delete all that a list with these selectors names, one by one (not atomic); answers that list."""
    if info.resource == NAMESPACES:
        raise wording.not_allowed(info, "deletecollection")
    options = DeleteOptions.of(request)
    listed = listing.live_list(core, request, info)
    # All reviews come before the first deletion, since a review may have to be waited for.
    refused = _first_refused(core, request, info, listed["items"])
    for obj in listed["items"]:
        if refused is not None and obj is refused[0]:
            raise refused[1]
        metadata = obj["metadata"]
        current = core.store.get((info.resource, metadata.get("namespace") or "", metadata["name"]))
        if current is None:
            continue
        try:
            delete_object(core, request, info, current, options)
        except NotFound:
            continue
    return listed


def review(core: Core, request: ApiRequest, info: KindInfo) -> None:
    """Ask admission webhooks about the deletion of the named object. Raises `ApiError`, `Undecided`."""
    old = core.existing(request, info)
    check_preconditions(info, old, DeleteOptions.of(request))
    reviewing.deleted(core, request, info, old)


def _first_refused(
    core: Core, request: ApiRequest, info: KindInfo, items: list[JsonObject]
) -> tuple[JsonObject, ApiError] | None:
    """The first object whose deletion webhooks refuse; those before it are deleted, as one by one in Kubernetes."""
    for obj in items if core.review is not None else ():
        try:
            reviewing.deleted(core, request, info, obj)
        except ApiError as error:
            return obj, error
    return None


def delete_object(
    core: Core, request: ApiRequest, info: KindInfo, old: JsonObject, options: DeleteOptions
) -> JsonObject:
    """What a delete with these options does to this object."""
    check_preconditions(info, old, options)
    now = core.now()
    grace = _grace(info, old, options, now)
    if grace is _PENDING:
        return _answer(info, old)
    finalizers = _finalizers(info, old["metadata"], options)
    if grace is None and not finalizers:
        return _answer(info, core.remove(request, info, old))
    marked = _marked(old, finalizers, grace, now)
    stored = old if marked == old else core.put(request, info, marked, old=old)
    if finalizers or (grace is not None and grace.seconds > 0):
        return stored
    return _answer(info, core.remove(request, info, stored))


def check_preconditions(info: KindInfo, old: JsonObject, options: DeleteOptions) -> None:
    """`rest.BeforeDelete`. Raises Conflict; the message names the kind instead of the resource, as Kubernetes' does."""
    metadata = old["metadata"]
    kind = f"{info.kind}.{info.group}" if info.group else info.kind
    if options.uid is not None and options.uid != metadata["uid"]:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({metadata['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise wording.conflict(info, metadata["name"], why, resource=kind)
    if options.resource_version is not None and options.resource_version != metadata["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the ResourceVersion "
            f"in record ({metadata['resourceVersion']}). The object might have been modified"
        )
        raise wording.conflict(info, metadata["name"], why, resource=kind)


def check_storage_preconditions(info: KindInfo, old: JsonObject, options: DeleteOptions) -> None:
    """The same for kinds that check by hand (Namespaces, CRDs): other words. Raises Conflict."""
    metadata = old["metadata"]
    if options.uid is not None and options.uid != metadata["uid"]:
        raise wording.uid_mismatch(info, metadata["name"], options.uid, metadata["uid"])
    if options.resource_version is not None and options.resource_version != metadata["resourceVersion"]:
        why = (
            f"Precondition failed: ResourceVersion in precondition: {options.resource_version}, "
            f"ResourceVersion in object meta: {metadata['resourceVersion']}"
        )
        raise wording.conflict(info, metadata["name"], why)


# -------------------------------------------------------------------------------------------------------------- details


@dataclass(frozen=True, slots=True)
class _Grace:
    """A graceful delete: how long, and the deletionTimestamp that follows from it (the end of the grace period)."""

    seconds: int
    deletion_timestamp: str


_PENDING: Final = _Grace(-1, "")
"""The object is already terminating, no later than this delete asks for."""


def _grace(info: KindInfo, old: JsonObject, options: DeleteOptions, now: datetime) -> _Grace | None:
    """None: not graceful, or its grace is over."""
    if info.resource != PODS:
        return None
    metadata = old["metadata"]
    if metadata.get("deletionTimestamp"):
        running_s = metadata.get("deletionGracePeriodSeconds") or 0
        if running_s == 0:
            return None
        # A pending grace period can only be shortened.
        if options.grace_period_s is None or options.grace_period_s >= running_s:
            return _PENDING
        ends = datetime.fromisoformat(metadata["deletionTimestamp"])
        ends -= timedelta(seconds=running_s - options.grace_period_s)
        return _Grace(options.grace_period_s, names.timestamp(ends))
    seconds = _pod_grace_s(old, options)
    return _Grace(seconds, names.timestamp(now + timedelta(seconds=seconds)))


def _pod_grace_s(pod: JsonObject, options: DeleteOptions) -> int:
    """A Pod that no kubelet runs, or that has finished, need not wait."""
    spec = pod.get("spec") or {}
    phase = (pod.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    asked: Any = options.grace_period_s
    if asked is None:
        asked = spec.get("terminationGracePeriodSeconds", 0)
    return int(asked) if asked >= 0 else 1


def _finalizers(info: KindInfo, metadata: JsonObject, options: DeleteOptions) -> list[str]:
    """The finalizers the object has from now on: the garbage collector's follow the propagation policy."""
    present: list[str] = metadata.get("finalizers") or []
    if not supports_garbage_collection(info):
        return present
    policy = options.propagation
    if policy is None:
        if ORPHAN in present or FOREGROUND in present:
            return present
        policy = "Orphan" if orphans_by_default(info) else "Background"
    wanted = {"Orphan": [ORPHAN], "Foreground": [FOREGROUND]}.get(policy, [])
    if [each for each in present if each in (ORPHAN, FOREGROUND)] == wanted:
        return present
    return [each for each in present if each not in (ORPHAN, FOREGROUND)] + wanted


def _marked(old: JsonObject, finalizers: list[str], grace: _Grace | None, now: datetime) -> JsonObject:
    """The object as terminating. The first mark raises the generation: its desired state has changed to "gone"."""
    metadata = dict(old["metadata"])
    if not metadata.get("deletionTimestamp") and metadata.get("generation"):
        metadata["generation"] += 1
    if grace is not None:
        metadata["deletionTimestamp"] = grace.deletion_timestamp
        metadata["deletionGracePeriodSeconds"] = grace.seconds
    else:
        present = metadata.get("deletionTimestamp")
        if not present or datetime.fromisoformat(present) > now:
            metadata["deletionTimestamp"] = names.timestamp(now)
        metadata["deletionGracePeriodSeconds"] = 0
    if finalizers:
        metadata["finalizers"] = finalizers
    else:
        metadata.pop("finalizers", None)
    return {**old, "metadata": metadata}


def _answer(info: KindInfo, obj: JsonObject) -> JsonObject:
    if returns_deleted_object(info):
        return obj
    metadata = obj["metadata"]
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": wording.details(info, metadata["name"], uid=metadata["uid"]),
    }
