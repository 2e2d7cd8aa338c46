"""Each field of an object has one writer among the controllers.

A field that one controller set is not changed or removed by another; a default of the API server's is nobody's. The
danger are lists, which a merge patch and an update replace as a whole: whoever sends what its cache shows takes off
what another has put on meanwhile. So items of lists count one by one where they have a name: finalizers, owner
references by uid, conditions by type, anything else by its `name`. Copies and lives of a component are one writer; the
controllers in one process are several.

Judged if one of the two writers is under test. Users may write what they like. `shared` declares co-owners: a path, of
all kinds or of one ("Pod.status.phase"), with everything below it.

Opt-in: many APIs are written by several on purpose (an autoscaler and its users' operator, `replicas`), and say so in
words only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, View
from properties.subject import ABSENT, has_writers, is_act, is_cascade, is_program, is_under_test, program_of
from reference_impl.objects import uid_of
from reference_impl.protocol import JsonObject

_SERVERS = frozenset(
    {
        "uid", "name", "namespace", "generateName", "resourceVersion", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink",
    }
)  # fmt: skip
"""Metadata that the API server writes, whoever sent the request."""

_ITEM_NAMES = ("type", "uid", "name")
"""By which items of a list of objects are told apart; the first that all of them have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneWriterPerField:
    name: str = "one_writer_per_field"
    source: str = (
        "https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management; "
        "java-operator-sdk#1245; Anvil (OSDI'24), rely and guarantee"
    )
    voided_by: tuple[str, ...] = ("a field that its API gives to several writers", "a write by a user")
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})
    opt_in: bool = True
    shared: tuple[str, ...] = ("Pod.status", "Node.status", "Node.spec.taints", "metadata.ownerReferences")
    """Kubernetes' own: a kubelet and the node lifecycle controller write what pods and nodes are like; whoever releases
    or collects an object takes off an owner that another put on."""

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or not is_act(change) or not is_program(view, change.component):
            return ABSENT
        before, after = change.before, change.after
        if before is None or after is None or is_cascade(change.component):
            return HOLDS
        old, new = dict(_fields(before)), dict(_fields(after))
        changed = {path: None for path in old if path not in new or new[path] != old[path]}
        for path in changed:
            other = None if self._is_shared(change, path) else _other_writer(view, change, path)
            if other is not None:
                did = "changed" if path in new else "removed"
                reason = f"{_writer(view, change)} {did} {path} of {change.ref}, which {other} had written"
                return Judgement.violated(reason, [change.ref], key=f"{change.ref.kind} {change.component}")
        return HOLDS

    def _is_shared(self, change: Change, path: str) -> bool:
        for declared in self.shared:
            for name in (path, f"{change.ref.kind}.{path}"):
                if name == declared or name.startswith((f"{declared}.", f"{declared}[")):
                    return True
        return False


def _other_writer(view: View, change: Change, path: str) -> str | None:
    """Who gave the field its value until now, if that was a program and not the one that changes it."""
    assert change.before is not None
    uid, last = uid_of(change.before), None
    for past in view.changes():
        if past is change or past.ref != change.ref or past.after is None or uid_of(past.after) != uid:
            continue
        if _value(past.before, path) != _value(past.after, path):
            last = past
    if last is None or not is_program(view, last.component) or _is_same_writer(view, last, change):
        return None
    if last.before is None and not _was_asked_for(last, path):
        return None
    judged = is_under_test(view, last.component) or is_under_test(view, change.component)
    return _writer(view, last) if judged else None


def _was_asked_for(creation: Change, path: str) -> bool:
    """Or did the API server put it there: a default, an empty status?"""
    body = creation.request.request.body
    return not isinstance(body, dict) or path in dict(_fields(body))


def _is_same_writer(view: View, one: Change, other: Change) -> bool:
    if program_of(view, one.component) != program_of(view, other.component):
        return False
    first, second = one.request.controller, other.request.controller
    # What no reconcile sent may come from a task or a handler of either.
    return first is None or second is None or first == second


def _writer(view: View, change: Change) -> str:
    program, controller = program_of(view, change.component), change.request.controller
    return program if controller in (None, program) else f"{controller} (of {program})"


def _value(obj: JsonObject | None, path: str) -> Any:
    return dict(_fields(obj)).get(path) if obj is not None else None


def _fields(obj: JsonObject) -> Iterator[tuple[str, Any]]:
    """(path, value) of every field that somebody writes."""
    for name, part in obj["metadata"].items():
        if name not in _SERVERS:
            yield from _below(f"metadata.{name}", part)
    for name, part in obj.items():
        if name not in ("apiVersion", "kind", "metadata"):
            yield from _below(name, part)


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _below(f"{path}.{name}", part)
    elif path == "metadata.finalizers" and isinstance(value, list):
        yield from ((f"{path}[{name}]", True) for name in value)
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        named_by = next((name for name in _ITEM_NAMES if all(name in item for item in value)), None)
        if named_by is None:
            yield path, value
        else:
            for item in value:
                yield from _below(f"{path}[{item[named_by]}]", item)
    elif value is not None:
        yield path, value
