"""A user deletes an object that a controller owns. Its controller is obliged to restore it.

Pods of Jobs are left alone: each counts as a failure of its Job, which may end it by its own rules.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event
from harness.owned import restorable, role_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedDeleted:
    name: str = "owned_deleted"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/concepts/architecture/controller/; https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_event(occasion) or (isinstance(occasion, Moment) and bool(restorable(occasion.plane)))

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if occasion.plane is None:
            return PASSED
        children = role_paths(occasion.plane, restorable(occasion.plane))
        if not children:
            return PASSED
        return Verdict.act("delete_owned", child=draw.choice("child", children))
