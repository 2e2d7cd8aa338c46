"""A Status object (in an ERROR event, or an HTTP answer) as the `ApiError` it stands for.

Source: apimachinery `api/errors` (`FromObject`): the reason decides, then the HTTP code.
"""

from reference_impl import errors
from reference_impl.errors import ApiError
from reference_impl.protocol import JsonObject

_KNOWN: tuple[type[ApiError], ...] = (
    errors.NotFound, errors.AlreadyExists, errors.Conflict, errors.Invalid, errors.BadRequest, errors.Forbidden,
    errors.Unauthorized, errors.MethodNotAllowed, errors.Gone, errors.UnsupportedMediaType, errors.TooManyRequests,
    errors.ServiceUnavailable, errors.NotImplementedByServer, errors.InternalError, errors.Timeout,
)  # fmt: skip
_BY_REASON: dict[str, type[ApiError]] = {cls.reason: cls for cls in _KNOWN}
_BY_REASON |= {"Gone": errors.Gone, "ServerTimeout": errors.Timeout}

_BY_CODE: dict[int, type[ApiError]] = {
    400: errors.BadRequest, 401: errors.Unauthorized, 403: errors.Forbidden, 404: errors.NotFound,
    405: errors.MethodNotAllowed, 409: errors.Conflict, 410: errors.Gone, 415: errors.UnsupportedMediaType,
    422: errors.Invalid, 429: errors.TooManyRequests, 501: errors.NotImplementedByServer,
    503: errors.ServiceUnavailable, 504: errors.Timeout,
}  # fmt: skip


def error_of_status(status: JsonObject) -> ApiError:
    """The error that a Status stands for; an unknown reason and code is an `InternalError`."""
    reason = status.get("reason") or ""
    code = status.get("code") or 0
    cls = _BY_REASON.get(reason) or _BY_CODE.get(code) or errors.InternalError
    details = status.get("details")
    return cls(
        status.get("message", ""),
        details=details,
        status=code or None,
        reason=reason or None,
        retry_after_s=(details or {}).get("retryAfterSeconds"),
    )


def is_too_large_resource_version(error: ApiError) -> bool:
    """The replica has not reached the revision asked for (apimachinery `HasStatusCause(ResourceVersionTooLarge)`)."""
    if isinstance(error, errors.TooLargeResourceVersion):
        return True
    causes = (error.details or {}).get("causes") or ()
    return any(cause.get("reason") == "ResourceVersionTooLarge" for cause in causes)
