"""Nothing outside is made for an object before the finalizer that will clean it up has been committed.

A controller that makes something outside first may lose the object before it comes to the finalizer, and with the
object all knowledge of what it made. Judged are controllers that put finalizers on objects of a kind in fair weather
and use an outside system, at two commits in which the wrong order shows: the one that gives an object the first
finalizer of that controller while its item is outside already, and the one that removes an object that never had a
finalizer while its item is there. Whose an item is its `owner`, or its id, says.

Not judged: a system that another controller uses as well (an item does not say who made it), a finalizer that this
object has had before (with its manifest, say) and that is put back, items that were made and are gone again, and
changes of items that were there before the object.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, View
from properties.subject import ABSENT, is_act, is_outside, program_of
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


def _gained(before: JsonObject | None, after: JsonObject | None) -> list[str]:
    known = _finalizers(before)
    return [finalizer for finalizer in _finalizers(after) if finalizer not in known]


def _finalizers(obj: JsonObject | None) -> list[str]:
    return list(obj["metadata"].get("finalizers") or ()) if obj is not None else []


def _judge_finalizer(view: View, change: Change) -> Judgement:
    """A finalizer comes: is it late?"""
    facts = view.trial.facts.components
    writer = next((one for one in facts if one.name == change.component), None)
    if writer is None or not _systems(writer):
        return ABSENT
    if _has_finalized_before(view, change) or _is_put_back(view, change):
        return HOLDS
    found = next(_items(view, _systems_of_its_own(view, writer), uid_of(change.before or {})), None)
    if found is None:
        return HOLDS
    system, item = found
    return Judgement.violated(
        f"{change.component} put its finalizer on {change.ref} when {system} had {item['id']} for it already: had the "
        "object gone before, nobody would know of it",
        [change.ref],
        key=f"{change.ref.kind} {change.component}",
    )


def _has_finalized_before(view: View, change: Change) -> bool:
    """Has its writer ever put a finalizer on this very object (or created it with one)?"""
    uid = uid_of(change.before or {})
    return any(
        past.ref == change.ref
        and past.component == change.component
        and past.step < change.step
        and past.after is not None
        and uid_of(past.after) == uid
        and past.verb != "delete"
        and _gained(past.before, past.after)
        for past in view.changes()
    )


def _is_put_back(view: View, change: Change) -> bool:
    """Has this very object had all of these finalizers before, whoever put them on?"""
    uid = uid_of(change.before or {})
    past = [e.object for e in view.history(change.ref) if e.revision < change.revision and uid_of(e.object) == uid]
    known = [finalizer for obj in past for finalizer in _finalizers(obj)]
    return all(finalizer in known for finalizer in _gained(change.before, change.after))


def _systems_of_its_own(view: View, one: Any) -> list[str]:
    """The outside systems that no other program uses; copies of one program are one."""
    program = program_of(view, one.name)
    others = [other for other in view.trial.facts.components if program_of(view, other.name) != program]
    return [system for system in _systems(one) if not any(system in _systems(other) for other in others)]


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
        found = next(_items(view, _systems_of_its_own(view, one), uid), None)
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
