"""Telling the answers of an API server apart, as a real client can: by type and Status, never by `definite`.

Source: apimachinery `pkg/api/errors`; `controller.CreatePods` callers in pkg/controller/replicaset.
"""

from reference_impl.errors import ApiError, ConnectionLost, Forbidden, InternalError, Invalid, NotFound, Timeout


def may_have_committed(error: ApiError) -> bool:
    """Was this command possibly carried out although it was answered with an error, or not at all?"""
    return isinstance(error, InternalError | Timeout | ConnectionLost)


def namespace_is_terminating(error: ApiError) -> bool:
    """`HasStatusCause(err, NamespaceTerminatingCause)`: nothing can be created here any more, so do not try again."""
    causes = (error.details or {}).get("causes") or ()
    return isinstance(error, Forbidden) and any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


def kind_is_unknown(error: NotFound) -> bool:
    """404 because the kind is not served, which says nothing about the object (`meta.IsNoMatchError`).

    An object's 404 carries its name in `details`; "the server could not find the requested resource" does not.
    """
    return not (error.details or {}).get("name")


def object_is_another(error: ApiError) -> bool:
    """A write that named a uid found no such object: it is gone, or replaced under its name.

    A patch whose metadata carries another uid than the stored object is refused as a change of an immutable field.
    """
    if isinstance(error, NotFound):
        return True
    causes = (error.details or {}).get("causes") or ()
    return isinstance(error, Invalid) and any(cause.get("field") == "metadata.uid" for cause in causes)
