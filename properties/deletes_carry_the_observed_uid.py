"""Nothing is deleted whose uid its sender never observed.

A name can be taken again: who deletes by name what it saw under that name before destroys a stranger. Judged by the
life that sent the command, because a restart forgets; a delete that carries the uid as a precondition can only hit
what it means. Excused: a uid that this very life created (its reply may have been lost), `deletecollection`, the user.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.subject import ABSENT, has_writers, is_act, is_deletion, is_program
from reference_impl.objects import uid_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletesCarryTheObservedUid:
    name: str = "deletes_carry_the_observed_uid"
    source: str = (
        "https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.30/#preconditions-v1-meta; kubernetes#79147; "
        "Sieve: instaclustr/cassandra-operator#407, casskop#316"
    )
    voided_by: tuple[str, ...] = ("a deletion by the user", "deletecollection, which names nothing in particular")
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or not is_act(change):
            return ABSENT
        if change.before is None or not is_deletion(change) or not is_program(view, change.component):
            return HOLDS
        sender = change.request
        uid = uid_of(change.before)
        if sender.request.precondition_uid == uid or view.observed_uid(change.component, uid):
            return HOLDS
        if view.creator(uid) == (sender.component, sender.incarnation):
            return HOLDS
        return Judgement.violated(
            f"{change.component} deleted {change.ref} (uid {uid}), which it had never seen in this life: "
            "it knew another object of that name, or none",
            [change.ref],
            key=f"{change.ref.kind} {change.component}",
        )
