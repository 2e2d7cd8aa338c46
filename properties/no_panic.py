"""No exception other than an API error leaves a reconcile, a watch handler or a component.

An `ApiError`, `Retry` or `Terminal` that leaves `reconcile` is an answer; anything else would have killed the process.
What the harness itself raised does not count (the view leaves it out).
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.subject import ABSENT
from properties.wording import first


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPanic:
    name: str = "no_panic"
    source: str = (
        "Sieve (OSDI'22), textbook oracle 'observed a panic'; "
        "https://pkg.go.dev/k8s.io/apimachinery/pkg/util/runtime#HandleCrash"
    )
    voided_by: tuple[str, ...] = ("an exception raised by the harness",)
    when: str = "at_rest"
    server_side: bool = True

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        components = view.components()
        for component in components:
            panics = view.panics(component.name)
            if panics:
                # The exception's type tells one bug from another; its text may hold names and numbers.
                key = f"{component.name} {panics[0].partition(':')[0]}"
                return Judgement.violated(f"{component.name} panicked: {first(panics, 2)}", key=key)
        return HOLDS if components else ABSENT
