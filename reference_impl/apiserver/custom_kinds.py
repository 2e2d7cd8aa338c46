"""CustomResourceDefinitions: kinds that come with an object and go with it.

Creating a CRD serves its kinds at once: the naming and establishing controllers' conditions are part of the same
commit, where a real cluster takes three. Deleting one marks it (finalizer
`customresourcecleanup.apiextensions.k8s.io`), deletes its instances, and removes it when the last of them is gone; what
the finalizing controller does is done here, in the step that makes it possible. Instances with finalizers hold their
CRD. New instances are refused meanwhile.

Instances are stored in the storage version and shown in the version asked for; the only conversion is None.

Sources: apiextensions-apiserver `pkg/registry/customresourcedefinition/etcd.go`, `pkg/controller/finalizer`,
`pkg/apiserver/customresource_handler.go`.
"""

from dataclasses import replace
from typing import Final

from reference_impl.apiserver import crd as definitions
from reference_impl.apiserver import deletion, field_errors, wording
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.kind_rules import CRDS
from reference_impl.errors import Invalid, MethodNotAllowed
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.port import StoreEvent

FINALIZER: Final = "customresourcecleanup.apiextensions.k8s.io"
_MARKED: Final = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"


def accepted(core: Core, info: KindInfo, crd: JsonObject) -> JsonObject:
    """A new CRD with the status of one that is established. Raises Invalid: it defines nothing that can be served."""
    definitions.kinds_of(crd)
    _refuse_clash(core, info, crd)
    return {**crd, "status": definitions.crd_status(crd, now=core.timestamp())}


def changed(core: Core, info: KindInfo, crd: JsonObject) -> JsonObject:
    """A CRD whose spec has changed, its status following. Raises Invalid."""
    definitions.kinds_of(crd)
    _refuse_clash(core, info, crd)
    fresh = definitions.crd_status(crd, now=core.timestamp())
    status = dict(crd.get("status") or {})
    stored = list(status.get("storedVersions") or ())
    status["storedVersions"] = stored + [each for each in fresh["storedVersions"] if each not in stored]
    status["acceptedNames"] = fresh["acceptedNames"]
    return {**crd, "status": status}


def admit_creation(core: Core, info: KindInfo) -> None:
    """Raises MethodNotAllowed while the kind's CRD is being deleted."""
    if info.crd is not None and info.resource in core.kinds.terminating:
        raise MethodNotAllowed(
            "create not allowed while custom resource definition is terminating", details=wording.details(info, "")
        )


def as_version(obj: JsonObject, info: KindInfo) -> JsonObject:
    """The stored object as a client of this version sees it."""
    return obj if info.crd is None else definitions.convert(obj, info)


def to_storage(core: Core, info: KindInfo, obj: JsonObject) -> JsonObject:
    return definitions.convert(obj, core.kinds.by_resource(info.resource))


def delete(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Mark a CRD, delete its instances, and remove it if that leaves none. Raises Conflict, NotFound."""
    old = core.existing(request, info)
    options = deletion.DeleteOptions.of(request)
    deletion.check_storage_preconditions(info, old, options)
    if old["metadata"].get("deletionTimestamp"):
        return deletion.delete_object(core, request, info, old, options)
    marked = core.put(request, info, _marked(core, old), old=old)
    if request.dry_run:
        return marked
    _delete_instances(core, request, resource_of(marked))
    _finish(core, request, marked["metadata"]["name"])
    return marked


def resume(core: Core, user: str) -> None:
    """Go on with deletions that a killed server or a store out of reach cut short: a real server's finalizing
    controller tries again and again. Raises StoreUnavailable."""
    for resource, name in list(core.kinds.terminating.items()):
        request = ApiRequest(
            verb="delete", api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition", name=name, user=user
        )
        _delete_instances(core, request, resource)
        _finish(core, request, name)


def _delete_instances(core: Core, request: ApiRequest, resource: str) -> None:
    kind = core.kinds.by_resource(resource)
    for each in core.store.list(resource).items:
        # Looked up again: a listener on commits may have changed it meanwhile.
        current = core.store.get((resource, each["metadata"].get("namespace") or "", each["metadata"]["name"]))
        if current is not None:
            deletion.delete_object(core, request, kind, current, deletion.DeleteOptions())


def after_commit(core: Core, request: ApiRequest, event: StoreEvent) -> None:
    """Follow up a commit: serve, withdraw, or let go of a CRD whose last instance has gone."""
    resource = event.key[0]
    if resource == CRDS:
        if event.type == "DELETED":
            core.kinds.withdraw(event.key[2])
        else:
            core.kinds.serve(event.object)
    elif event.type == "DELETED" and core.kinds.terminating:
        crd = core.kinds.terminating.get(resource)
        if crd is not None:
            _finish(core, request, crd)


def _finish(core: Core, request: ApiRequest, name: str) -> None:
    """Take our finalizer from a terminating CRD without instances; without other finalizers it is removed."""
    crd = core.store.get((CRDS, "", name))
    if crd is None or core.store.list(resource_of(crd), limit=1).items:
        return
    finalizers = crd["metadata"].get("finalizers") or []
    if FINALIZER not in finalizers:
        return
    info = core.kinds.by_resource(CRDS)
    remaining = [each for each in finalizers if each != FINALIZER]
    # The commit is a consequence, not the request itself: its options (dry run, preconditions) have been honoured.
    request = replace(request, dry_run=False)
    if remaining:
        metadata = {**crd["metadata"], "finalizers": remaining}
        core.put(request, info, {**crd, "metadata": metadata}, old=crd)
    else:
        core.remove(request, info, crd)


def resource_of(crd: JsonObject) -> str:
    """The GroupResource string of a CRD's instances."""
    return f"{crd['spec']['names']['plural']}.{crd['spec']['group']}"


def _marked(core: Core, crd: JsonObject) -> JsonObject:
    now = core.timestamp()
    metadata = {**crd["metadata"], "deletionTimestamp": now}
    finalizers = metadata.get("finalizers") or []
    metadata["finalizers"] = finalizers if FINALIZER in finalizers else [*finalizers, FINALIZER]
    status = dict(crd.get("status") or {})
    condition = {
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "InstanceDeletionPending",
        "message": _MARKED,
    }
    others = [each for each in status.get("conditions") or () if each.get("type") != "Terminating"]
    status["conditions"] = [*others, condition]
    return {**crd, "metadata": metadata, "status": status}


def _refuse_clash(core: Core, info: KindInfo, crd: JsonObject) -> None:
    """A real server accepts the CRD with NamesAccepted=False and does not serve it: said at once here."""
    taken = core.kinds.clash(crd)
    if taken is not None:
        raise _clash(info, crd, taken)


def _clash(info: KindInfo, crd: JsonObject, taken: str) -> Invalid:
    why = f"{taken} is already in use in group {crd['spec']['group']}"
    return wording.invalid(
        info, crd["metadata"]["name"], [field_errors.invalid_value("spec.names", crd["spec"]["names"]["kind"], why)]
    )
