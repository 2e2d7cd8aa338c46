"""What protects something goes only when that is gone: a declared order of teardown is kept.

By default no NetworkPolicy is removed while a Pod of its namespace remains. Others declare their own order, as
`Trial(properties=[TeardownOrder(first="Database", then="Backup", scope="owner"), ...])`; give each a name of its own if
there are several. (A schedule names what is installed and holds nothing else, so what such an order finds is replayed
from the test that declares it.)

Judged as `then` is removed, not as its deletion is asked for: a finalizer may hold it until the time has come. Whoever
removes it answers for it, the garbage collector and the namespace controller included; users do as they like. What is
on its way out still counts as there. A cached read does not excuse a removal. Excused is what no look could have shown:
something of `first` that was made after the remover had last looked live, or after it had sent its command.

Opt-in: an order is binding only where somebody says so.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, View
from properties.subject import ABSENT, has_kind, is_act, is_program
from reference_impl.objects import controller_of, uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class TeardownOrder:
    """Args:
    first, then: kinds; no object of `then` goes before those of `first` in its scope have gone.
    scope: "namespace": of the same namespace. "owner": with the same controlling owner.
    """

    name: str = "teardown_keeps_its_order"
    source: str = "CVE-2024-7598, kubernetes#126587: network policies removed before the pods of a namespace"
    voided_by: tuple[str, ...] = ("an object made after its remover had looked", "a removal by a user")
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})
    opt_in: bool = True
    first: str = "Pod"
    then: str = "NetworkPolicy"
    scope: str = "namespace"

    def __post_init__(self) -> None:
        if self.scope not in ("namespace", "owner"):
            raise ValueError(f"scope={self.scope!r} is neither 'namespace' nor 'owner'")

    def applies(self, trial: Any) -> bool:
        return has_kind(trial, self.then)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or not is_act(change) or not is_program(view, change.component):
            return ABSENT
        if change.after is not None or change.ref.kind != self.then or change.before is None:
            return HOLDS
        for obj in view.objects():
            if obj["kind"] == self.first and self._is_in_scope(obj, change.before) and _could_see(view, change, obj):
                ref = ObjectRef.to(obj)
                reason = f"{change.component} removed {change.ref} while {ref} was still there"
                return Judgement.violated(reason, [change.ref, ref], key=f"{self.then} {change.component}")
        return HOLDS

    def _is_in_scope(self, obj: JsonObject, removed: JsonObject) -> bool:
        if self.scope == "namespace":
            namespace = removed["metadata"].get("namespace")
            return namespace is None or obj["metadata"].get("namespace") == namespace
        owner, other = controller_of(removed), controller_of(obj)
        return owner is not None and other is not None and owner["uid"] == other["uid"]


def _could_see(view: View, change: Change, obj: JsonObject) -> bool:
    """Was it there before the remover last looked live, or at least before it sent its command?"""
    ref, sent = ObjectRef.to(obj), change.request
    born = next((e for e in view.history(ref) if e.type == "ADDED" and uid_of(e.object) == uid_of(obj)), None)
    if born is None:
        return True  # of the beginning
    made = next((past for past in view.changes() if past.revision == born.revision), None)
    if made is not None and made.step > sent.step:
        return False
    looked = view.live_read(sent.component, ref.api_version, ref.kind, ref.name, ref.namespace)
    return looked is None or looked >= born.revision or view.observed_uid(sent.component, uid_of(obj))
