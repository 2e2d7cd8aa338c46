"""The happens-before graph of a run, and the part of it that explains a violation.

An edge with `why="cause"` says that one event brought about another: a request its commit, a commit its events, a
fault what it did. An edge with `why="order"` is the program order of one life of a component; a crash ends a life.

A trace names as cause of an event whatever was delivered last, which for answers and for components without reconcile
passes can be something that merely came before. Here such links are left out, and the lasting effects of weather (a
crash that comes seconds later, an answer from the past) are tied to the fault that began them.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import networkx

from reports.facts import datum
from reports.ledger import CYCLES, Ledger, code_of, is_sent, kind_of
from reports.telling import BACKGROUND_KINDS

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent
    from reports.run import Run

LATE_S = 0.001
"""An event that comes so long after its commit was held up: messages take no time by themselves."""

WEATHERS_ERRORS = (0, 403, 408, 410, 429, 500, 502, 503, 504)
"""Codes of answers that a healthy request can get from bad weather only (0: no answer at all)."""

COMMITS_MAX = 12
"""Commits of one object that a slice keeps, the last ones: a livelock has hundreds (arbitrary)."""


def happens_before(trace: "Trace") -> "networkx.DiGraph[int]":
    """Steps; an edge from each event to what came of it, or after it in the same life."""
    return _Builder(Ledger(trace)).build()


class _Builder:
    """Goes through a trace once, remembering what each component heard and suffered last."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.graph: networkx.DiGraph[int] = networkx.DiGraph()
        self.last: dict[str, int] = {}
        """Step of the last event in the running life of each component."""
        self.heard: dict[str, int] = {}
        self.struck: dict[str, int] = {}
        """Last fault on a component; "" for one that names none."""
        self.stopped: dict[str, int] = {}
        self.revision = 0

    def build(self) -> "networkx.DiGraph[int]":
        for event in self.ledger.trace.events:
            self.graph.add_node(event.step)
            for cause in sorted(dict.fromkeys(self._causes(event))):
                if 0 <= cause < event.step:
                    self.graph.add_edge(cause, event.step, why="cause")
            self._remember(event)
        return self.graph

    def _remember(self, event: "TraceEvent") -> None:
        who = event.component
        if event.kind == "fault":
            self.struck[who] = self.struck[""] = event.step
            return
        if event.kind == "commit":
            self.revision = max(self.revision, event.resource_version or 0)
            return
        if event.kind in ("crash", "pause"):
            self.stopped[who] = event.step
        if event.kind in ("event", "reply", "restart", "resume") or (event.kind == "external" and not is_sent(event)):
            self.heard[who] = event.step
        if who and event.kind not in ("violation", "note", "settle", "workload"):
            before = self.last.get(who)
            if before is not None and not self.graph.has_edge(before, event.step):
                self.graph.add_edge(before, event.step, why="order")
            self.last[who] = event.step
            if event.kind == "crash":
                del self.last[who]

    # ------------------------------------------------------------------------------------------------- true causes

    def _causes(self, event: "TraceEvent") -> list[int]:
        finder = {
            "reply": self._of_answer,
            "external": self._of_answer,
            "request": self._of_request,
            "reconcile": self._of_request,
            "crash": self._of_end,
            "pause": self._of_end,
            "restart": self._of_return,
            "resume": self._of_return,
            "fault": self._of_fault,
            "event": self._of_event,
        }.get(event.kind)
        return finder(event) if finder is not None else list(event.caused_by)

    def _kind(self, step: int) -> str:
        cause = self.ledger.by_step.get(step)
        return cause.kind if cause is not None else ""

    def _of_answer(self, event: "TraceEvent") -> list[int]:
        if is_sent(event):
            return self._of_request(event)
        asked = event.caused_by[:1]
        kept = [step for step in event.caused_by[1:] if self._kind(step) == "fault" or self._answers(step, asked)]
        if not any(self._kind(step) == "fault" for step in kept) and self._is_weathers(event):
            kept += self._last_fault(event.component)
        return [*asked, *kept]

    def _answers(self, step: int, asked: tuple[int, ...]) -> bool:
        cause = self.ledger.by_step.get(step)
        return (
            cause is not None and bool(asked) and asked[0] in cause.caused_by and cause.kind in ("commit", "external")
        )

    def _is_weathers(self, event: "TraceEvent") -> bool:
        if datum(event, "error"):
            return code_of(event) in WEATHERS_ERRORS
        return event.kind == "reply" and 0 < (event.resource_version or 0) < self.revision and "seen" in event.data

    def _last_fault(self, component: str) -> list[int]:
        step = self.struck.get(component, self.struck.get(""))
        return [step] if step is not None else []

    def _of_request(self, event: "TraceEvent") -> list[int]:
        """What its pass goes by; without a pass, what its component heard last."""
        who = event.component
        kept = [step for step in event.caused_by if self._concerns(step, who)]
        if not kept and who in self.heard:
            kept = [self.heard[who]]
        return kept

    def _concerns(self, step: int, who: str) -> bool:
        cause = self.ledger.by_step.get(step)
        return cause is not None and (cause.component == who or (cause.kind in ("fault", "workload") and who == "user"))

    def _of_end(self, event: "TraceEvent") -> list[int]:
        """A crash or a pause: of its own making, of a fault, or some time after a fault announced it."""
        if event.data.get("panic") or event.data.get("exit"):
            kept = [step for step in event.caused_by if self._concerns(step, event.component)]
            return kept or [self.heard[event.component]] if event.component in self.heard else kept
        kept = [step for step in event.caused_by if self._kind(step) in ("fault", "crash")]
        return (
            kept or [step for step in [self.struck.get(event.component)] if step is not None] or list(event.caused_by)
        )

    def _of_return(self, event: "TraceEvent") -> list[int]:
        stopped = self.stopped.get(event.component)
        return [stopped] if stopped is not None else list(event.caused_by)

    def _of_fault(self, event: "TraceEvent") -> list[int]:
        """The message that it struck."""
        action = datum(event, "action") or {}
        named = action.get("request")
        if isinstance(named, dict):
            for step in range(event.step - 1, max(-1, event.step - 50), -1):
                cause = self.ledger.by_step.get(step)
                if cause is not None and self._is_named(cause, named, event.component):
                    return [step]
        return [step for step in event.caused_by if self._kind(step) not in ("workload", "settle")]

    def _is_named(self, cause: "TraceEvent", named: dict[str, object], who: str) -> bool:
        if cause.kind == "commit" or (cause.kind == "external" and cause.data.get("phase") == "effect"):
            same = cause.peer == who
        else:
            same = is_sent(cause) and cause.component == who
            same = same and str(datum(cause, "method") or datum(cause, "verb")) == named.get("verb")
        return same and kind_of(cause) == named.get("kind")

    def _of_event(self, event: "TraceEvent") -> list[int]:
        causes = [step for step in event.caused_by if self._kind(step) in ("commit", "fault")]
        commit = next((self.ledger.by_step[step] for step in causes if self._kind(step) == "commit"), None)
        if commit is None:
            return [*causes, *self._last_fault(event.component)] or list(event.caused_by)
        if event.time_s - commit.time_s > LATE_S and commit.step >= self.ledger.began:
            causes += self._last_fault(event.component)
        return causes


# --------------------------------------------------------------------------------------------------------------- slice


def causal_slice(run: "Run") -> tuple[int, ...]:
    """The steps that explain the violation, in order; all of them if there is none.

    The violation, the wrong write with what its pass went by, the weather named as its cause with what it struck and
    did, and the writes on the objects in question, each with what led to it; not how a cluster was set up, nor the
    upkeep of leases, nor the earlier rounds of who polls.
    """
    violation = run.facts.violation
    if violation is None:
        return tuple(sorted(run.graph))
    kept: dict[int, None] = dict.fromkeys(_targets(run, violation))
    floor = _floor(run, kept)
    frontier = list(kept)
    while frontier:
        step = frontier.pop()
        for cause in sorted(run.graph.pred.get(step, ())):
            if run.graph.edges[cause, step]["why"] == "cause" and cause not in kept and _leads(run, cause, step, floor):
                kept[cause] = None
                frontier.append(cause)
    return tuple(sorted(kept))


def _targets(run: "Run", violation: "TraceEvent") -> list[int]:
    ledger, blamed = run.ledger, run.blame
    found = [violation.step, *violation.caused_by[:1], *blamed.faults]
    for fault in blamed.faults:
        found += _came_of(run, fault, violation.step)
    if blamed.step is not None:
        found += [blamed.step, *_pass_up_to(ledger, blamed.step, whole=blamed.missing)]
    if not run.concern:  # an old trace, or a claim about nothing in particular: what controllers wrote last
        theirs = [name for name, commits in ledger.commits.items() if _is_theirs(run, commits)]
        found += [step for name in theirs for step in [ledger.commits[name][-1].step] if step < violation.step][
            -COMMITS_MAX:
        ]
    for name in run.concern:
        told = [event for event in ledger.commits.get(name, ()) if ledger.began <= event.step <= violation.step]
        found += [event.step for event in told[-COMMITS_MAX:] if datum(event, "effective") is not False]
    return sorted(dict.fromkeys(found))


def _is_theirs(run: "Run", commits: "list[TraceEvent]") -> bool:
    tested = run.facts.under_test
    told = kind_of(commits[-1]) not in BACKGROUND_KINDS and commits[-1].step >= run.ledger.began
    return told and (not tested or any(commit.peer in tested or commit.component in tested for commit in commits))


def _pass_up_to(ledger: Ledger, step: int, *, whole: bool) -> list[int]:
    """What a pass asked and was answered before (or, `whole`, also after) one of its steps."""
    begun = ledger.pass_of(ledger.by_step.get(step))
    if begun is None:
        return []
    asked = ledger.sent_in.get(begun, [])
    steps = [begun, *(event.step for one in asked for event in (one, *ledger.answers.get(one.step, ())))]
    if whole and begun in ledger.ends:
        steps.append(ledger.ends[begun].step)
    return [one for one in steps if whole or one <= step]


def _came_of(run: "Run", fault: int, until: int) -> list[int]:
    """The crash, the pause, the answer, the late event that a fault brought about, and the return after it."""
    found: list[int] = []
    for step in sorted(run.graph.succ.get(fault, ())):
        event = run.ledger.by_step[step]
        if run.graph.edges[fault, step]["why"] != "cause" or step > until or kind_of(event) in BACKGROUND_KINDS:
            continue
        found.append(step)
        if event.kind in ("crash", "pause"):
            found += [
                one for one in sorted(run.graph.succ[step]) if run.ledger.by_step[one].kind in ("restart", "resume")
            ]
        if len(found) >= COMMITS_MAX:
            break
    return found


def _floor(run: "Run", kept: Iterable[int]) -> int:
    """Of what goes round and round, the last rounds explain as much as all of them: the first step to keep."""
    if run.facts.claim not in CYCLES:
        return run.ledger.began
    blamed = run.ledger.by_step.get(run.blame.step if run.blame.step is not None else -1)
    if blamed is not None and blamed.kind == "request":  # refused in each round, so that there is no commit
        return run.ledger.pass_of(blamed) or run.ledger.began
    commits = [step for step in kept if run.ledger.by_step[step].kind == "commit"]
    return min(commits, default=run.ledger.began)


def _leads(run: "Run", cause: int, step: int, floor: int) -> bool:
    """Is this cause worth following back from `step`?"""
    event, effect = run.ledger.by_step[cause], run.ledger.by_step[step]
    if event.kind in ("fault", "crash", "restart", "workload"):
        return True
    if cause < floor or (event.kind != "event" and kind_of(event) in BACKGROUND_KINDS):
        return False
    if effect.kind == "request" and run.ledger.pass_of(effect) is None and event.kind == "reply":
        asked = run.ledger.request_of(event)  # who polls: the round before this one explains nothing
        return asked is None or (datum(asked, "method"), asked.object) != (datum(effect, "method"), effect.object)
    return True
