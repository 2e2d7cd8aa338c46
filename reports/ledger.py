"""A trace as something to look things up in: commits of an object, requests of a pass, what was sent by whom.

Built once for each run; every rule of `blame.py` and every sentence of `narrative.py` reads it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reports.facts import datum

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent

CYCLES = ("no_livelock", "no_hot_loop", "no_alternation", "idempotent")
"""Claims that are broken by writing on and on."""


@dataclass(eq=False)
class Ledger:
    """See the module."""

    trace: "Trace"
    by_step: "dict[int, TraceEvent]" = field(default_factory=dict)
    commits: "dict[str, list[TraceEvent]]" = field(default_factory=lambda: defaultdict(list))
    """Of each object, in order."""
    by_revision: "dict[int, TraceEvent]" = field(default_factory=dict)
    sent_in: "dict[int, list[TraceEvent]]" = field(default_factory=lambda: defaultdict(list))
    """Requests and outside calls of a pass, by the step of its `reconcile`."""
    answers: "dict[int, list[TraceEvent]]" = field(default_factory=lambda: defaultdict(list))
    """What came of a request: commits, effects and replies, by its step."""
    ends: "dict[int, TraceEvent]" = field(default_factory=dict)
    """`reconciled`, by the step of its `reconcile`."""
    began: int = 0
    """Step of the first user action; before it a cluster is set up."""

    def __post_init__(self) -> None:
        for event in self.trace.events:
            self.by_step[event.step] = event
            self._enter(event)
        acts = (event.step for event in self.trace.events if event.kind in ("workload", "fault"))
        self.began = next(acts, 0)

    def _enter(self, event: "TraceEvent") -> None:
        first = event.caused_by[0] if event.caused_by else None
        if event.kind == "commit":
            self.commits[event.object].append(event)
            if event.resource_version is not None:
                self.by_revision[event.resource_version] = event
        if event.kind == "reconciled" and first is not None:
            self.ends[first] = event
        if event.kind in ("commit", "reply", "external") and first is not None and is_sent(self.by_step.get(first)):
            self.answers[first].append(event)
        pass_step = self.pass_of(event) if is_sent(event) else None
        if pass_step is not None:
            self.sent_in[pass_step].append(event)

    def pass_of(self, event: "TraceEvent | None") -> int | None:
        """Step of the `reconcile` that sent this, or that this was committed for."""
        if event is None:
            return None
        if event.kind == "reconcile":
            return event.step
        named = event.data.get("reconcile")
        if isinstance(named, int):
            return named
        for step in event.caused_by:
            cause = self.by_step.get(step)
            if cause is not None and cause.kind == "reconcile" and event.kind in ("request", "external"):
                return step
        if event.kind in ("commit", "reply", "external", "reconciled") and event.caused_by:
            cause = self.by_step.get(event.caused_by[0])
            return self.pass_of(cause) if (cause is not None and cause.kind != event.kind) or is_sent(cause) else None
        return None

    def request_of(self, event: "TraceEvent") -> "TraceEvent | None":
        """The request behind a commit, effect or reply; a request itself."""
        if is_sent(event):
            return event
        for step in event.caused_by:
            cause = self.by_step.get(step)
            if is_sent(cause):
                return cause
        return None

    def newest(self, name: str, before: int) -> "TraceEvent | None":
        """The last commit of an object before a step."""
        return next((event for event in reversed(self.commits.get(name, ())) if event.step < before), None)

    def value_before(self, commit: "TraceEvent") -> dict[str, Any]:
        """The object as it was before this commit."""
        earlier = self.newest(commit.object, commit.step)
        return dict(datum(earlier, "value") or {}) if earlier is not None else {}


def is_sent(event: "TraceEvent | None") -> bool:
    """Is this a request to an API server, or a call of an outside system, on its way?"""
    if event is None:
        return False
    return event.kind == "request" or (event.kind == "external" and event.data.get("phase") in ("call", "request"))


def kind_of(event: "TraceEvent") -> str:
    """ "Secret" of "Secret/default/a"; of an outside system's item the system."""
    if event.kind == "external":
        return event.component if event.data.get("phase") in ("effect", "drift") else event.peer
    return event.object.partition("/")[0].partition(" ")[0]


def spoken(name: str) -> str:
    """ "Secret default/a" of "Secret/default/a"."""
    kind, _, rest = name.partition("/")
    return f"{kind} {rest}".strip()


def metadata_of(commit: "TraceEvent | None") -> dict[str, Any]:
    """Of the object as this commit left it; {} if it is gone or the trace does not say."""
    value = datum(commit, "value") if commit is not None else None
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def code_of(event: "TraceEvent") -> int:
    """The HTTP status of an answer; 0 if there was none."""
    code = datum(event, "code")
    return code if isinstance(code, int) else 0


def at(event: "TraceEvent") -> str:
    return f"{event.time_s:,.3f} s"
