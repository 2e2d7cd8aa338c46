"""Update and patch: a new state for an object that exists, under optimistic concurrency.

One path for both, and for /status: the sent object is given the system metadata it may not change, then the parts that
this endpoint may not change, then it is validated and compared. A write that changes nothing keeps the revision and
emits no event. The write that takes away the last finalizer of a deleting object removes it.

Sources: apiserver `registry.Store.Update`, `ShouldDeleteDuringUpdate`, `rest.BeforeUpdate`; apimachinery
`ValidateObjectMetaAccessorUpdate`; etcd3 `GuaranteedUpdate` (no-op writes); apiserver
`pkg/endpoints/handlers/fieldmanager/equality.go`.
"""

from typing import Final

from reference_impl.apiserver import (
    custom_kinds,
    field_errors,
    generation,
    managed_fields,
    namespaces,
    reviewing,
    status,
    tracking,
    wording,
)
from reference_impl.apiserver.admission import prepare
from reference_impl.apiserver.body import copied_body
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.decoding import check_types
from reference_impl.apiserver.equality import same
from reference_impl.apiserver.kind_rules import CRDS, NAMESPACES, allows_unconditional_update
from reference_impl.apiserver.patches import apply_patch
from reference_impl.errors import BadRequest, UnsupportedMediaType
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject

_KEPT: Final = ("creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds")


def update(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Replace an object (or its status, or what `finalize` covers) and answer what is stored now.

    Raises BadRequest, Conflict (resourceVersion or uid is not the current one), Invalid, NotFound: there is no
    create-on-update.
    """
    obj = copied_body(request, info)
    if request.from_wire:
        check_types(info, obj)
    metadata = obj["metadata"]
    sent_name = metadata.setdefault("name", request.name)
    if sent_name != request.name:
        raise BadRequest(f"the name of the object ({sent_name}) does not match the name on the URL ({request.name})")
    old = core.existing(request, info)
    uid = metadata.get("uid")
    if uid and uid != old["metadata"]["uid"]:
        raise wording.uid_mismatch(info, sent_name, uid, old["metadata"]["uid"])
    return write(core, request, info, obj, old)


def patch(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Apply a patch to the object as it is in the store, and answer what is stored now.

    Without a resourceVersion in it a patch never conflicts. Raises BadRequest, Conflict, Invalid (a changed uid
    included), NotFound, UnsupportedMediaType.
    """
    if request.patch_type is None:
        raise UnsupportedMediaType("a patch needs a type: merge, json, strategic or apply")
    old = core.existing(request, info)
    shown = custom_kinds.as_version(old, info)
    if request.from_wire and request.patch_type == "strategic" and isinstance(request.body, dict):
        check_types(info, request.body)
    patched = apply_patch(info, shown, request.body, request.patch_type)
    if patched.get("kind") != info.kind or patched.get("apiVersion") != info.api_version:
        raise BadRequest(
            f"the patch makes the object a {patched.get('apiVersion')} {patched.get('kind')}: apiVersion and kind of "
            f"a {info.api_version} {info.kind} cannot be changed"
        )
    if not isinstance(patched.get("metadata"), dict):
        raise BadRequest("the patch takes the object's metadata away; patch single fields of it instead")
    if request.from_wire:
        check_types(info, patched)
    # The result may share parts with the stored object: what `write` changes in place is copied here.
    patched = {**patched, "metadata": dict(patched["metadata"])}
    return write(core, request, info, patched, old)


def write(
    core: Core,
    request: ApiRequest,
    info: KindInfo,
    obj: JsonObject,
    old: JsonObject,
    claims: list[JsonObject] | None = None,
) -> JsonObject:
    """Take `obj` (owned, metadata owned too) from a client to the store, in place of `old`.

    `claims`: the managedFields that an apply comes to; None for writes that are not applies.
    """
    sent = obj["metadata"].pop("managedFields", None)
    entries = tracking.starting_point(sent, old, request.subresource) if claims is None else claims
    old_shown = custom_kinds.as_version(old, info)
    obj = reviewing.mutated(core, request, info, obj, old_shown)
    _check_revision(info, obj["metadata"], old["metadata"])
    _carry_system_metadata(info, obj["metadata"], old["metadata"])
    obj = _mask(info, obj, old_shown, request.subresource)
    if entries is not None or "managedFields" in obj["metadata"]:
        obj = tracking.managed(obj, entries)
    if not same(obj, old_shown):
        obj = prepare(info, obj, old_shown, subresource=request.subresource)
        if request.subresource != "status" and generation.counts_change(info, obj, old_shown):
            obj = {**obj, "metadata": {**obj["metadata"], "generation": old["metadata"].get("generation", 0) + 1}}
            if info.resource == CRDS:
                obj = custom_kinds.changed(core, info, obj)
        if claims is None and entries is not None:
            obj = tracking.managed(obj, tracking.updated(core, request, info, old_shown, obj, entries))
    if claims is not None:
        obj = _with_old_times(obj, old_shown)
    reviewing.validated(core, request, info, obj, old_shown)
    if _is_done(info, obj, old):
        core.remove(request, info, old)
        return obj
    if same(obj, old_shown):
        return obj if request.dry_run else old_shown
    if info.crd is not None:
        obj = custom_kinds.to_storage(core, info, obj)
    return custom_kinds.as_version(core.put(request, info, obj, old=old), info)


def _with_old_times(obj: JsonObject, old: JsonObject) -> JsonObject:
    """An apply after which only the time of a claim would differ is no change (a no-op keeps its revision)."""
    now, before = obj["metadata"].get("managedFields"), old["metadata"].get("managedFields")
    if now and before and managed_fields.timeless(now) == managed_fields.timeless(before):
        reverted = tracking.managed(obj, before)
        if same(reverted, old):
            return reverted
    return obj


def _check_revision(info: KindInfo, metadata: JsonObject, old: JsonObject) -> None:
    sent = metadata.get("resourceVersion")
    if not sent or sent == "0":
        if not allows_unconditional_update(info):
            # Kubernetes puts the resource where the kind belongs, and prints an unsigned zero.
            field = wording.cause(
                "metadata.resourceVersion", "FieldValueInvalid", "Invalid value: 0x0: must be specified for an update"
            )
            raise wording.invalid(info, old["name"], [field], kind=info.plural)
        metadata["resourceVersion"] = old["resourceVersion"]
    elif sent != old["resourceVersion"]:
        raise wording.conflict(info, old["name"])


def _carry_system_metadata(info: KindInfo, metadata: JsonObject, old: JsonObject) -> None:
    """Keep what an update cannot change; refuse what it must not try to."""
    causes = []
    if metadata.get("deletionTimestamp") and not old.get("deletionTimestamp"):
        causes.append(
            field_errors.invalid_value(
                "metadata.deletionTimestamp", metadata["deletionTimestamp"], "field is immutable"
            )
        )
    for field in _KEPT:
        if field in old:
            metadata[field] = old[field]
        else:
            metadata.pop(field, None)
    for field in ("uid", "namespace"):
        if not metadata.get(field) and field in old:
            metadata[field] = old[field]
    for field in ("name", "namespace", "uid"):
        if metadata.get(field) != old.get(field):
            causes.append(field_errors.invalid_value(f"metadata.{field}", metadata.get(field), "field is immutable"))
    if not metadata.get("finalizers"):
        metadata.pop("finalizers", None)
    elif old.get("deletionTimestamp"):
        kept = old.get("finalizers") or ()
        added = sorted(each for each in metadata["finalizers"] if each not in kept)
        if added:
            shown = ", ".join(f'"{each}"' for each in added)
            causes.append(
                field_errors.forbidden(
                    "metadata.finalizers",
                    "no new finalizers can be added if the object is being deleted, found new finalizers "
                    f"[]string{{{shown}}}",
                )
            )
    if causes:
        raise wording.invalid(info, old["name"], causes)


def _mask(info: KindInfo, obj: JsonObject, old: JsonObject, subresource: str | None) -> JsonObject:
    """Put back the parts of the object that this endpoint does not write."""
    if subresource == "status":
        return status.mask(info, obj, old)
    if subresource == "finalize":
        return namespaces.mask_finalize(obj, old)
    if "status" in info.subresources:
        if "status" in old:
            obj["status"] = old["status"]
        else:
            obj.pop("status", None)
    return namespaces.mask_update(obj, old) if info.resource == NAMESPACES else obj


def _is_done(info: KindInfo, obj: JsonObject, old: JsonObject) -> bool:
    """Is this the write after which nothing holds a deleting object any more?"""
    metadata = old["metadata"]
    if obj["metadata"].get("finalizers") or not metadata.get("deletionTimestamp"):
        return False
    if metadata.get("deletionGracePeriodSeconds"):
        return False
    return info.resource != NAMESPACES or not (obj.get("spec") or {}).get("finalizers")
