"""Once the weather clears, the world becomes what it would have been in fair weather, and stays so.

The end state is compared with what all fair-weather runs of the same workload agree on; a kind's own `settled`
predicate, where the trial has one, speaks first. Judged before anything alive is restarted, because a restart or a
relist cures a missing watch. Not judged here: deletions (`deletions_finish`), and what fair-weather runs disagree on.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.subject import ABSENT, is_full_rest
from properties.wording import first
from reference_impl.objects import is_deleting
from reference_impl.protocol import JsonObject

_CURE = {
    "rest": "with every fault lifted and nothing left to wait for",
    "restarted": "even after every dead component came back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Converges:
    name: str = "converges"
    source: str = (
        "Anvil (OSDI'24), eventually stable reconciliation; "
        "https://kubernetes.io/docs/concepts/architecture/controller/#desired-vs-current"
    )
    voided_by: tuple[str, ...] = (
        "another writer who wins every race",
        "edits of owned fields that nobody promises to repair",
        "an end state on which fair-weather runs disagree",
    )
    when: str = "at_rest"
    server_side: bool = True

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view):
            return ABSENT
        unsettled = [obj for obj in view.objects() if not is_deleting(obj) and view.settled(obj) is False]
        if unsettled:
            return _unsettled(view, unsettled)
        difference = view.fair_weather_difference()
        if not difference:
            return HOLDS
        return Judgement.violated(
            f"{_CURE[view.phase]}, the end state is not the fair-weather one: {first(difference)}"
        )


def _unsettled(view: View, unsettled: list[JsonObject]) -> Judgement:
    refs = [ObjectRef.to(obj) for obj in unsettled]
    names = first([str(ref) for ref in refs])
    return Judgement.violated(f"{_CURE[view.phase]}, not settled: {names}", refs, key=refs[0].kind)
