"""A child is created only while its owner, as far as its creator could know, lacks one.

Judged as the create is sent. It is wrong if the live children that count, with this one, exceed the largest number
that any revision of the owner asked for since the oldest one this life of the sender saw. A child counts if the
sender had seen it, or if this very life created it: its own creates it has to remember until they show (this is what
client-go calls expectations), also those whose answer was lost. Not held against it, until it sees them: children
that others made, and creates that took effect only after it had been told that they timed out. It has to look for
those, and may look too early: no look, not even a live one, shows what commits afterwards.

Judged kinds: Pods of a ReplicaSet, StatefulSet or Job, and what `facts.child_rules` lists, if fair weather taught
any: (owner api_version, owner kind, child api_version, child kind, spec field that counts the children).

A create by a dead process that commits late and makes one too many is told as a warning: the surplus has to go, which
`converges` judges.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, SentRequest, View
from properties.knowledge import knew
from properties.ownership import intended_owner
from properties.pod import is_active
from properties.subject import ABSENT, is_command, is_create
from reference_impl.objects import controller_of, is_deleting, uid_of
from reference_impl.protocol import JsonObject

_BUILT_IN_FIELDS = {
    ("apps/v1", "ReplicaSet"): "replicas",
    ("apps/v1", "StatefulSet"): "replicas",
    ("batch/v1", "Job"): "parallelism",
}
_DEFAULT_COUNT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatesStayWithinWhatTheWriterCouldKnow:
    name: str = "creates_stay_within_what_the_writer_could_know"
    source: str = (
        "https://pkg.go.dev/k8s.io/kubernetes/pkg/controller#ControllerExpectations; kuberay#715, kubernetes#129795, "
        "k0smotron#1534, kubernetes#120790"
    )
    voided_by: tuple[str, ...] = (
        "children that another writer made and the sender never saw",
        "a create that commits after its sender has given it up, until the sender sees it",
    )
    when: str = "always"
    on: frozenset[str] = frozenset({"request", "create"})

    def applies(self, trial: Any) -> bool:
        facts = getattr(trial, "facts", None)
        if facts is None or len(getattr(facts, "child_rules", ())) > 0:
            return True
        return any(kind in _BUILT_IN_FIELDS for kind in facts.kinds)

    def judge(self, view: View) -> Judgement:
        if view.change is not None:
            return _judge_late(view, view.change)
        sent = view.request
        if sent is None or not is_command(sent):
            return ABSENT
        child = sent.request.body
        if not isinstance(child, dict) or not is_create(view, sent):
            return HOLDS
        found = _owner_and_field(view, child)
        if found is None or _is_taken(view, sent, child):
            return HOLDS
        owner, field = found
        live = _live_children(view, owner, child)
        if len(live) < _wanted(owner, field):
            return HOLDS
        return _judge_surplus(view, sent, owner, field, live)


def _is_taken(view: View, sent: SentRequest, child: JsonObject) -> bool:
    """A create under a fixed name that lives already is refused: whoever names its children makes none too many."""
    name = sent.request.name
    return name is not None and view.get(child["apiVersion"], child["kind"], name, sent.request.namespace) is not None


def _owner_and_field(view: View, child: JsonObject) -> tuple[JsonObject, str] | None:
    """The live controlling owner, and the spec field that counts such children."""
    reference = intended_owner(child)
    if reference is None:
        return None
    field = _field(view, reference, child)
    owner = view.by_uid(reference["uid"]) if field is not None else None
    return (owner, field) if owner is not None and field is not None else None


def _field(view: View, reference: JsonObject, child: JsonObject) -> str | None:
    if child.get("kind") == "Pod":
        field = _BUILT_IN_FIELDS.get((reference["apiVersion"], reference["kind"]))
        if field is not None:
            return field
    for rule in getattr(view.trial.facts, "child_rules", ()):
        names = (reference["apiVersion"], reference["kind"], child.get("apiVersion"), child.get("kind"))
        if tuple(rule[:4]) == names:
            return str(rule[4])
    return None


def _live_children(view: View, owner: JsonObject, child: JsonObject) -> list[JsonObject]:
    uid = uid_of(owner)
    return [
        other
        for other in view.owned(uid)
        if other["kind"] == child.get("kind")
        and other["apiVersion"] == child.get("apiVersion")
        and not _has_ended(view, other)
        and (reference := controller_of(other)) is not None
        and reference["uid"] == uid
    ]


def _has_ended(view: View, child: JsonObject) -> bool:
    """A pod that has ended stays ended for whoever saw it, even if a late status says that it runs again."""
    if child["kind"] != "Pod":
        return is_deleting(child)
    events = view.history(ObjectRef.to(child))
    return not is_active(child) or any(
        event.type != "DELETED" and uid_of(event.object) == uid_of(child) and not is_active(event.object)
        for event in events
    )


def _wanted(owner: JsonObject, field: str) -> int:
    value = (owner.get("spec") or {}).get(field)
    return value if isinstance(value, int) and not isinstance(value, bool) else _DEFAULT_COUNT


def _judge_surplus(view: View, sent: SentRequest, owner: JsonObject, field: str, live: list[JsonObject]) -> Judgement:
    """The store has enough children: could the sender know?"""
    ref = ObjectRef.to(owner)
    oldest = view.first_observed(sent.component, ref.api_version, ref.kind, ref.name, ref.namespace)
    if oldest is None:
        return HOLDS
    since = int(oldest["metadata"]["resourceVersion"])
    wanted = [_wanted(owner, field)] + ([_wanted(oldest, field)] if uid_of(oldest) == uid_of(owner) else [])
    wanted += [
        _wanted(event.object, field)
        for event in view.history(ref)
        if event.revision >= since and uid_of(event.object) == uid_of(owner)
    ]
    me = (sent.component, sent.incarnation)
    late = {uid_of(c.after): None for c in view.changes() if c.late and c.before is None and c.after is not None}
    known = [
        child
        for child in live
        if knew(view, sent, uid := uid_of(child)) or (view.creator(uid) == me and uid not in late)
    ]
    if len(known) < max(wanted):
        return HOLDS
    return Judgement.violated(
        f"{sent.component} creates one more {live[0]['kind']} for {ref}, which never asked for more than "
        f"{max(wanted)}, while it knew of, or had itself created, {len(known)} that live",
        [ref, *(ObjectRef.to(child) for child in known[:4])],
        key=f"{live[0]['kind']} {sent.component}",
    )


def _judge_late(view: View, change: Change) -> Judgement:
    """A create of a life that is over commits: one too many is worth telling."""
    child = change.after
    found = _owner_and_field(view, child) if child is not None else None
    if found is None or child is None or not _is_orphaned(view, change):
        return ABSENT
    owner, field = found
    live = _live_children(view, owner, child)
    if len(live) <= _wanted(owner, field):
        return ABSENT
    return Judgement.warned(
        f"a create that {change.component} sent before it died committed late: {ObjectRef.to(owner)} now has "
        f"{len(live)} children of kind {child['kind']} and wants {_wanted(owner, field)}",
        [change.ref],
    )


def _is_orphaned(view: View, change: Change) -> bool:
    """Is the life that sent this over?"""
    return any(
        c.name == change.component and (c.incarnation != change.request.incarnation or not c.alive)
        for c in view.components()
    )
