"""How a Kubernetes API server words its refusals: one function per kind of Status.

Controllers compare messages and read `details`, so both are as apimachinery makes them, oddities included (a delete
precondition names the *kind* where everything else names the resource; `Invalid` names the kind in its details).

Source: apimachinery `pkg/api/errors/errors.go`, apiserver `pkg/storage/errors`, `pkg/registry/rest/delete.go`.
"""

from typing import Any, Final

from reference_impl.apiserver.field_errors import Cause
from reference_impl.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InternalError,
    Invalid,
    MethodNotAllowed,
    NotFound,
)
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject
from reference_impl.store.port import StoreUnavailable

MODIFIED: Final = "the object has been modified; please apply your changes to the latest version and try again"
"""apiserver `registry.OptimisticLockErrorMsg`."""

NO_SUCH_RESOURCE: Final = "the server could not find the requested resource"


def details(info: KindInfo, name: str, *, kind: str | None = None, **more: Any) -> JsonObject:
    """A Status `details` object; its kind is the resource's plural unless said otherwise."""
    found: JsonObject = {"name": name, "group": info.group, "kind": kind or info.plural, **more}
    return {key: value for key, value in found.items() if value}


def not_found(info: KindInfo, name: str) -> NotFound:
    return NotFound(f'{info.resource} "{name}" not found', details=details(info, name))


def no_such_resource() -> NotFound:
    """The kind, or this subresource of it, is not served."""
    return NotFound(NO_SUCH_RESOURCE, details={})


def already_exists(info: KindInfo, name: str, *, is_deleting: bool = False) -> AlreadyExists:
    """`is_deleting`: the object in the way has a deletionTimestamp."""
    prefix = "object is being deleted: " if is_deleting else ""
    return AlreadyExists(f'{prefix}{info.resource} "{name}" already exists', details=details(info, name))


def generated_name_exists(info: KindInfo, name: str) -> AlreadyExists:
    """Every name tried for a generateName was taken (errors.NewGenerateNameConflict)."""
    return AlreadyExists(
        f'{info.resource} "{name}" already exists, the server was not able to generate a unique name for the object',
        details=details(info, name, retryAfterSeconds=1),
        retry_after_s=1,
    )


def conflict(info: KindInfo, name: str, why: str = MODIFIED, *, resource: str | None = None) -> Conflict:
    """`resource`: what the message calls it, where that is not the plain resource ("pods/binding", "Pod")."""
    return Conflict(
        f'Operation cannot be fulfilled on {resource or info.resource} "{name}": {why}',
        details=details(info, name, kind=resource.partition(".")[0] if resource else None),
    )


def uid_mismatch(info: KindInfo, name: str, asked: str, actual: str) -> Conflict:
    """A precondition of storage failed, as opposed to one that delete checks first."""
    return conflict(info, name, f"Precondition failed: UID in precondition: {asked}, UID in object meta: {actual}")


def forbidden(info: KindInfo, name: str, why: str, *, causes: list[Cause] | None = None) -> Forbidden:
    named = f'{info.resource} "{name}"' if name else info.resource
    return Forbidden(f"{named} is forbidden: {why}", details=details(info, name, causes=causes))


def not_allowed(info: KindInfo, verb: str) -> MethodNotAllowed:
    return MethodNotAllowed(
        f'{verb} is not supported on resources of kind "{info.resource}"', details=details(info, "")
    )


def cause(field: str, reason: str, message: str) -> Cause:
    """One entry of an Invalid's causes, such as ("metadata.uid", "FieldValueInvalid", "Invalid value: ...")."""
    return {"reason": reason, "message": message, "field": field}


def invalid(info: KindInfo, name: str, causes: list[Cause], *, kind: str | None = None) -> Invalid:
    """`kind`: what stands in for the kind, where Kubernetes itself names something else."""
    shown = kind or info.kind
    qualified = f"{shown}.{info.group}" if info.group else shown
    return Invalid(
        f'{qualified} "{name}" is invalid: {_listed(causes)}',
        details=details(info, name, kind=shown, causes=causes),
    )


def invalid_options(options: str, causes: list[Cause]) -> Invalid:
    """Refused query options: `options` is "ListOptions" or "DeleteOptions"."""
    return Invalid(
        f'{options}.meta.k8s.io "" is invalid: {_listed(causes)}',
        details={"group": "meta.k8s.io", "kind": options, "causes": causes},
    )


def _listed(causes: list[Cause]) -> str:
    texts = list(dict.fromkeys(f"{each['field']}: {each['message']}" for each in causes))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def store_unavailable(error: StoreUnavailable) -> InternalError:
    """The store did not answer: 500 with its words, as errors of etcd reach a client (`storage/errors` knows no
    Status for them). Not definite where the store is not."""
    refused = InternalError(str(error))
    refused.definite = error.definite
    return refused
