"""Shows properties what they claim to judge, and keeps what they say.

Safety is judged at every commit and request, from the store's commit hook: judging only at rest needed 1,400 examples,
or never found, what commits showed in 11 (design section 2.5). A violation is written down here and raised by whoever
drives the world, never inside it.
"""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.contract import Change, Judgement, ObjectRef, Property, SentRequest
from harness.process import Process
from harness.trace import named
from harness.view import WorldView

if TYPE_CHECKING:
    from harness.world import World

_EVERYTHING = frozenset({"request", "create", "update", "delete"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A property and what broke it. `key` tells bugs of one property apart: object kind and writer."""

    property: Property
    judgement: Judgement
    step: int
    key: str

    @builtins.property
    def name(self) -> str:
        return self.property.name

    @builtins.property
    def kind(self) -> str:
        return self.judgement.objects[0].kind if self.judgement.objects else ""


class Judge:
    """The judge of one world."""

    def __init__(self, world: "World", properties: Sequence[Property]) -> None:
        self.world = world
        self.view = WorldView(world)
        self.violations: list[Found] = []
        self.warnings: dict[str, None] = {}
        self.judged: dict[str, int] = {}
        """How often each property was judged with its subject present."""
        self.unknown: dict[str, str] = {}
        always = [p for p in properties if p.when == "always"]
        on = {p.name: frozenset(getattr(p, "on", _EVERYTHING)) for p in always}
        self._requests = [p for p in always if "request" in on[p.name]]
        self._commits = {verb: [p for p in always if verb in on[p.name]] for verb in ("create", "update", "delete")}
        self._at_rest = [p for p in properties if p.when in ("at_rest", "eventually", "sometimes")]
        self._no_panic = next((p for p in properties if p.name == "no_panic"), None)

    def on_request(self, sent: SentRequest) -> None:
        """A request is about to travel."""
        if not self._requests:
            return
        self.view.show(request=sent, change=None, phase="request")
        for claim in self._requests:
            self._ask(claim, sent.step, sent.component)
        self.view.show()

    def on_commit(self, change: Change) -> None:
        """A command has taken effect."""
        verb = "create" if change.before is None else "delete" if change.after is None else "update"
        claims = self._commits[verb]
        if verb == "update" and change.verb == "delete":  # a deletion that waits for finalizers
            claims = [*claims, *(c for c in self._commits["delete"] if c not in claims)]
        if not claims:
            return
        self.view.show(request=change.request, change=change, phase="commit")
        for claim in claims:
            self._ask(claim, change.step, change.component)
        self.view.show()

    def at_rest(self, phase: str) -> None:
        """Everything has come to rest (or will not, phase `end`)."""
        self.view.show(phase=phase)
        for claim in self._at_rest:
            self._ask(claim, len(self.world.trace.events) - 1, "")
        self.view.show()

    def suspects(self, phase: str) -> list[Found]:
        """What would be violated if this were rest. Nothing is written down: it may only be early."""
        events = self.world.trace.events
        known, self.violations, steps = self.violations, [], len(events)
        try:
            self.at_rest(phase)
            return self.violations
        finally:
            self.violations = known
            del events[steps:]

    def panicked(self, process: Process, how: str) -> None:
        """A panic is judged where it happens, so that the trace shows it."""
        if self._no_panic is not None:
            self.view.show(phase="commit")
            self._ask(self._no_panic, len(self.world.trace.events) - 1, process.name)
            self.view.show()

    def _ask(self, claim: Property, step: int, component: str) -> None:
        judgement = claim.judge(self.view)
        if judgement.verdict == "unknown":
            self.unknown[claim.name] = judgement.reason
            return
        self.judged[claim.name] = self.judged.get(claim.name, 0) + 1
        if judgement.verdict == "warned":
            self.warnings[f"{claim.name}: {judgement.reason}"] = None
        elif judgement.verdict == "violated":
            key = judgement.key or f"{_kind(judgement.objects)}/{component}"
            if any(found.name == claim.name and found.key == key for found in self.violations):
                return
            self.violations.append(Found(property=claim, judgement=judgement, step=step, key=key))
            world = self.world
            world.trace.add(
                world.network.now_s,
                "violation",
                component,
                object=str(judgement.objects[0]) if judgement.objects else "",
                caused_by=(step,) if step >= 0 else (),
                data={
                    "property": claim.name,
                    "reason": judgement.reason,
                    "source": claim.source,
                    "when": claim.when,
                    "objects": [named(ref.kind, ref.namespace, ref.name) for ref in judgement.objects],
                },
            )


def _kind(objects: Sequence[ObjectRef]) -> str:
    return objects[0].kind if objects else ""
