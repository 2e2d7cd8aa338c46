"""Server-side apply: a manager states all that it wants of an object, and the server makes it so.

The configuration is merged over what is stored (created if there is nothing), fields that the manager applied last time
and nobody owns now go away (and come back as their defaults, if they have any), and a field that somebody else owns
and that would change is a conflict, unless the apply is forced. An apply that changes nothing keeps the revision.

A configuration may carry a resourceVersion (refused with Conflict if it is not the current one; it does not keep an
object from being created) and a uid (which does). kubectl's annotation of client-side apply is honoured as by real
servers (`last_applied.py`).

Sources: "Server-Side Apply"; apiserver `pkg/endpoints/handlers/patch.go` applyPatcher; apimachinery
`pkg/util/managedfields/internal/{fieldmanager,structuredmerge,versioncheck,conflict}.go`; KEP-555.
"""

from reference_impl.apiserver import (
    creation,
    custom_kinds,
    last_applied,
    managed_fields,
    ownership,
    structured_merge,
    tracking,
    update,
    wording,
)
from reference_impl.apiserver.body import copied_body
from reference_impl.apiserver.core import Core, key_of
from reference_impl.apiserver.decoding import check_types
from reference_impl.apiserver.field_sets import Path, path_text
from reference_impl.apiserver.managed_fields import APPLY, Claims, Manager
from reference_impl.apiserver.ownership import Applied, Conflicts
from reference_impl.errors import ApiError, BadRequest, Conflict
from reference_impl.kinds import KindInfo
from reference_impl.objects import group_of
from reference_impl.protocol import ApiRequest, JsonObject


def apply(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Apply the body to the object (or its status) and answer what is stored now.

    Raises BadRequest, Conflict (a cause for each field), Invalid, NotFound (a subresource of what is not there), and
    ApiError 500 for a configuration that does not fit the schema, as Kubernetes does.
    """
    config = _configuration(request, info)
    old = core.store.get(key_of(info, request.namespace, request.name or ""))
    if old is not None:
        return onto(core, request, info, config, old)
    if request.subresource:
        raise wording.not_found(info, request.name or "")
    uid = config["metadata"].get("uid")
    if uid:
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise wording.conflict(info, request.name or "", why)
    applied = _apply(core, request, info, {}, config, {})
    stored = creation.store_new(core, request, info, config, managed_fields.encode(applied.claims))
    if request.notes is not None:
        request.notes.created = True
    return stored


def onto(core: Core, request: ApiRequest, info: KindInfo, config: JsonObject, old: JsonObject) -> JsonObject:
    """Apply a configuration of the object itself to what is stored."""
    shown = custom_kinds.as_version(old, info)
    live = tracking.unmanaged(shown)
    try:
        claims = managed_fields.decode(shown["metadata"].get("managedFields") or [])
    except ValueError as why:
        raise ApiError(f"failed to decode managed fields: {why}", status=500, reason="") from None
    if not claims:
        claims = tracking.before_first_apply(core, info, request.subresource, live)
    applied = _apply(core, request, info, live, config, claims)
    obj = last_applied.refreshed(request, live, applied.obj, config)
    # What `write` changes in place is copied here.
    obj = {**obj, "metadata": dict(obj["metadata"])}
    return update.write(core, request, info, obj, old, managed_fields.encode(applied.claims))


def _configuration(request: ApiRequest, info: KindInfo) -> JsonObject:
    """The body, which must say what it is. Raises BadRequest."""
    body = request.body
    if not isinstance(body, dict):
        raise BadRequest("error decoding YAML: an applied configuration must be an object")
    version, kind = str(body.get("apiVersion") or ""), str(body.get("kind") or "")
    if (version, kind) != (info.api_version, info.kind):
        raise BadRequest(f"invalid object type: {_typed(version, kind)}")
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise BadRequest("metadata.managedFields must be nil")
    config = copied_body(request, info)
    name = config["metadata"].setdefault("name", request.name)
    if name != request.name:
        raise BadRequest(f"the name of the object ({name}) does not match the name on the URL ({request.name})")
    return config


def _apply(
    core: Core, request: ApiRequest, info: KindInfo, live: JsonObject, config: JsonObject, claims: Claims
) -> Applied:
    lens = tracking.lens_of(core, info, request.subresource)
    faults = structured_merge.faults_of(config, lens.view.type)
    if faults:
        listed = faults[0] if len(faults) == 1 else "\n  ".join(["errors:", *faults])
        named = f"{config['metadata'].get('namespace') or ''}/{request.name}; {_typed(info.api_version, info.kind)}"
        raise ApiError(f"failed to create typed patch object ({named}): {listed}", status=500, reason="")
    if request.from_wire:
        check_types(info, config)
    manager = Manager.of(request.field_manager or "", APPLY, info.api_version, request.subresource)
    now = core.timestamp()
    try:
        return ownership.apply(lens, live, config, claims, manager, force=request.force, now=now)
    except Conflicts as conflicts:
        left = last_applied.unresolved(request, lens.view.type, live, conflicts.fields)
        if left:
            raise _refused(left) from None
        return ownership.apply(lens, live, config, claims, manager, force=True, now=now)


def _typed(api_version: str, kind: str) -> str:
    """Go's `GroupVersionKind.String()`."""
    return f"{group_of(api_version)}/{api_version.rpartition('/')[2]}, Kind={kind}"


def _refused(fields: list[tuple[Manager, Path]]) -> Conflict:
    """`NewConflictError`: a cause for each field, and one message over all of them, grouped by manager."""
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f"conflict with {manager.shown()}",
            "field": path_text(path),
        }
        for manager, path in fields
    ]
    if len(fields) == 1:
        manager, path = fields[0]
        message = f"Apply failed with 1 conflict: conflict with {manager.shown()}: {path_text(path)}"
    else:
        lines: list[str] = []
        for manager in dict.fromkeys(manager for manager, _ in fields):
            lines.append(f"conflicts with {manager.shown()}:")
            lines += [f"- {path_text(path)}" for owner, path in fields if owner == manager]
        message = f"Apply failed with {len(fields)} conflicts: " + "\n".join(lines)
    return Conflict(message, details={"causes": causes})
