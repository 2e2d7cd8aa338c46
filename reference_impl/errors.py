"""What an API server, or the network in front of it, answers when it does not do what was asked.

    ApiError
    ├── NotFound 404 · AlreadyExists 409 · Conflict 409 · Invalid 422 · BadRequest 400 · Forbidden 403
    ├── Unauthorized 401 · MethodNotAllowed 405 · Gone 410 · UnsupportedMediaType 415 · TooManyRequests 429
    ├── Unreachable (refused) · ServiceUnavailable 503 (not ready) · NotImplementedByServer 501
    └── InternalError 500 · Timeout 504 · ConnectionLost          not definite: the command may have committed
         └── TooLargeResourceVersion 504 (a read: definite)

`definite` says whether the request *certainly had no effect*. It is for reports: a real client would not know.
Sources: Kubernetes API concepts (Status), apimachinery `metav1.StatusReason`, Maelstrom's `definite?`.
"""

from typing import Any, ClassVar


class ApiError(Exception):
    """A request was answered with a Status other than success, or not answered at all.

    Args:
        message: the Status message, as a real API server words it.
        details: the Status `details` object (name, group, kind, causes, retryAfterSeconds), or None.
        status: HTTP code where it differs from the class's own (502 is an `InternalError`).
        reason: Status reason where it differs from the class's own.
        retry_after_s: what a Retry-After header asks for, in virtual seconds.
    """

    status: int = 500
    reason: str = "InternalError"
    definite: bool = True
    default_message: ClassVar[str] = ""

    def __init__(
        self,
        message: str = "",
        *,
        details: dict[str, Any] | None = None,
        status: int | None = None,
        reason: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.message = message or self.default_message
        super().__init__(self.message)
        self.details = details
        self.retry_after_s = retry_after_s
        if status is not None:
            self.status = status
        if reason is not None:
            self.reason = reason

    def to_status(self) -> dict[str, Any]:
        """The `v1` Status object that goes over the wire."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.status,
        }
        if self.details is not None:
            body["details"] = self.details
        return body


class NotFound(ApiError):
    """The object, or its kind, does not exist."""

    status = 404
    reason = "NotFound"


class AlreadyExists(ApiError):
    """A create met an object of the same name."""

    status = 409
    reason = "AlreadyExists"


class Conflict(ApiError):
    """A write carried a resourceVersion or uid that is no longer the current one."""

    status = 409
    reason = "Conflict"


class Invalid(ApiError):
    """The object fails validation; `details["causes"]` names each field."""

    status = 422
    reason = "Invalid"


class BadRequest(ApiError):
    """The request cannot be understood."""

    status = 400
    reason = "BadRequest"


class Forbidden(ApiError):
    """Authorization, admission, quota or a terminating namespace refused the request."""

    status = 403
    reason = "Forbidden"


class Unauthorized(ApiError):
    """The credentials are missing or not valid."""

    status = 401
    reason = "Unauthorized"


class MethodNotAllowed(ApiError):
    """The resource does not support the verb."""

    status = 405
    reason = "MethodNotAllowed"


class Gone(ApiError):
    """The resourceVersion or continue token is too old: it has been compacted."""

    status = 410
    reason = "Expired"


class UnsupportedMediaType(ApiError):
    """The patch type is not supported for this kind (strategic merge on a custom resource)."""

    status = 415
    reason = "UnsupportedMediaType"


class TooManyRequests(ApiError):
    """Throttled, or an eviction that a disruption budget does not allow now."""

    status = 429
    reason = "TooManyRequests"


class Unreachable(ApiError):
    """The connection was refused: nothing was sent."""

    status = 0
    reason = "Unreachable"
    default_message = "connection refused"


class ServiceUnavailable(ApiError):
    """The server is not ready; it did not look at the request."""

    status = 503
    reason = "ServiceUnavailable"
    default_message = "the server is currently unable to handle the request"


class NotImplementedByServer(ApiError):
    """A limit of this reference implementation, named in the message; never a silent approximation."""

    status = 501
    reason = "NotImplemented"


class InternalError(ApiError):
    """The server failed; the command may have committed."""

    status = 500
    reason = "InternalError"
    definite = False
    default_message = "Internal error occurred"


class Timeout(ApiError):
    """No answer in time; the command may have committed."""

    status = 504
    reason = "Timeout"
    definite = False
    default_message = "the server was unable to return a response in the time allotted"


class TooLargeResourceVersion(Timeout):
    """A read asked for a revision that this replica's watch cache has not reached.

    Raised by `ApiServer.handle` at once; a transport waits up to 3 s for the replica to catch up before it lets the
    error through (apiserver `cacher` / `waitUntilFreshAndBlock`).
    """

    definite = True

    def __init__(self, asked: int, current: int) -> None:
        super().__init__(
            f"Too large resource version: {asked}, current: {current}",
            details={
                "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
                "retryAfterSeconds": 1,
            },
        )
        self.asked = asked
        self.current = current


class ConnectionLost(ApiError):
    """The connection broke before the reply; the command may have committed."""

    status = 0
    reason = "ConnectionLost"
    definite = False
    default_message = "connection reset by peer"
