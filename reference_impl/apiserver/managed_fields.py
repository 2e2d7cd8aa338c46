"""`metadata.managedFields`: the claims of an object's managers, read from the wire and written to it.

An applier is one manager whatever version it applies in; an updater is another one for each version and subresource.
At most ten updaters are remembered: the oldest are merged into "ancient-changes".

Source: apimachinery `pkg/util/managedfields/internal/{managedfields,capmanagers,conflict}.go`.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from reference_impl.apiserver.field_sets import FieldSet
from reference_impl.protocol import JsonObject

APPLY: Final = "Apply"
UPDATE: Final = "Update"
MAX_UPDATERS: Final = 10
"""`DefaultMaxUpdateManagers`."""
_ANCIENT: Final = "ancient-changes"
_KNOWN_MAX: Final = 256
"""Arbitrary: objects that are being written again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """Who makes claims. `api_version` is empty for appliers, whose claims move with the version they apply in."""

    name: str
    operation: str
    api_version: str = ""
    subresource: str = ""

    @classmethod
    def of(cls, name: str, operation: str, api_version: str, subresource: str | None) -> "Manager":
        version = api_version if operation == UPDATE else ""
        return cls(name=name, operation=operation, api_version=version, subresource=subresource or "")

    def identifier(self) -> str:
        """What Kubernetes sorts managers by."""
        shown = {
            "manager": self.name,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "subresource": self.subresource,
        }
        return orjson.dumps({key: value for key, value in shown.items() if value}).decode()

    def shown(self) -> str:
        """As conflicts name it."""
        text = orjson.dumps(self.name).decode()
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == UPDATE else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one manager owns, in the words of one version. `time`: of its last change; "" if none is known."""

    api_version: str
    fields: FieldSet
    time: str = ""


Claims = dict[Manager, Claim]


def decode(entries: Any) -> Claims:
    """Raises ValueError for what is no list of managedFields entries."""
    claims: Claims = {}
    if not isinstance(entries, list):
        raise ValueError("managedFields must be a list")
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise ValueError(f"managedFields entry {index} must be an object")
        if entry.get("operation") not in (APPLY, UPDATE):
            raise ValueError("operation must be `Apply` or `Update`")
        version = entry.get("apiVersion")
        if not version or not isinstance(version, str):
            raise ValueError("apiVersion must not be empty")
        if entry.get("fieldsType") != "FieldsV1":
            raise ValueError(f"invalid fieldsType {entry.get('fieldsType')!r} in managed fields entry {index}")
        manager = Manager.of(
            str(entry.get("manager") or ""), entry["operation"], version, str(entry.get("subresource") or "")
        )
        fields = FieldSet.from_fields(entry.get("fieldsV1") or {})
        claims[manager] = Claim(api_version=version, fields=fields, time=str(entry.get("time") or ""))
    return claims


def decode_or_nothing(entries: Any) -> Claims:
    """Claims that cannot be read count as none: a client must not be able to make an object unwritable."""
    try:
        return decode(entries) if entries else {}
    except ValueError:
        return {}


class _Decoded:
    """What lists of entries were decoded to that have just been met.

    Objects in a store are not changed in place, so the same list has the same claims; it is held here, so that no other
    can be taken for it.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, tuple[list[JsonObject], Claims]] = {}

    def of(self, entries: list[JsonObject]) -> Claims:
        known = self._known.get(id(entries))
        if known is not None:
            return known[1]
        if len(self._known) >= _KNOWN_MAX:
            self._known.clear()
        claims = decode_or_nothing(entries)
        self._known[id(entries)] = entries, claims
        return claims


_DECODED: Final = _Decoded()


def decode_stored(entries: list[JsonObject]) -> Claims:
    """`decode_or_nothing` of entries as a store has them. The claims are shared, not to be changed."""
    return _DECODED.of(entries)


def is_reset(entries: Any) -> bool:
    """Does a client ask to forget all claims? `[]` in an update, `[{}]` where a patch cannot say that."""
    return entries == [] or (isinstance(entries, list) and entries == [{}])


def encode(claims: Claims) -> list[JsonObject]:
    """Appliers first, then by time, so that the newest change is the last entry."""
    ordered = sorted(
        claims.items(),
        key=lambda each: (
            each[0].operation,
            each[1].time,
            each[0].name,
            each[1].api_version,
            each[0].subresource,
        ),
    )
    return [_entry(manager, claim) for manager, claim in ordered]


def _entry(manager: Manager, claim: Claim) -> JsonObject:
    entry: JsonObject = {"manager": manager.name, "operation": manager.operation, "apiVersion": claim.api_version}
    if claim.time:
        entry["time"] = claim.time
    entry["fieldsType"] = "FieldsV1"
    entry["fieldsV1"] = claim.fields.to_fields()
    if manager.subresource:
        entry["subresource"] = manager.subresource
    return entry


def timeless(entries: list[JsonObject]) -> list[JsonObject]:
    """For comparing: the time of a claim alone is no change worth a revision."""
    return [{key: value for key, value in entry.items() if key != "time"} for entry in entries]


def capped(claims: Claims) -> Claims:
    """The claims with at most ten updaters: those of the oldest, version by version, become one."""
    if len(claims) <= MAX_UPDATERS:
        return claims
    updaters = sorted(
        (manager for manager in claims if manager.operation == UPDATE),
        key=lambda manager: (claims[manager].time, manager.identifier()),
    )
    surplus = len(updaters) - MAX_UPDATERS
    if surplus <= 0:
        return claims
    claims = dict(claims)
    first_of: dict[str, Manager] = {}
    for manager in updaters:
        if surplus <= 0:
            break
        claim = claims[manager]
        version = claim.api_version
        first = first_of.setdefault(version, manager)
        if first is manager:
            continue
        bucket = Manager(name=_ANCIENT, operation=UPDATE, api_version=version)
        if bucket not in claims:
            claims[bucket] = claims.pop(first)
        claims[bucket] = replace(claim, fields=claim.fields.union(claims[bucket].fields))
        if manager != bucket:
            del claims[manager]
        surplus -= 1
    return claims
