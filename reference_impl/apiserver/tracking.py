"""When writes that are no applies change who owns what, and what an endpoint may own.

An object is tracked from its first server-side apply on (what it had before is then "before-first-apply"'s), or from
its creation if the server is told so (`track_on_create`), as real servers are: it costs on every write, and nobody in a
simulation looks at claims before somebody applies. A client that sends valid managedFields of its own is believed; one
that sends none changes nothing; `[]` or `[{}]` takes the object out of tracking.

Not modelled: a manager name from a User-Agent. Where a request names no field manager, whoever sent it is the manager.

Sources: apimachinery `pkg/util/managedfields/internal/{fieldmanager,skipnonapplied,buildmanagerinfo}.go`;
GetResetFields of the registry strategies; `metav1/validation` ValidateFieldManager, ValidatePatchOptions.
"""

from typing import Any, Final

from reference_impl.apiserver import custom_kinds, field_errors, managed_fields, ownership, wording
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.field_sets import FieldSet
from reference_impl.apiserver.field_types import type_of
from reference_impl.apiserver.kind_rules import CRDS, NAMESPACES, STATUS_KEEPS_METADATA
from reference_impl.apiserver.managed_fields import UPDATE, Claims, Manager
from reference_impl.apiserver.ownership import Lens, View
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject

MANAGER_LENGTH_MAX: Final = 128
"""`metav1validation.FieldManagerMaxLength`."""
_OPTIONS: Final = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
_STATUS: Final = FieldSet.of(("f:status",))


def check_options(request: ApiRequest) -> None:
    """Raises Invalid for a write whose field manager or force cannot be."""
    is_apply = request.verb == "patch" and request.patch_type == "apply"
    if not (request.field_manager or request.force or is_apply) or request.verb not in _OPTIONS:
        return
    causes: list[Cause] = []
    manager = request.field_manager or ""
    if request.force and not is_apply:
        causes.append(field_errors.forbidden("force", "may not be specified for non-apply patch"))
    if is_apply and not manager:
        causes.append(field_errors.required("fieldManager", "is required for apply patch"))
    if len(manager.encode()) > MANAGER_LENGTH_MAX:
        causes.append(field_errors.too_long("fieldManager", MANAGER_LENGTH_MAX))
    if not manager.isprintable():
        why = "should only contain printable characters"
        causes.append(field_errors.invalid_value("fieldManager", manager, why))
    if causes:
        raise wording.invalid_options(_OPTIONS[request.verb], causes)


def lens_of(core: Core, info: KindInfo, subresource: str | None) -> Lens:
    """How claims on objects of this kind are looked at through this endpoint."""

    def view(version: KindInfo) -> View:
        return View(
            type=type_of(version),
            show=lambda obj: custom_kinds.as_version(obj, version),
            reset=lambda fields: _reset(fields, version, subresource),
        )

    def other(api_version: str) -> View | None:
        found = core.kinds.find(api_version, info.kind)
        return view(found) if found is not None and found.resource == info.resource else None

    return Lens(version=info.api_version, view=view(info), other=other)


def _reset(fields: FieldSet, info: KindInfo, subresource: str | None) -> FieldSet:
    """Without what this endpoint never writes, which therefore nobody comes to own through it."""
    if subresource == "status":
        if info.crd is not None or info.resource == CRDS:
            status = fields.under("f:status")
            return FieldSet(
                {"f:status": None} if "f:status" in fields.members else {}, {"f:status": status} if status else {}
            )
        kept = STATUS_KEEPS_METADATA.get(info.resource, ())
        return fields.without(FieldSet.of(("f:spec",), *(("f:metadata", f"f:{name}") for name in kept)))
    if "status" in info.subresources:
        fields = fields.without(_STATUS)
    if info.resource == NAMESPACES and subresource != "finalize":
        fields = fields.difference(FieldSet.of(("f:spec", "f:finalizers")))
    return fields


def starting_point(sent: Any, old: JsonObject, subresource: str | None) -> list[JsonObject] | None:
    """The managedFields that a write begins with: the client's, the stored ones, or None for an untracked object."""
    stored: list[JsonObject] | None = old["metadata"].get("managedFields") or None
    if sent is None or sent is stored or sent == stored or subresource:
        return stored
    if managed_fields.is_reset(sent):
        return None
    return sent if managed_fields.decode_or_nothing(sent) else stored


def updated(
    core: Core, request: ApiRequest, info: KindInfo, old: JsonObject, obj: JsonObject, entries: list[JsonObject]
) -> list[JsonObject]:
    """The managedFields after this update or patch of a tracked object; the same list if nobody gains or loses."""
    claims = managed_fields.decode_stored(entries)
    found = _after_update(core, request, info, old, obj, claims)
    return entries if found == claims else managed_fields.encode(found)


def created(
    core: Core, request: ApiRequest, info: KindInfo, obj: JsonObject, sent: Any = None
) -> list[JsonObject] | None:
    """The managedFields of an object created by other means than an apply; None: it is not tracked."""
    claims = managed_fields.decode_or_nothing(sent)
    if not claims and not core.track_on_create:
        return None
    return managed_fields.encode(_after_update(core, request, info, _empty(info), obj, claims))


def before_first_apply(core: Core, info: KindInfo, subresource: str | None, live: JsonObject) -> Claims:
    """The claims on an object that has not been tracked: all that is there belongs to one nameless updater."""
    manager = Manager.of("before-first-apply", UPDATE, info.api_version, subresource)
    lens = lens_of(core, info, subresource)
    return ownership.after_update(lens, _empty(info), live, {}, manager, core.timestamp())


def _after_update(
    core: Core, request: ApiRequest, info: KindInfo, old: JsonObject, obj: JsonObject, claims: Claims
) -> Claims:
    manager = Manager.of(manager_name(request), UPDATE, info.api_version, request.subresource)
    lens = lens_of(core, info, request.subresource)
    if old.get("metadata", {}).get("managedFields") is not obj["metadata"].get("managedFields"):
        old, obj = unmanaged(old), unmanaged(obj)
    found = ownership.after_update(lens, old, obj, claims, manager, core.timestamp())
    return managed_fields.capped(found)


def manager_name(request: ApiRequest) -> str:
    return request.field_manager or request.user[:MANAGER_LENGTH_MAX]


def _empty(info: KindInfo) -> JsonObject:
    return {"apiVersion": info.api_version, "kind": info.kind}


def unmanaged(obj: JsonObject) -> JsonObject:
    """The object without its managedFields, sharing the rest."""
    if "managedFields" not in obj.get("metadata", {}):
        return obj
    return managed(obj, None)


def managed(obj: JsonObject, entries: list[JsonObject] | None) -> JsonObject:
    """The object with these managedFields, or without any."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    if entries:
        metadata["managedFields"] = entries
    return {**obj, "metadata": metadata}
