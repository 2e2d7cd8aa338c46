"""No controller deletes a volume claim that a live, wanted pod mounts.

A cached read is no excuse: a claim holds data, and a pod that came back under the same name mounts the same claim. Nor
does a precondition on the claim help, since mounting does not change it. What helps is a live read of the pod (or of
the pods) of before the pod came: then the pod is newer than the check, and nobody could know.

Not judged: users, the garbage collector and the namespace controller (they act on a deletion that was asked for), pods
that are themselves condemned, and pods that the fair-weather end state does not have (scaled away).
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, View
from properties.ownership import is_condemned
from properties.pod import claims_of, is_active
from properties.subject import ABSENT, has_kind, is_cascade, is_deletion, is_program
from reference_impl.objects import uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsOfLivePodsAreKept:
    name: str = "claims_of_live_pods_are_kept"
    source: str = (
        "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection; "
        "instaclustr/cassandra-operator#407"
    )
    voided_by: tuple[str, ...] = ("a pod younger than the sender's live read of it", "a deletion by a user")
    when: str = "always"
    server_side: bool = True
    on: frozenset[str] = frozenset({"create", "update", "delete"})

    def applies(self, trial: Any) -> bool:
        return has_kind(trial, "PersistentVolumeClaim")

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.ref.kind not in ("PersistentVolumeClaim", "Pod"):
            return ABSENT
        if (
            change.ref.kind == "Pod"
            or not is_deletion(change)
            or is_cascade(change.component)
            or not is_program(view, change.component)
        ):
            return HOLDS
        for pod in view.list("v1", "Pod", change.ref.namespace):
            if change.ref.name in claims_of(pod) and _is_wanted(view, pod) and not _is_covered(view, change, pod):
                ref = ObjectRef.to(pod)
                reason = f"{change.component} deleted {change.ref}, which the live {ref} mounts, without a live look"
                return Judgement.violated(reason, [change.ref, ref], key=f"{change.ref.kind} {change.component}")
        return HOLDS


def _is_wanted(view: View, pod: JsonObject) -> bool:
    return is_active(pod) and view.required(ObjectRef.to(pod)) and not is_condemned(view, pod)


def _is_covered(view: View, change: Change, pod: JsonObject) -> bool:
    """Did the pod come after the sender's live read, or after the command was sent (or unseen by us)?"""
    ref = ObjectRef.to(pod)
    birth = next(
        (c for c in view.changes() if c.ref == ref and c.before is None and c.after and uid_of(c.after) == uid_of(pod)),
        None,
    )
    if birth is None or birth.step > change.request.step:
        return True
    read = view.live_read(change.component, ref.api_version, ref.kind, ref.name, ref.namespace)
    return read is not None and read < birth.revision
