"""At rest nothing is still being deleted, unless a finalizer that is nobody's to remove holds it.

A finalizer is somebody's if a component put it on an object or took it off one in this run, or if Kubernetes itself
removes it (`foregroundDeletion`, `orphan`, a Namespace's `kubernetes`) and the controller for that runs. A finalizer
that only a user ever wrote is his to remove; whatever waits for such an object (its owners, its namespace) is excused.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.pod import node_of
from properties.subject import (
    ABSENT,
    GARBAGE_COLLECTOR,
    KUBELET,
    is_full_rest,
    is_program,
    lives,
    namespace_controller_lives,
)
from properties.wording import first
from reference_impl.objects import is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionsFinish:
    name: str = "deletions_finish"
    source: str = (
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/; tailscale#19441; "
        "pocket-id-operator#545"
    )
    voided_by: tuple[str, ...] = (
        "a finalizer that only a user put there",
        "no controller for what Kubernetes itself finalizes",
    )
    when: str = "at_rest"
    server_side: bool = True

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view):
            return ABSENT
        stuck = [obj for obj in view.objects() if is_deleting(obj)]
        if not stuck:
            return HOLDS
        handled = _handled_finalizers(view)
        blamed = [obj for obj in stuck if not _is_excused(view, obj, handled, [])]
        if not blamed:
            return ABSENT
        refs = [ObjectRef.to(obj) for obj in blamed]
        lines = [f"{ref} ({_held_by(obj)})" for ref, obj in zip(refs, blamed, strict=True)]
        return Judgement.violated(f"at rest, still being deleted: {first(lines)}", refs, key=refs[0].kind)


def _held_by(obj: JsonObject) -> str:
    finalizers = _finalizers(obj)
    return f"held by {', '.join(finalizers)}" if finalizers else "no finalizer holds it"


def _finalizers(obj: JsonObject) -> list[str]:
    own = list(obj["metadata"].get("finalizers") or ())
    if obj["kind"] == "Namespace":
        own += list((obj.get("spec") or {}).get("finalizers") or ())
    return own


def _handled_finalizers(view: View) -> dict[str, None]:
    """Those that a component put on or took off in this run, and those that a running built-in is there for."""
    handled: dict[str, None] = {}
    for change in view.changes():
        if change.before is change.after or not is_program(view, change.component):
            continue
        before = _finalizers(change.before) if change.before is not None else []
        after = _finalizers(change.after) if change.after is not None else []
        if before != after:
            handled |= dict.fromkeys(f for f in (*before, *after) if (f in before) != (f in after))
    if lives(view, GARBAGE_COLLECTOR):
        handled |= dict.fromkeys(("foregroundDeletion", "orphan"))
    if namespace_controller_lives(view):
        handled["kubernetes"] = None
    else:
        handled.pop("kubernetes", None)
    return handled


def _is_excused(view: View, obj: JsonObject, handled: dict[str, None], visiting: list[str]) -> bool:
    """Is it held by what nobody here is to remove, or does it wait for something that is?"""
    uid = uid_of(obj)
    if uid in visiting:
        return False
    visiting.append(uid)
    finalizers = _finalizers(obj)
    if any(finalizer not in handled for finalizer in finalizers):
        return True
    if not finalizers and obj["kind"] == "Pod" and not _has_kubelet(view, obj):
        return True
    waited_for = view.owned(uid)
    if obj["kind"] == "Namespace":
        waited_for = waited_for + [other for other in view.objects() if namespace_of(other) == name_of(obj)]
    return any(is_deleting(other) and _is_excused(view, other, handled, visiting) for other in waited_for)


def _has_kubelet(view: View, pod: JsonObject) -> bool:
    """Is there one to end its containers and say so? Else only a user can force it out."""
    node = node_of(pod)
    return node is not None and view.get("v1", "Node", node) is not None and lives(view, f"{KUBELET}-{node}")
