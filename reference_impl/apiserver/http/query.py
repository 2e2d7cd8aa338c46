"""Query parameters and DeleteOptions, as the options of an `ApiRequest`.

Clients write booleans in their own language's way: True, true, TRUE, 1 and a bare `watch` all mean yes (Go's
ParseBool, and what `runtime.Convert_Slice_string_To_bool` makes of an empty value). What an option means is the API
server's business; here it is only read.

Source: apimachinery `pkg/runtime/conversion.go`, `metav1.ListOptions`, `metav1.DeleteOptions`.
"""

from typing import Any, Final
from urllib.parse import parse_qs

from reference_impl.errors import ApiError, BadRequest, Invalid

PARAMETERS_MAX: Final = 100
"""Arbitrary: no client sends a dozen."""

Query = dict[str, list[str]]


def parse_query(text: str) -> Query:
    """Raises BadRequest."""
    if not text:
        return {}
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX, errors="strict")
    except ValueError as error:
        raise BadRequest(f"the query string cannot be read: {error}") from None


def first(query: Query, name: str) -> str | None:
    """The value of an option; None if it is absent or empty."""
    values = query.get(name)
    return (values[0] or None) if values else None


def flag(query: Query, name: str) -> bool:
    """A boolean option. Present without a value is true, as `?watch` has always been."""
    values = query.get(name)
    if not values:
        return False
    return values[0].lower() not in ("false", "0", "f")


def number(query: Query, name: str) -> int | None:
    """An integer option. Raises BadRequest."""
    text = first(query, name)
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        raise BadRequest(
            f'unable to decode option {name}: strconv.ParseInt: parsing "{text[:64]}": invalid syntax'
        ) from None
    if not -(2**63) <= value < 2**63:
        raise BadRequest(f'unable to decode option {name}: strconv.ParseInt: parsing "{text[:64]}": value out of range')
    return value


def read_options(query: Query) -> dict[str, Any]:
    """Options of get, list and watch. Raises BadRequest."""
    if not query:
        return {}
    limit = number(query, "limit")
    timeout = number(query, "timeoutSeconds")
    return {
        "labels": first(query, "labelSelector"),
        "fields": _fields(query),
        "resource_version": first(query, "resourceVersion"),
        "resource_version_match": first(query, "resourceVersionMatch"),
        "limit": limit if limit and limit > 0 else None,
        "continue_token": first(query, "continue"),
        "allow_bookmarks": flag(query, "allowWatchBookmarks"),
        "send_initial_events": flag(query, "sendInitialEvents"),
        "timeout_s": float(timeout) if timeout and timeout > 0 else None,
    }


def _fields(query: Query) -> str | None:
    """kr8s sends `metadata.name=x` twice under one name; all must hold."""
    values = [value for value in query.get("fieldSelector", ()) if value]
    return ",".join(dict.fromkeys(values)) or None


def write_options(query: Query, user_agent: str, *, default_manager: bool = True) -> dict[str, Any]:
    """Options of create, update and patch. Raises BadRequest, Invalid.

    `default_manager`: a write without fieldManager is the user agent's, up to its first slash.
    """
    manager = first(query, "fieldManager")
    if manager is None and default_manager:
        manager = user_agent.partition("/")[0][:128] or None
    return {"dry_run": _dry_run(query.get("dryRun", ())), "field_manager": manager, "force": flag(query, "force")}


def field_validation(query: Query) -> str:
    """Ignore, Warn (if nothing is said) or Strict. Raises Invalid."""
    mode = first(query, "fieldValidation") or "Warn"
    if mode not in ("Ignore", "Warn", "Strict"):
        raise _unsupported("fieldValidation", mode, '"Ignore", "Strict", "Warn"')
    return mode


def delete_options(query: Query, body: Any) -> dict[str, Any]:
    """Options of delete and deletecollection, from the body if there is one, else from the query.

    Raises BadRequest, Invalid.
    """
    if body is None:
        body = {}
    if not isinstance(body, dict) or body.get("kind", "DeleteOptions") != "DeleteOptions":
        raise BadRequest("the body of a delete must be DeleteOptions")
    conditions = body.get("preconditions") or {}
    if not isinstance(conditions, dict):
        raise BadRequest("DeleteOptions.preconditions must be an object with uid and resourceVersion")
    grace = body.get("gracePeriodSeconds", number(query, "gracePeriodSeconds"))
    if grace is not None and (type(grace) is not int or not -(2**63) <= grace < 2**63):
        raise BadRequest("DeleteOptions.gracePeriodSeconds must be an integer")
    propagation = body.get("propagationPolicy") or first(query, "propagationPolicy")
    orphan = body.get("orphanDependents")
    if orphan is None and "orphanDependents" in query:
        orphan = flag(query, "orphanDependents")
    if propagation is None and orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    dry_run = body.get("dryRun") or query.get("dryRun") or ()
    return {
        "dry_run": _dry_run(dry_run if isinstance(dry_run, list | tuple) else [dry_run]),
        "propagation": propagation,
        "grace_period_s": grace,
        "precondition_uid": conditions.get("uid"),
        "precondition_resource_version": conditions.get("resourceVersion"),
    }


def _dry_run(values: Any) -> bool:
    wanted = [value for value in values if value]
    for value in wanted:
        if value != "All":
            raise _unsupported("dryRun", value, '"All"')
    return bool(wanted)


def _unsupported(field: str, value: Any, supported: str) -> ApiError:
    message = f'Unsupported value: "{str(value)[:64]}": supported values: {supported}'
    cause = {"reason": "FieldValueNotSupported", "message": message, "field": field}
    return Invalid(
        f'Options.meta.k8s.io "" is invalid: {field}: {message}',
        details={"group": "meta.k8s.io", "kind": "Options", "causes": [cause]},
    )
