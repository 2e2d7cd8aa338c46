"""Create: an object comes into being under a name that was free.

The order of checks is the API server's: body and namespace first, then system metadata, defaults and validation, and
only then whether the name is taken. What a client says about system metadata and, for kinds with a status subresource,
about status is dropped silently.

Sources: apiserver `registry.Store.Create`, `rest.BeforeCreate`, `rest.FillObjectMetaSystemFields`; KEP-4420.
"""

from typing import Any, Final

from reference_impl.apiserver import (
    custom_kinds,
    field_errors,
    names,
    namespaces,
    reviewing,
    reviews,
    tracking,
    wording,
)
from reference_impl.apiserver.admission import prepare
from reference_impl.apiserver.body import copied_body
from reference_impl.apiserver.core import Core, key_of
from reference_impl.apiserver.decoding import check_types
from reference_impl.apiserver.kind_rules import CRDS, EVENTS, INITIAL_STATUS, NAMESPACES, has_generation
from reference_impl.errors import ApiError
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json, is_deleting
from reference_impl.protocol import ApiRequest, JsonObject

_SYSTEM_FIELDS: Final = ("deletionTimestamp", "deletionGracePeriodSeconds", "generation", "uid", "creationTimestamp")


def create(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Store a new object and answer it.

    Raises AlreadyExists, BadRequest, Forbidden (terminating namespace), Invalid, MethodNotAllowed (terminating CRD),
    NotFound (no such namespace).
    """
    if info.group in reviews.GROUPS:
        if request.from_wire:
            check_types(info, request.body)
        return reviews.review(core, request, info)
    obj = copied_body(request, info)
    if request.from_wire:
        check_types(info, obj)
    if obj["metadata"].get("resourceVersion"):
        # A plain Go error in etcd3's store, so a 500 without a reason; nothing was written.
        raise ApiError("resourceVersion should not be set on objects to be created", status=500, reason="")
    return store_new(core, request, info, obj)


def store_new(
    core: Core, request: ApiRequest, info: KindInfo, obj: JsonObject, claims: list[JsonObject] | None = None
) -> JsonObject:
    """The same for an object (owned) whose body has been checked. `claims`: its managedFields, if an apply made it."""
    sent = obj["metadata"].pop("managedFields", None)
    namespaces.admit_creation(core, info, obj)
    custom_kinds.admit_creation(core, info)
    _wipe(obj["metadata"])
    obj = reviewing.mutated(core, request, info, obj, None)
    _initialize(core, info, obj)
    generate = not obj["metadata"].get("name")
    if not generate:
        return _create_named(core, request, info, obj, sent, claims)
    base = obj["metadata"].get("generateName")
    if not base:
        raise wording.invalid(info, "", [field_errors.required("metadata.name", "name or generateName is required")])
    for _ in range(names.ATTEMPTS):
        name = names.generate_name(base, core.rng)
        if core.store.get(key_of(info, obj["metadata"].get("namespace"), name)) is None:
            obj["metadata"]["name"] = name
            return _create_named(core, request, info, obj, sent, claims)
    raise wording.generated_name_exists(info, name)


def _initialize(core: Core, info: KindInfo, obj: JsonObject) -> None:
    """What the server decides about a new object, whatever the client sent."""
    metadata = obj["metadata"]
    _wipe(metadata)
    metadata["uid"] = names.generate_uid(core.rng)
    metadata["creationTimestamp"] = core.timestamp()
    if has_generation(info):
        metadata["generation"] = 1
    if "status" in info.subresources:
        obj.pop("status", None)
        initial = INITIAL_STATUS.get(info.resource)
        if initial is not None:
            obj["status"] = copy_json(initial)


def _wipe(metadata: JsonObject) -> None:
    for field in (*_SYSTEM_FIELDS, "resourceVersion"):
        metadata.pop(field, None)


def _create_named(
    core: Core, request: ApiRequest, info: KindInfo, obj: JsonObject, sent: Any, claims: list[JsonObject] | None
) -> JsonObject:
    if info.resource == NAMESPACES:
        namespaces.initialize(obj)
    obj = prepare(info, obj, None, subresource=None)
    if sent is not None or claims is not None or core.track_on_create:
        obj = tracking.managed(obj, tracking.created(core, request, info, obj, sent) if claims is None else claims)
    metadata = obj["metadata"]
    if info.resource == CRDS:
        obj = custom_kinds.accepted(core, info, obj)
    reviewing.validated(core, request, info, obj, None)
    in_the_way = core.store.get(key_of(info, metadata.get("namespace"), metadata["name"]))
    if in_the_way is not None:
        raise wording.already_exists(info, metadata["name"], is_deleting=is_deleting(in_the_way))
    if info.crd is not None:
        obj = custom_kinds.to_storage(core, info, obj)
    lease = core.event_lease() if info.resource in EVENTS and not request.dry_run else None
    return custom_kinds.as_version(core.put(request, info, obj, old=None, lease=lease), info)
