"""A field that ties objects together is corrupted: a label, an owner's uid, a selector. Not legal.

Half of the cluster-wide failures in fault injection studies came from such single values.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.owned import role_paths

WHAT = ("label", "owner", "selector")


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyCorrupted:
    name: str = "dependency_corrupted"
    legal: bool = False
    obliged: bool = False
    source: str = "DSN'24, Mutiny: fault injection into Kubernetes' dependency fields"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) and bool(occasion.plane.owned_objects())

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if occasion.plane is None:
            return PASSED
        children = role_paths(occasion.plane, occasion.plane.owned_objects())
        if not children:
            return PASSED
        return Verdict.act("corrupt", child=draw.choice("child", children), what=draw.choice("what", list(WHAT)))
