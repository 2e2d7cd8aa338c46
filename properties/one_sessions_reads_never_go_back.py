"""What one session has seen of an object, it never sees older again.

A session is one list-and-watch across its reconnects, or one client's quorum reads; a restart begins a new one. Two
sessions of one process may differ: a cache may well be behind a live read. Excused: a raw read that itself asked for
resourceVersion 0 ("any"). In profile `hostile` the weather itself breaks this, so it is not judged there.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.subject import ABSENT, final_rest


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSessionsReadsNeverGoBack:
    name: str = "one_sessions_reads_never_go_back"
    source: str = (
        "https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions; kubernetes#59848; "
        "HotOS'21, time travelling"
    )
    voided_by: tuple[str, ...] = ("a read that asks for resourceVersion 0", "profile hostile")
    when: str = "at_rest"

    def applies(self, trial: Any) -> bool:
        return bool(trial.profile == "kubernetes")

    def judge(self, view: View) -> Judgement:
        if not final_rest(view):
            return ABSENT
        components = view.components()
        for component in components:
            for back in view.regressions(component.name):
                if back.asked_any:
                    continue
                reason = (
                    f"{back.component} saw {back.ref} at revision {back.seen_revision}, and afterwards by {back.via} "
                    f"at {back.then_revision}, in one session"
                )
                return Judgement.violated(reason, [back.ref], key=f"{back.ref.kind} {back.via}")
        return HOLDS if components else ABSENT
