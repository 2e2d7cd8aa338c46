"""A user edits what a controller owns: labels, owner references, finalizers, or fields of its spec or data.

Nobody is obliged to repair that (many controllers cannot), so it is opt-in; convergence is judged only where a kind
declares repair.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.owned import role_paths

WHAT = ("labels", "ownerReferences", "finalizers", "replicas", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vandalism:
    name: str = "vandalism"
    legal: bool = True
    obliged: bool = False
    source: str = "https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/; Acto (SOSP'23)"
    opt_in: bool = True
    on_repairs: bool = True
    """On without being named when the trial says what its controllers repair."""

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) and bool(occasion.plane.owned_objects())

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if occasion.plane is None:
            return PASSED
        children = role_paths(occasion.plane, occasion.plane.owned_objects())
        if not children:
            return PASSED
        return Verdict.act("vandalize", child=draw.choice("child", children), what=draw.choice("what", list(WHAT)))
