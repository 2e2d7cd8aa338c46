"""Nothing is created for an owner that its creator knew to be on its way out.

Judged as the create is sent, by what the pass that sends it knew (`knowledge`): a deletion heard of in the middle of a
pass counts from the next one on, unless the pass itself read it. Excused: a Job for an owner that a finalizer other
than Kubernetes' own holds, since cleaning up is what such finalizers are for.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.knowledge import knew
from properties.ownership import FOREGROUND, intended_owner, owner_ref
from properties.subject import ABSENT, has_writers, is_command, is_create
from reference_impl.objects import is_deleting, uid_of
from reference_impl.protocol import JsonObject

_KUBERNETES_OWN = (FOREGROUND, "orphan")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCreateUnderAnOwnerObservedDeleting:
    name: str = "no_create_under_an_owner_observed_deleting"
    source: str = (
        "https://kubernetes.io/docs/concepts/architecture/garbage-collection/#foreground-deletion; kubernetes#42639"
    )
    voided_by: tuple[str, ...] = ("a clean-up Job for an owner that a finalizer holds",)
    when: str = "always"
    on: frozenset[str] = frozenset({"request"})

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        sent = view.request
        if sent is None or not is_command(sent):
            return ABSENT
        child = sent.request.body
        if not is_create(view, sent):
            return HOLDS
        reference = intended_owner(child)
        if reference is None:
            return HOLDS
        owner = view.by_uid(reference["uid"])
        if owner is not None and not is_deleting(owner):
            return HOLDS
        if owner is not None and _is_cleaning_up(owner, child):
            return HOLDS
        since = _deleting_since(view, child, reference)
        if since is None or not knew(view, sent, reference["uid"], since):
            return HOLDS
        ref = owner_ref(view, child, reference)
        return Judgement.violated(
            f"{sent.component} creates a {child.get('kind')} for {ref}, known to be deleted since revision {since}",
            [ref],
            key=f"{child.get('kind')} {sent.component}",
        )


def _is_cleaning_up(owner: JsonObject, child: JsonObject) -> bool:
    finalizers = owner["metadata"].get("finalizers") or ()
    return child.get("kind") == "Job" and any(finalizer not in _KUBERNETES_OWN for finalizer in finalizers)


def _deleting_since(view: View, child: JsonObject, reference: JsonObject) -> int | None:
    """The revision that first said so; None if this store never had the owner."""
    for event in view.history(owner_ref(view, child, reference)):
        if uid_of(event.object) != reference["uid"]:
            continue
        if event.type == "DELETED" or is_deleting(event.object):
            return event.revision
    return view.deleted_at(reference["uid"])
