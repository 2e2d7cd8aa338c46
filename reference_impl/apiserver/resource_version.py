"""What a read asks of its resourceVersion and resourceVersionMatch, decided once.

| resourceVersionMatch | limit | unset | "0" | other |
|---|---|---|---|---|
| unset | unset | most recent | any | not older than |
| unset | set | most recent | any | exact |
| Exact | | refused | refused | exact |
| NotOlderThan | | refused | any | not older than |

Source: Kubernetes API concepts, "Resource versions"; apimachinery `internalversion/validation`.
"""

from dataclasses import dataclass
from enum import Enum

from reference_impl.apiserver import field_errors, wording
from reference_impl.apiserver.field_errors import Cause
from reference_impl.errors import BadRequest
from reference_impl.protocol import ApiRequest

EXACT = "Exact"
NOT_OLDER_THAN = "NotOlderThan"


class Freshness(Enum):
    MOST_RECENT = "most recent"
    ANY = "any"
    NOT_OLDER = "not older than"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Consistency:
    """How fresh an answer must be; `revision` is 0 unless one was named."""

    freshness: Freshness
    revision: int = 0


MOST_RECENT = Consistency(Freshness.MOST_RECENT)
ANY = Consistency(Freshness.ANY)


def parse_revision(text: str | None) -> int | None:
    """None if unset. Raises BadRequest for what is not a number."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise BadRequest(
            f'resourceVersion: Invalid value: "{text}": a resource version is a number that a server gave; '
            "leave it out to read the most recent state"
        )
    return int(text)


def of_get(request: ApiRequest) -> Consistency:
    """A get knows no match: a revision means "not older than". Raises BadRequest."""
    return _matching(parse_revision(request.resource_version), None, limited=False)


def of_list(request: ApiRequest) -> Consistency:
    """Raises BadRequest, Invalid."""
    _validate_list(request)
    limited = bool(request.limit)
    return _matching(parse_revision(request.resource_version), request.resource_version_match, limited=limited)


def validate_watch(request: ApiRequest) -> None:
    """Raises Invalid for options that a watch must not have."""
    match = request.resource_version_match
    causes: list[Cause] = []
    if request.send_initial_events and match != NOT_OLDER_THAN:
        why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        causes.append(field_errors.forbidden("resourceVersionMatch", why))
    if match:
        if not request.send_initial_events:
            why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            causes.append(field_errors.forbidden("resourceVersionMatch", why))
        if match != NOT_OLDER_THAN:
            causes.append(_not_supported(match, [NOT_OLDER_THAN]))
        if request.continue_token:
            why = "resourceVersionMatch is forbidden when continue is provided"
            causes.append(field_errors.forbidden("resourceVersionMatch", why))
    if causes:
        raise wording.invalid_options("ListOptions", causes)


def _validate_list(request: ApiRequest) -> None:
    match = request.resource_version_match
    causes: list[Cause] = []
    if match:
        if not request.resource_version:
            why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
            causes.append(field_errors.forbidden("resourceVersionMatch", why))
        if request.continue_token:
            why = "resourceVersionMatch is forbidden when continue is provided"
            causes.append(field_errors.forbidden("resourceVersionMatch", why))
        if match not in (EXACT, NOT_OLDER_THAN):
            causes.append(_not_supported(match, [EXACT, NOT_OLDER_THAN, ""]))
        if match == EXACT and request.resource_version == "0":
            why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            causes.append(field_errors.forbidden("resourceVersionMatch", why))
    if request.send_initial_events:
        causes.append(field_errors.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    if causes:
        raise wording.invalid_options("ListOptions", causes)


def _not_supported(match: str, supported: list[str]) -> Cause:
    return field_errors.not_supported("resourceVersionMatch", match, supported)


def _matching(revision: int | None, match: str | None, *, limited: bool) -> Consistency:
    if revision is None:
        return MOST_RECENT
    if revision == 0:
        return ANY
    if match == EXACT or (match is None and limited):
        return Consistency(Freshness.EXACT, revision)
    return Consistency(Freshness.NOT_OLDER, revision)
