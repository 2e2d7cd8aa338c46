"""What is handed out from a pool (an address, a port, a range) is not given to a second owner while the first lives.

Judged as a program's command that gives an object a value commits, on what it could know: it is wrong if its sender
had seen the other owner with that value, or if the same program, in this life or an earlier one, had given it that
value. Whoever hands out has to remember what it gave until it shows, and to read what earlier lives gave: an outdated
list, or a failed request that took effect after all, is no excuse. Not held against it: a value that another program
gave and it never saw, one that the API server chose, an owner that is being deleted, and commands that commit after
their sender has given them up. If the later one of two is such, that is told as a warning: nothing fences it.

Known pools: addresses and node ports of Services, pod ranges of Nodes. Name yours in a trial of your own:

    Trial(..., properties=[UniqueAllocations(name="ports_are_unique", pools=(("Listener.status.port",),))])

Values are compared as they stand; ranges that overlap without being equal are not noticed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, View
from properties.subject import ABSENT, has_kind, is_act, is_program
from reference_impl.objects import is_deleting, uid_of
from reference_impl.protocol import JsonObject

_NOTHING = (None, "", "None", 0)
"""Values that mean that nothing was handed out (a headless Service's address is "None")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueAllocations:
    """Args:
    pools: each a tuple of paths "Kind.path.to.field" of one kind that share their values; "[]" goes into a list.
    """

    name: str = "unique_allocations"
    source: str = (
        "kubernetes#43233, kubernetes#64466 (node ports), kubernetes#29058, kubernetes#127792 (pod ranges); "
        "https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/"
    )
    voided_by: tuple[str, ...] = ("a user who gives one value to two", "a command that commits after it was given up")
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update"})
    pools: tuple[tuple[str, ...], ...] = (
        ("Service.spec.clusterIP",),
        ("Service.spec.ports[].nodePort", "Service.spec.healthCheckNodePort"),
        ("Node.spec.podCIDR",),
    )

    def applies(self, trial: Any) -> bool:
        return any(has_kind(trial, _kind(pool)) for pool in self.pools)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.after is None or not is_act(change):
            return ABSENT
        pools = [pool for pool in self.pools if _kind(pool) == change.ref.kind]
        if not pools:
            return HOLDS
        said: list[Any] = []
        for pool in pools:
            before = _values(change.before, pool) if change.before is not None else []
            given = [value for value in _values(change.after, pool) if value not in before]
            if not given:
                continue
            said = said or list(_scalars(change.request.request.body))
            for value in given:
                # What the command does not say the API server chose.
                other = _other_owner(view, change, pool, value) if value in said else None
                if other is not None and is_program(view, change.component):
                    return _judge_second(view, change, pool, value, other)
        return HOLDS


def _kind(pool: Sequence[str]) -> str:
    return pool[0].partition(".")[0]


def _values(obj: JsonObject, pool: Sequence[str]) -> list[Any]:
    return [value for path in pool for value in _at(obj, path.split(".")[1:]) if value not in _NOTHING]


def _at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    if not path:
        yield value
        return
    field = path[0].removesuffix("[]")
    inner = value.get(field) if isinstance(value, dict) else None
    for item in (inner or ()) if field != path[0] else (inner,):
        yield from _at(item, path[1:])


def _scalars(body: Any) -> Iterator[Any]:
    """All leaves of what was sent, whatever its shape (an object, a merge patch, a list of operations)."""
    if isinstance(body, dict | list):
        for item in body.values() if isinstance(body, dict) else body:
            yield from _scalars(item)
    else:
        yield body


def _other_owner(view: View, change: Change, pool: Sequence[str], value: Any) -> JsonObject | None:
    for other in view.list(change.ref.api_version, change.ref.kind):
        if uid_of(other) != uid_of(change.after or {}) and not is_deleting(other) and value in _values(other, pool):
            return other
    return None


def _judge_second(view: View, change: Change, pool: Sequence[str], value: Any, other: JsonObject) -> Judgement:
    """Two live owners of one value: could the sender know of the other?"""
    ref = ObjectRef.to(other)
    reason = f"{change.component} gave {value} to {change.ref}, which {ref} has"
    if change.late:
        return Judgement.warned(f"{reason}, by a command that it had given up before it committed", [change.ref, ref])
    since = _given_at(view, ref, pool, value)
    gift = next((past for past in view.changes() if past.revision == since), None)
    is_own = gift is not None and gift.component == change.component and not gift.late
    if not is_own and not view.knew(change.request, uid_of(other), since):
        return HOLDS
    how = "which it had given it" if is_own else "as it had seen"
    return Judgement.violated(f"{reason}, {how}", [change.ref, ref], key=f"{change.ref.kind} {change.component}")


def _given_at(view: View, ref: ObjectRef, pool: Sequence[str], value: Any) -> int:
    """The revision since which it has this value without a break."""
    since = 0
    for event in reversed(view.history(ref)):
        if event.type == "DELETED" or value not in _values(event.object, pool):
            break
        since = event.revision
    return since
