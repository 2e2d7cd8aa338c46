"""Namespaces: nothing is created outside one, and one goes away only when it is empty.

Deleting a Namespace marks it Terminating and waits for `spec.finalizers` to be emptied through the `finalize`
subresource, by the namespace controller once nothing is left inside. New content is refused from the mark on. The
system namespaces cannot be deleted at all.

Not modelled: the default ServiceAccount and the root CA ConfigMap that controllers put into each new namespace.

Sources: kubernetes `pkg/registry/core/namespace/`, admission plugin NamespaceLifecycle.
"""

from typing import Final

from reference_impl.apiserver import deletion, wording
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.kind_rules import NAMESPACES
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject

SYSTEM_NAMESPACES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")
IMMORTAL: Final = ("default", "kube-system", "kube-public")
FINALIZER: Final = "kubernetes"
NAME_LABEL: Final = "kubernetes.io/metadata.name"
_NOT_EMPTY: Final = (
    "The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will "
    "automatically be purged by the system."
)


def admit_creation(core: Core, info: KindInfo, obj: JsonObject) -> None:
    """NamespaceLifecycle. Raises NotFound (no such namespace) or Forbidden (it is terminating)."""
    if not info.namespaced:
        return
    metadata = obj["metadata"]
    namespace = metadata["namespace"]
    found = core.store.get((NAMESPACES, "", namespace))
    if found is None:
        raise wording.not_found(core.kinds.by_resource(NAMESPACES), namespace)
    if found["status"].get("phase") == "Terminating":
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        cause = wording.cause(
            "metadata.namespace", "NamespaceTerminating", f"namespace {namespace} is being terminated"
        )
        raise wording.forbidden(info, metadata.get("name", ""), why, causes=[cause])


def initialize(obj: JsonObject) -> None:
    """A new Namespace gets its finalizer and the label of its own name."""
    spec = obj["spec"] = dict(obj.get("spec") or {})
    finalizers = spec.get("finalizers") or []
    spec["finalizers"] = finalizers if FINALIZER in finalizers else [*finalizers, FINALIZER]
    metadata = obj["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), NAME_LABEL: metadata["name"]}


def delete(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Mark it Terminating; or, once it is empty, remove it. Raises Conflict, Forbidden, NotFound."""
    if request.name in IMMORTAL:
        raise wording.forbidden(info, str(request.name), "this namespace may not be deleted")
    old = core.existing(request, info)
    name = old["metadata"]["name"]
    options = deletion.DeleteOptions.of(request)
    deletion.check_storage_preconditions(info, old, options)
    if not old["metadata"].get("deletionTimestamp"):
        metadata = {**old["metadata"], "deletionTimestamp": core.timestamp()}
        marked = {**old, "metadata": metadata, "status": {**(old.get("status") or {}), "phase": "Terminating"}}
        return core.put(request, info, marked, old=old)
    if (old.get("spec") or {}).get("finalizers"):
        raise wording.conflict(info, name, _NOT_EMPTY)
    return deletion.delete_object(core, request, info, old, options)


def mask_update(obj: JsonObject, old: JsonObject) -> JsonObject:
    """An ordinary update cannot change spec.finalizers."""
    finalizers = (old.get("spec") or {}).get("finalizers")
    spec = dict(obj.get("spec") or {})
    if finalizers:
        spec["finalizers"] = finalizers
    else:
        spec.pop("finalizers", None)
    obj["spec"] = spec
    return obj


def mask_finalize(obj: JsonObject, old: JsonObject) -> JsonObject:
    """`finalize` cannot change status."""
    obj["status"] = old.get("status") or {}
    return obj
