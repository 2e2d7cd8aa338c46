"""A world that never comes to rest does not go round in circles.

Judged at the end of a run that was still changing at its bound. A livelock is shown, not guessed: after the last thing
a user did, the same state of all changing objects was reached at least `times` times, whatever revisions, uids, times
and generated names it carries. One return is no proof (a deleted pod that was replaced also comes back). Otherwise the
answer is `unknown`: still changing.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, View
from properties.subject import ABSENT, is_program
from properties.wording import act, first
from reference_impl.protocol import JsonObject

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")

_PASSING = frozenset({"uid", "resourceVersion", "generation", "observedGeneration", "managedFields"})

State = tuple[tuple[int, int], ...]
"""What differs from the state at the beginning: (content's number, how many more of it), sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLivelock:
    name: str = "no_livelock"
    source: str = "Kivi (no oscillation); Anvil (OSDI'24), stability: reach the state and stay so"
    voided_by: tuple[str, ...] = ("a user or another writer who keeps changing things", "fields declared volatile")
    when: str = "eventually"
    server_side: bool = True
    times: int = 3
    """Arbitrary: two full rounds."""
    window_count: int = 600
    """How many of the last changes are looked at; arbitrary."""

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        if view.at_rest:
            return HOLDS
        if view.phase != "end":
            return ABSENT
        changes = _since_the_last_user_act(view, view.changes()[-self.window_count :])
        cycle = _cycle(changes, self.times)
        if not cycle:
            return Judgement.unknown(f"still changing at the bound: {len(changes)} changes since the last user action")
        refs = list(dict.fromkeys(change.ref for change in cycle))
        writers = " and ".join(sorted({change.component for change in cycle}))
        reason = f"livelock of {writers}: after these {len(cycle)} change(s) everything is as before, again and again: "
        return Judgement.violated(reason + first([act(c) for c in cycle], 6), refs[:5], key=f"{refs[0].kind} {writers}")


def _since_the_last_user_act(view: View, changes: list[Change]) -> list[Change]:
    for index in range(len(changes) - 1, -1, -1):
        if not is_program(view, changes[index].component):
            return changes[index + 1 :]
    return changes


def _cycle(changes: list[Change], times: int) -> list[Change]:
    """The changes of the last round of a state that was reached `times` times; empty if there is none."""
    numbers: dict[str, int] = {}
    more: dict[int, int] = {}
    reached: dict[tuple[State, ObjectRef | None], list[int]] = {((), None): [0]}
    found: list[Change] = []
    for index, change in enumerate(changes, start=1):
        contents = [
            None if obj is None else numbers.setdefault(_content(obj), len(numbers))
            for obj in (change.before, change.after)
        ]
        for number, step in zip(contents, (-1, 1), strict=True):
            if number is not None:
                more[number] = more.get(number, 0) + step
                if not more[number]:
                    del more[number]
        # What changes nothing that lasts goes round by itself: a thousand objects that each catch up with their
        # generation once do not.
        alone = change.ref if contents[0] == contents[1] else None
        visits = reached.setdefault((tuple(sorted(more.items())), alone), [])
        visits.append(index)
        if len(visits) >= times:
            found = changes[visits[-2] : index]
    return found


def _content(obj: JsonObject) -> str:
    metadata = obj["metadata"]
    named = {key: value for key, value in metadata.items() if key != "name" or not metadata.get("generateName")}
    return json.dumps(_lasting({**obj, "metadata": named}), sort_keys=True)


def _lasting(value: Any) -> Any:
    """Without what passes: revisions, uids, times."""
    if isinstance(value, dict):
        return {key: _lasting(part) for key, part in _items(value) if key not in _PASSING}
    if isinstance(value, list):
        return [_lasting(part) for part in value]
    return "(a time)" if isinstance(value, str) and _TIME.match(value) else value


def _items(value: JsonObject) -> Iterable[tuple[str, Any]]:
    return value.items()
