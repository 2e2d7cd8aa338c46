"""No controller moves what it owns back to what an older spec asked for.

After a restart a process may first see the past, and write it: a field that an earlier life set, knowing the owner's
present spec, goes back to a value that it had under an older one. Most of that heals as soon as the process catches
up, and is a warning. A StatefulSet that is scaled down is not healed: the ordinals above go, what they served moves
away or is lost, and that is a violation. A live read of the owner covers the act; a precondition on the child does not,
as it says nothing of the owner's spec.

Not judged: fields whose present value no life of the writer set under the present spec, status, objects without a
controlling owner, and deletions (`required_objects_are_not_deleted`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, View
from properties.hindsight import spec_change, went_back
from properties.ownership import controllers_above
from properties.subject import ABSENT, has_writers, is_act, is_cascade, is_program
from reference_impl.objects import controller_of, is_deleting, uid_of
from reference_impl.protocol import JsonObject

_NO_INTENT = frozenset({"apiVersion", "kind", "metadata", "status"})
"""Top-level fields that an owner's spec does not ask for."""

_REPLICAS = "spec.replicas"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverRegressesToAnOlderSpec:
    name: str = "never_regresses_to_an_older_spec"
    source: str = "elastic/cloud-on-k8s#5274; Anvil (OSDI'24), stateful_set_not_scaled_down; HotOS'21, time travelling"
    voided_by: tuple[str, ...] = ("a live read of the owner", "an owner whose spec changed after the command was sent")
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})
    hold_data: tuple[str, ...] = ("StatefulSet",)
    """Kinds whose members are not interchangeable: to scale one of these down destroys something."""

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or not is_act(change):
            return ABSENT
        before, after = change.before, change.after
        if before is None or after is None or not _is_own_decision(view, change, before):
            return HOLDS
        for owner in controllers_above(view, before):
            if is_deleting(owner) or not went_back(view, change, owner):
                continue
            paths = [path for path in _changed(before, after) if _is_back(view, change, owner, path)]
            if paths:
                return self._judge_regress(change, ObjectRef.to(owner), paths)
        return HOLDS

    def _judge_regress(self, change: Change, owner: ObjectRef, paths: list[str]) -> Judgement:
        old, new = _value(change.before, _REPLICAS), _value(change.after, _REPLICAS)
        # A field that is taken away says no number, and who defaults it, nobody knows here.
        is_smaller = isinstance(old, int) and isinstance(new, int) and old > new
        if change.ref.kind in self.hold_data and _REPLICAS in paths and is_smaller:
            reason = (
                f"{change.component} scaled {change.ref} down from {old} to {new} on the word of an old spec of "
                f"{owner}; the newest one, by which an earlier life of it had set {old}, asks for no such thing"
            )
            return Judgement.violated(reason, [change.ref, owner], key=f"{change.ref.kind} {change.component}")
        # Without names and values, so that a search tells it once.
        told = f"{change.component} took {paths[0]} of a {change.ref.kind} back to what an older spec of its"
        return Judgement.warned(f"{told} {owner.kind} asked for, until it caught up", [change.ref, owner])


def _is_own_decision(view: View, change: Change, before: JsonObject) -> bool:
    if change.verb not in ("update", "patch") or change.request.request.subresource == "status":
        return False
    if controller_of(before) is None or is_cascade(change.component):
        return False
    return is_program(view, change.component)


def _changed(before: JsonObject, after: JsonObject) -> list[str]:
    """The changed leaves of what owners ask for."""
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    return [path for path in {**old, **new} if old.get(path) != new.get(path)]


def _leaves(value: JsonObject, prefix: str) -> Iterator[tuple[str, Any]]:
    for key, part in value.items():
        if not prefix and key in _NO_INTENT:
            continue
        if isinstance(part, dict) and part:
            yield from _leaves(part, f"{prefix}{key}.")
        else:
            yield prefix + key, part


def _is_back(view: View, change: Change, owner: JsonObject, path: str) -> bool:
    """Was the field so once, until the writer itself changed it, knowing the owner's present spec?"""
    born = spec_change(view, owner)
    assert change.before is not None
    assert born is not None
    old, new, uid = _value(change.before, path), _value(change.after, path), uid_of(change.before)
    was_so, last = False, None
    for past in view.changes():
        if past is change or past.ref != change.ref or past.after is None or uid_of(past.after) != uid:
            continue
        was_so = was_so or (past.step < born.step and _value(past.after, path) == new)
        if _value(past.before, path) != _value(past.after, path):
            last = past
    if not was_so or last is None or last.component != change.component or _value(last.after, path) != old:
        return False
    return view.knew(last.request, uid_of(owner), born.revision)


def _value(obj: JsonObject | None, path: str) -> Any:
    found: Any = dict(_leaves(obj, "")) if obj is not None else {}
    return found.get(path)
