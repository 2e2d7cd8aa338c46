"""Who owns which field after a write, and which fields an applied configuration may change.

An update or a patch takes what it changes from all others. An apply conflicts with every other owner of a field that it
would change, unless it is forced; it owns what it names, together with whoever agrees; and what its manager named last
time, names no more, and nobody else owns, is removed.

Pure functions over objects and claims. Claims are held in the version they were made in and compared in it; those of a
version that is served no more are forgotten.

Source: structured-merge-diff `merge/update.go`, v6; apimachinery `pkg/util/managedfields/internal/
{structuredmerge,managedfieldsupdater,stripmeta}.go`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from reference_impl.apiserver import structured_merge
from reference_impl.apiserver.equality import same
from reference_impl.apiserver.field_sets import FieldSet, Path
from reference_impl.apiserver.field_types import FieldType
from reference_impl.apiserver.managed_fields import Claim, Claims, Manager
from reference_impl.apiserver.structured_merge import Comparison
from reference_impl.protocol import JsonObject

_NOBODYS: Final = FieldSet.of(
    ("f:apiVersion",),
    ("f:kind",),
    ("f:metadata",),
    *(
        ("f:metadata", f"f:{name}")
        for name in (
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
            "resourceVersion",
        )
    ),
)  # fmt: skip
"""`stripMetaManager`: identity and the server's own fields are never owned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How one version of a kind shows an object. `reset`: takes from a set what the endpoint written to ignores."""

    type: FieldType
    show: Callable[[JsonObject], JsonObject]
    reset: Callable[[FieldSet], FieldSet]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """The version of the request, and how to find those of other claims (None: it is served no more)."""

    version: str
    view: View
    other: Callable[[str], View | None]

    def of(self, version: str) -> View | None:
        return self.view if version == self.version else self.other(version)


class Conflicts(Exception):
    """Fields that an apply would change although others own them."""

    def __init__(self, fields: list[tuple[Manager, Path]]) -> None:
        super().__init__(f"{len(fields)} conflicts")
        self.fields = fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """`obj` is the live object itself if the configuration changes nothing."""

    obj: JsonObject
    claims: Claims


def after_update(lens: Lens, old: JsonObject, new: JsonObject, claims: Claims, manager: Manager, now: str) -> Claims:
    """The claims after an update, patch or create (`old` has nothing but its type then) by `manager`."""
    found = _compared(lens.view, old, new)
    claims = _without_changed(lens, old, new, claims, {lens.version: found}, spared=None, force=True)
    taken = found.taken().difference(_NOBODYS)
    if taken:
        before = claims.get(manager)
        fields = taken if before is None else taken.union(before.fields)
        claims[manager] = Claim(api_version=lens.version, fields=fields, time=now)
    return claims


def apply(
    lens: Lens, live: JsonObject, config: JsonObject, claims: Claims, manager: Manager, *, force: bool, now: str
) -> Applied:
    """The configuration over the live object. Raises Conflicts."""
    view = lens.view
    claims = {owner: _in_todays_schema(lens, claim) for owner, claim in claims.items()}
    last = claims.get(manager)
    merged = structured_merge.merge(live, config, view.type)
    owned = view.reset(structured_merge.owned_by(config, view.type))
    claims[manager] = Claim(api_version=lens.version, fields=owned, time=last.time if last is not None else "")
    obj = merged if last is None else _pruned(lens, merged, claims, last)
    changes = {lens.version: _compared(view, live, obj)}
    claims = _without_changed(lens, live, obj, claims, changes, spared=manager, force=force)
    fields = owned.difference(_NOBODYS)
    if fields:
        claims[manager] = replace(claims[manager], fields=fields)
    else:
        claims.pop(manager, None)
    if same(live, obj):
        return Applied(obj=live, claims=claims)
    if manager in claims:
        claims[manager] = replace(claims[manager], time=now)
    return Applied(obj=obj, claims=claims)


def _compared(view: View, old: JsonObject, new: JsonObject) -> Comparison:
    found = structured_merge.compare(old, new, view.type)
    return Comparison(
        added=view.reset(found.added), removed=view.reset(found.removed), modified=view.reset(found.modified)
    )


def _without_changed(
    lens: Lens,
    old: JsonObject,
    new: JsonObject,
    claims: Claims,
    changes: dict[str, Comparison],
    *,
    spared: Manager | None,
    force: bool,
) -> Claims:
    """The claims without what the change from `old` to `new` takes from all managers but the spared one."""
    kept: Claims = {}
    conflicts: list[tuple[Manager, Path]] = []
    taken: dict[str, FieldSet] = {}
    for owner, claim in claims.items():
        if owner == spared:
            kept[owner] = claim
            continue
        version = claim.api_version
        if version not in changes:
            view = lens.of(version)
            if view is None:
                continue
            changes[version] = _compared(view, view.show(old), view.show(new))
        change = changes[version]
        if version not in taken:
            taken[version] = change.taken()
        lost = claim.fields.intersection(taken[version])
        if not force:
            conflicts += [(owner, path) for path in lost.paths()]
        fields = claim.fields.difference(lost).difference(change.removed)
        if fields:
            same_fields = fields is claim.fields
            kept[owner] = claim if same_fields else Claim(api_version=version, fields=fields, time=claim.time)
    if conflicts:
        raise Conflicts(sorted(conflicts, key=lambda each: each[0].identifier()))
    return kept


def _pruned(lens: Lens, merged: JsonObject, claims: Claims, last: Claim) -> JsonObject:
    """`merged` without what the applying manager claimed last time and nobody claims now."""
    view = lens.of(last.api_version)
    if not last.fields or view is None:
        return merged
    shown = view.show(merged)
    gone = structured_merge.with_named_fields(last.fields, view.type)
    pruned: Any = structured_merge.remove(shown, gone, view.type) or {}
    pruned = _with_owned_added_back(lens, shown, pruned, claims, last.api_version)
    # Only what was claimed last time goes: items that nobody owns stay.
    type = view.type
    present = structured_merge.with_named_fields(structured_merge.owned_by(shown, type), type)
    left = structured_merge.with_named_fields(structured_merge.owned_by(pruned, type), type)
    result: JsonObject = structured_merge.remove(shown, present.difference(left).intersection(gone), type) or {}
    return lens.view.show(result)


def _with_owned_added_back(
    lens: Lens, merged: JsonObject, pruned: JsonObject, claims: Claims, pruned_version: str
) -> JsonObject:
    """`merged` without what was pruned, but with what somebody claims, the applying manager's new claims included."""
    claimed: dict[str, FieldSet] = {}
    for claim in claims.values():
        known = claimed.get(claim.api_version)
        claimed[claim.api_version] = claim.fields if known is None else known.union(claim.fields)
    versions = sorted(claimed, key=lambda version: (version != pruned_version, version))
    for version in versions:
        view = lens.of(version)
        if view is None:
            continue
        merged, pruned, type = view.show(merged), view.show(pruned), view.type
        kept = structured_merge.with_named_fields(structured_merge.owned_by(pruned, type), type)
        kept = kept.union(structured_merge.with_named_fields(claimed[version], type))
        present = structured_merge.with_named_fields(structured_merge.owned_by(merged, type), type)
        pruned = structured_merge.remove(merged, present.difference(kept), type) or {}
    pruned_view = lens.of(pruned_version)
    return pruned if pruned_view is None else pruned_view.show(pruned)


def _in_todays_schema(lens: Lens, claim: Claim) -> Claim:
    view = lens.of(claim.api_version)
    if view is None:
        return claim
    return replace(claim, fields=structured_merge.with_atomic_collapsed(claim.fields, view.type))
