"""Nothing outside is made for an object before the finalizer that will clean it up has been committed.

A controller that makes something outside first may lose the object before it comes to the finalizer, and with the
object all knowledge of what it made. Judged are controllers that put finalizers on objects of a kind in fair weather
and use an outside system, at two commits in which the wrong order shows: the one that gives an object the first
finalizer of that controller while its item is outside already, and the one that removes an object that never had a
finalizer while its item is there. Whose an item is its `owner`, or its id, says.

Not judged: a system that another controller uses as well which had put its own finalizer on first, items that were
made and are gone again, and changes of items that were there before the object.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, View
from properties.subject import ABSENT, is_act, is_outside
from reference_impl.objects import uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizerBeforeEffect:
    name: str = "finalizer_before_effect"
    source: str = (
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/; cluster-api-provider-outscale"
        "#917, crossplane-runtime#63"
    )
    voided_by: tuple[str, ...] = ("a controller that puts no finalizers on that kind in fair weather",)
    when: str = "always"
    on: frozenset[str] = frozenset({"update", "delete"})

    def applies(self, trial: Any) -> bool:
        facts = getattr(trial, "facts", None)
        return facts is None or any(_systems(one) and _kinds(one) for one in facts.components)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.before is None:
            return ABSENT
        if change.after is None:
            return _judge_removal(view, change, change.before)
        if not is_act(change) or change.verb == "delete" or not _gained(change.before, change.after):
            return ABSENT
        return _judge_finalizer(view, change)


def _systems(component: Any) -> list[str]:
    return [system for system in component.external_systems if is_outside(system)]


def _kinds(component: Any) -> tuple[tuple[str, str], ...]:
    kinds: tuple[tuple[str, str], ...] = getattr(component, "kinds_finalized", ())
    return kinds


def _gained(before: JsonObject | None, after: JsonObject | None) -> bool:
    known = before["metadata"].get("finalizers") or () if before is not None else ()
    present = after["metadata"].get("finalizers") or () if after is not None else ()
    return any(finalizer not in known for finalizer in present)


def _judge_finalizer(view: View, change: Change) -> Judgement:
    """A finalizer comes: is it late?"""
    users = {one.name: _systems(one) for one in view.trial.facts.components}
    systems = users.get(change.component, [])
    if not systems:
        return ABSENT
    earlier = _who_finalized_before(view, change)
    if change.component in earlier:
        return HOLDS
    mine = [system for system in systems if not any(system in users.get(other, ()) for other in earlier)]
    found = next(_items(view, mine, uid_of(change.before or {})), None)
    if found is None:
        return HOLDS
    system, item = found
    return Judgement.violated(
        f"{change.component} put its finalizer on {change.ref} when {system} had {item['id']} for it already: had the "
        "object gone before, nobody would know of it",
        [change.ref],
        key=f"{change.ref.kind} {change.component}",
    )


def _who_finalized_before(view: View, change: Change) -> list[str]:
    """Those who have put a finalizer on this very object (its creator, if it came with one)."""
    uid = uid_of(change.before or {})
    return [
        past.component
        for past in view.changes()
        if past.ref == change.ref
        and past.step < change.step
        and past.after is not None
        and uid_of(past.after) == uid
        and past.verb != "delete"
        and _gained(past.before, past.after)
    ]


def _judge_removal(view: View, change: Change, obj: JsonObject) -> Judgement:
    """An object is gone that never had a finalizer: did those who use finalizers make anything for it?"""
    facts = view.trial.facts.components
    uid, kind = uid_of(obj), (change.ref.api_version, change.ref.kind)
    users = [one for one in facts if _systems(one) and kind in _kinds(one)]
    if not users:
        return ABSENT
    if any(uid_of(e.object) == uid and e.object["metadata"].get("finalizers") for e in view.history(change.ref)):
        return HOLDS
    for one in users:
        others = [system for other in facts if other is not one for system in _systems(other)]
        found = next(_items(view, [system for system in _systems(one) if system not in others], uid), None)
        if found is not None:
            return Judgement.violated(
                f"{change.ref} is gone, and {found[0]} has {found[1]['id']} for it: {one.name} made that before it "
                "had put its finalizer on",
                [change.ref],
                key=f"{change.ref.kind} {one.name}",
            )
    return HOLDS


def _items(view: View, systems: list[str], uid: str) -> Iterator[tuple[str, JsonObject]]:
    """What is outside for the object of this uid."""
    for system in systems:
        for item in view.external(system):
            if uid in (item.get("owner"), item["id"]):
                yield system, item
