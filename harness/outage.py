"""Errors that weather answers with, by the names under which schedules keep them.

`INDEFINITE` errors say nothing about whether the request had its effect; which of the two worlds it is, is the fault's
business. Wording as net/http, client-go and apimachinery have it.
"""

from reference_impl.errors import ApiError, ConnectionLost, InternalError, Timeout, TooManyRequests, Unreachable

INDEFINITE: tuple[str, ...] = ("connection_lost", "timeout", "internal_error", "bad_gateway")
"""Names that `indefinite_error` knows."""


def indefinite_error(name: str) -> ApiError:
    """An error after which nobody knows: connection lost, 504, 500 or 502."""
    if name == "timeout":
        return Timeout()
    if name == "internal_error":
        return InternalError("Internal error occurred: etcdserver: request timed out")
    if name == "bad_gateway":
        return InternalError("an error on the server has prevented the request from succeeding", status=502)
    return ConnectionLost()


def outside_error(name: str) -> ApiError:
    """What an outside system, or the network in front of it, answers."""
    if name == "throttled":
        return TooManyRequests("rate exceeded", retry_after_s=1.0)
    if name == "unreachable":
        return Unreachable()
    return indefinite_error(name)
