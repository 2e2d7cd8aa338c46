"""Who is to blame: the wrong write, and the weather without which it would not have come.

A claim that was broken by an act names the act, a claim about what was delivered the event or answer that should not
have come, or never came (`delivery.py`). A claim about the state at rest names an end, so the write is sought
backwards from what is different there: what is too many was made by somebody, what is missing was deleted or never
made, what has another value was written last by somebody. Where nobody under test wrote it, the wrong thing is the
write that never came, and its place is the last pass that should have sent it.

The weather of a report is shrunk: without any one of its faults the claim holds. So each is a cause; if there are more
than two, those nearest to the wrong write are named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import networkx

from reports import delivery
from reports.acts import (
    READS,
    committed_by,
    in_short,
    is_deletion,
    makes,
    name_of,
    owner_uid,
    reads_in_words,
    said,
    sender_of,
    verb_of,
)
from reports.ends import Difference
from reports.facts import datum
from reports.ledger import CYCLES, at, kind_of, metadata_of, spoken
from reports.pictures import went_by_the_past
from reports.printed import last_words
from reports.suspects import Suspects

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run

FAULTS_NAMED = 2

OF_THE_PLANE = ("objects_are_well_formed",)
"""Claims that an API server keeps or breaks by what it commits, whoever asked for it."""

OF_EFFECTS = ("finalizer_before_effect", "one_runner_per_identity")
"""Claims about items of outside systems, which are judged when something else is written."""

MESSAGES = ("request", "reply", "event")
NO_ACT = ("settle", "violation", "note", "workload", "fault", "reconciled")
NOUNS = {"commit": "write", "request": "write", "external": "write", "event": "event", "reply": "answer"}
"""What is wrong, by the kind of its trace event; anything else is an act."""

ROUND_MAX = 8
"""Writes on the objects in question that are taken for the last round of a cycle (arbitrary)."""

LEAKS = ("no_orphan_or_leak", "one_external_object_per_owner")

FINALIZERS = "metadata.finalizers"

FAR = 1_000_000
"""Edges from a fault that leads nowhere near the wrong write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """What went wrong, by whom, because of what."""

    step: int | None = None
    """Of the wrong write, or of the pass that should have written and did not; None: nothing in particular."""
    text: str = ""
    """One sentence that singles it out."""
    missing: bool = False
    """The wrong thing is a write that never came."""
    noun: str = "write"
    """What it is, or would have been: write, act (a panic), event, answer, commit, end (of a pass)."""
    what: str = ""
    """The same in two or three words: "create Bucket", "never creates Secret"."""
    site: str = ""
    """The line of code that sent it, as "operators/website.py:31 in reconcile"; of a write that never came the line
    from which its pass sent its last request. Empty if the trace does not say."""
    faults: tuple[int, ...] = ()
    """Steps of the weather that caused it, two at most, in order of time."""
    words: tuple[str, ...] = ()
    """What the process had printed last before the wrong write, or before the end without it."""


def blame(run: "Run") -> Blame:
    """Of the violation that this run tells; an empty one if there is none."""
    if run.facts.violation is None:
        return Blame()
    found = _Search(run).found()
    return replace(found, faults=_faults(run, found.step), words=_words(run, found))


def _words(run: "Run", found: Blame) -> tuple[str, ...]:
    """Of the process that acted; of one that did not, if there is but one."""
    event = run.facts.violation if found.missing or found.step is None else run.ledger.by_step.get(found.step)
    processes = list(dict.fromkeys(component for component, _, _ in run.facts.printed))
    if event is None or not processes:
        return ()
    acted = [name for name in (event.peer, event.component) if name in processes]
    if not acted and len(processes) > 1:
        return ()
    return tuple(last_words(run.facts, (acted or processes)[0], event.time_s))


class _Search:
    """One search for the wrong write: the rules, most telling first."""

    def __init__(self, run: "Run") -> None:
        assert run.facts.violation is not None
        self.run, self.ledger = run, run.ledger
        self.violation = run.facts.violation
        self.claim = run.facts.claim or ""
        self.under_test = run.facts.under_test
        self.who = Suspects(run, self.violation)

    def found(self) -> Blame:
        first = self.violation.caused_by[0] if self.violation.caused_by else -1
        cause = self.ledger.by_step.get(first)
        if self.claim in delivery.CLAIMS:
            return self._of_delivery()
        if self.claim in CYCLES and (cycle := self._of_cycle()) is not None:
            return cycle
        # In real time a process reads on while it is judged at rest: the last message is then nobody's fault.
        read_on = datum(self.violation, "when") == "at_rest" and cause is not None and cause.kind in MESSAGES
        if cause is not None and not read_on and cause.kind not in NO_ACT:
            return self._act(cause)
        rules = (
            self._of_panic,
            self._of_hung_pass,
            self._of_silence,
            self._of_deletes,
            self._of_leak,
            self._of_stuck,
            self._of_end,
        )
        found = next((found for rule in rules if (found := rule()) is not None), None) or self._last_write()
        if found is not None or not self.under_test:
            return found or Blame()
        name = self.run.concern[0] if self.run.concern else ""
        return self._never(name, "puts it right", "never puts it right")

    # ------------------------------------------------------------------------------------------------- single acts

    def _act(self, event: "TraceEvent") -> Blame:
        """What broke the claim; if nobody under test did that, their write that led to it; else nobody."""
        if self.claim in OF_THE_PLANE and event.kind == "commit":
            text = f"{committed_by(self.run, event)}."
            return Blame(step=event.step, text=text, what=f"commit {kind_of(event)}", noun="commit")
        if self.claim in OF_EFFECTS and (outside := self._named_outside()) is not None:
            return outside
        if self.who.is_theirs(event):
            return self._blamed(event)
        for step in sorted(networkx.ancestors(self.run.graph, event.step), reverse=True):
            earlier = self.ledger.by_step[step]
            if earlier.step >= self.ledger.began and self.who.is_write(earlier) and kind_of(earlier) == kind_of(event):
                return self._blamed(earlier)
        return Blame()

    def _named_outside(self) -> Blame | None:
        """The last item of an outside system that they made and that the reason speaks of."""
        made = [event for event in self.who.writes() if event.kind == "external" and makes(event)]
        named = [event for event in made if event.object and event.object in self.run.facts.reason]
        return self._blamed(named[-1]) if named else None

    def _blamed(self, event: "TraceEvent") -> Blame:
        request = self.ledger.request_of(event)
        site = str(datum(request, "site") or "") if request is not None else ""
        what, noun = in_short(event, request), NOUNS.get(event.kind, "act")
        return Blame(step=event.step, text=f"{said(self.run, event)}.", what=what, site=site, noun=noun)

    def _last_write(self) -> Blame | None:
        writes = self.who.writes(self.run.concern) or self.who.writes()
        if writes and self.claim == "repairs_come_in_time":
            late = self._blamed(writes[-1])
            return replace(late, text=f"{late.text.removesuffix('.')}, which was due long before.")
        return self._blamed(writes[-1]) if writes else None

    # ------------------------------------------------------------------------------------------------------- rules

    def _of_delivery(self) -> Blame:
        found = delivery.misdelivery(self.run, self.claim, self.run.facts.reason)
        if found is None:
            return Blame()
        what = f"never told of {found.kind}" if found.missing else f"{found.noun} {found.kind}"
        return Blame(step=found.step, text=found.text, missing=found.missing, what=what, noun=found.noun)

    def _of_cycle(self) -> Blame | None:
        """The last write of the round; of several writers that of one who went by the past, if there is one."""
        if self.claim == "no_hot_loop" and (hot := self._of_hot_loop()) is not None:
            return hot
        last = self.who.writes(self.run.concern)[-ROUND_MAX:]
        if len({sender_of(event) for event in last}) > 1:
            behind = [event for event in last if went_by_the_past(self.run, event)]
            if behind:
                return self._blamed(behind[-1])
        return self._last_write()

    def _of_hot_loop(self) -> Blame | None:
        """What the last of the passes asked for, if that is refused each time and so nobody's write."""
        begun = [event for event in self.run.trace.events[: self.violation.step] if event.kind == "reconcile"]
        hot = [one for one in begun if self.run.facts.reason.startswith(f"{one.component} reconciled {one.object} ")]
        for last in reversed(hot):
            sent = [one for one in self.ledger.sent_in.get(last.step, ()) if verb_of(one) not in READS]
            answers = self.ledger.answers.get(sent[-1].step, ()) if sent else ()
            errors = [datum(one, "error") for one in answers if one.kind == "reply" and datum(one, "error")]
            if answers and not errors:
                return None
            if errors:
                text = f"{said(self.run, sent[-1])}, answered with {errors[0]}, in the last of {len(hot):,} passes"
                return replace(self._blamed(sent[-1]), text=f"{text} on {last.object}.")
        return None

    def _of_panic(self) -> Blame | None:
        crashes = [event for event in self.run.trace.events if event.data.get("panic")]
        return self._blamed(crashes[-1]) if self.claim == "no_panic" and crashes else None

    def _of_hung_pass(self) -> Blame | None:
        if self.claim != "reconcile_returns":
            return None
        begun = [event for event in self.run.trace.events if event.kind == "reconcile" and self.who.is_theirs(event)]
        hung = [event for event in begun if event.step not in self.ledger.ends]
        if not hung:
            return None
        text = f"`{hung[-1].component}` began a pass on {hung[-1].object} at {at(hung[-1])} and never ended it."
        return Blame(step=hung[-1].step, text=text, missing=True, what="never returns", noun="end")

    def _of_silence(self) -> Blame | None:
        """A status that speaks of an older spec: what it says was right, and what it should say now never came."""
        if self.claim != "observed_generation_catches_up" or not self.run.concern:
            return None
        name = self.run.concern[0]
        what = f"says in the status of {spoken(name)} that it has seen the newest spec"
        return self._never(name, what, f"never updates {name.partition('/')[0]}")

    def _of_deletes(self) -> Blame | None:
        """The last deletion of what fair weather keeps: that it was made anew is not what is wrong."""
        if self.claim != "deletes_as_in_fair_weather":
            return None
        gone = [event for event in self.who.writes(self.run.concern) if is_deletion(event)]
        return self._blamed(gone[-1]) if gone else None

    def _of_leak(self) -> Blame | None:
        """Something made without an owner, once too often, or left when its owner was let go."""
        if self.claim not in LEAKS:
            return None
        surplus = [one for one in self.run.differences if one.how == "surplus"]
        named = [*dict.fromkeys(name for one in surplus for name in one.objects), *self.run.concern]
        made = [event for event in self.who.writes() if makes(event) and name_of(event) in named]
        made = made or [event for event in self.who.writes() if makes(event) and event.kind == "external"]
        if not made:
            return None
        if (let_go := self._let_go(made[-1])) is not None:
            return let_go
        owner = owner_uid(made[-1])
        twins = [event.object for event in made[:-1] if owner_uid(event) == owner and event.object]
        if not twins:
            return self._blamed(made[-1])
        return replace(self._blamed(made[-1]), text=f"{said(self.run, made[-1])}, for the same owner as {twins[-1]}.")

    def _let_go(self, made: "TraceEvent") -> Blame | None:
        """The write with which an owner went before what it owned; None if it did not go by a component's hand."""
        owner = owner_uid(made)
        for commit in reversed(self.who.writes()):
            gone = commit.kind == "commit" and datum(commit, "fact") == "DELETED" and commit.step > made.step
            before = self.ledger.value_before(commit).get("metadata") or {}
            if gone and owner and before.get("uid") == owner:
                if (unguarded := self._unguarded(commit)) is not None:
                    return unguarded
                left = f"its item in the outside system `{kind_of(made)}`" if made.kind == "external" else ""
                told = f"{said(self.run, commit)} while {left or spoken(made.object)} was still there: "
                return replace(self._blamed(commit), text=f"{told}nobody was left to delete it.")
        return None

    def _unguarded(self, gone: "TraceEvent") -> Blame | None:
        """The write that took a finalizer off what was not being deleted yet, and that nobody put on again."""
        held = {str(one) for one in (self.ledger.value_before(gone).get("metadata") or {}).get("finalizers") or ()}
        for commit in reversed(self.who.writes([gone.object])):
            after, before = metadata_of(commit), self.ledger.value_before(commit).get("metadata") or {}
            lost = [str(one) for one in before.get("finalizers") or () if one not in (after.get("finalizers") or ())]
            lost = [one for one in lost if one not in held]
            if lost and after and not after.get("deletionTimestamp"):
                took = f"`{sender_of(commit)}` took the finalizer {lost[0]} off {spoken(commit.object)}"
                return replace(self._blamed(commit), text=f"{took}, which nobody was deleting yet.")
        return None

    def _of_stuck(self) -> Blame | None:
        """An object that is being deleted and that a finalizer holds for ever."""
        for name in self.run.concern:
            commits = self.ledger.commits.get(name, ())
            metadata = metadata_of(commits[-1]) if commits else {}
            held = [str(one) for one in metadata.get("finalizers") or ()]
            if metadata.get("deletionTimestamp") and held and self.claim in ("deletions_finish", "converges"):
                what = f"takes the finalizer {held[0]} off {spoken(name)}"
                return self._never(name, what, f"never lets go of {name.partition('/')[0]}")
        return None

    def _struck_from(self) -> int:
        """The step before which all went as in fair weather; 0 without weather."""
        found: list[int] = []
        for event in self.run.trace.events[: self.violation.step]:
            if event.kind == "fault":
                action, came = datum(event, "action"), sorted(self.run.graph.succ[event.step])
                ends = [step for step in came if self.ledger.by_step[step].kind == "crash"]
                announced = isinstance(action, dict) and "crash_after_s" in action
                found.append(ends[0] if announced and ends else event.step)
        return min(found, default=0)

    def _of_end(self) -> Blame | None:
        for difference in self.run.differences:
            rule = {"missing": self._missing, "surplus": self._surplus, "differs": self._differing}[difference.how]
            found = rule(difference)
            if found is not None:
                return found
        return None

    def _missing(self, difference: Difference) -> Blame:
        deleted = [
            event
            for name, commits in self.ledger.commits.items()
            for event in commits
            if datum(event, "fact") == "DELETED"
            and event.step < self.violation.step
            and (name in difference.objects or (not difference.objects and kind_of(event) == difference.kind))
        ]
        if deleted and (killer := self.who.killer(deleted[-1])) is not None:
            return self._blamed(killer)
        name = difference.objects[0] if difference.objects else difference.kind
        more = sum(one.how == "missing" and one.kind == difference.kind for one in self.run.differences) - 1
        tail = " again" if deleted else f" (nor {more} other{'s' * (more > 1)})" if more > 0 else ""
        return self._never(name, f"creates {spoken(name)}{tail}", f"never creates {difference.kind}", deleted[-1:])

    def _surplus(self, difference: Difference) -> Blame | None:
        made = [event for event in self.who.writes(difference.objects) if makes(event)]
        name = difference.objects[-1] if difference.objects else difference.kind
        if made and (let_go := self._let_go(made[-1])) is not None:
            return let_go
        if made and (made[-1].step > self.who.last_of_users() or difference.wanted):
            return self._blamed(made[-1])
        # Fair weather had made it as well, before users asked for less: what is wrong is that it stayed.
        return self._never(name, f"deletes {spoken(name)}", f"never deletes {difference.kind}")

    def _differing(self, difference: Difference) -> Blame | None:
        name = difference.objects[0] if difference.objects else difference.kind
        if difference.beyond and all(path.startswith(FINALIZERS) for path in difference.paths):
            # To put a finalizer on is never wrong; to leave it there is.
            return self._never(name, f"takes its finalizer off {spoken(name)}", f"never lets go of {difference.kind}")
        for event in reversed(self.who.writes(difference.objects)):
            changed = [str(change).partition(":")[0] for change in datum(event, "changed") or ()]
            if any(_overlap(path, one) for path in difference.paths for one in changed) or makes(event):
                if event.step > max(self.who.last_of_users(), self._struck_from()):
                    return self._blamed(event)
                break  # It was right until users did more, or is the same in fair weather, and right there.
        if any("PodScheduled" in path for path in difference.beneath):
            return self._never(name, f"binds {spoken(name)}", "never binds Pod")
        return self._never(
            name, f"sets {', '.join(difference.paths[:2])} of {spoken(name)} right", f"never updates {difference.kind}"
        )

    # ------------------------------------------------------------------------------------------- what never came

    def _never(self, name: str, what: str, short: str, since: "Sequence[TraceEvent]" = ()) -> Blame:
        """The write that never came, placed at the last pass that should have sent it."""
        begun = self.who.last_pass(name)
        if begun is None:
            who = self.under_test[0] if self.under_test else "nobody"
            wrote = self.who.writes([name])[-1:]
            last = self._blamed(wrote[0]) if wrote else Blame()
            tail = f": it last wrote it at {at(wrote[0])}" if wrote else ""
            return Blame(step=None, text=f"`{who}` never {what}{tail}.", missing=True, what=short, site=last.site)
        text = f"`{begun.component}` never {what}"
        if since and begun.step < since[-1].step:
            text += f": its last pass on {begun.object} began at {at(begun)}, before the deletion, and nothing woke it"
        else:
            read = reads_in_words(self.run, begun)
            wrote = [one for one in self.ledger.sent_in.get(begun.step, ()) if verb_of(one) not in READS]
            ended = self._attempt(wrote[-1]) if wrote else "wrote nothing"
            text += f": its last pass on {begun.object}, at {at(begun)}, {f'{read} and ' if read else ''}{ended}"
        return Blame(step=begun.step, text=f"{text}.", missing=True, what=short, site=self._site(begun))

    def _attempt(self, sent: "TraceEvent") -> str:
        """The last thing that a pass asked for besides what is missed."""
        errors = [datum(one, "error") for one in self.ledger.answers.get(sent.step, ()) if datum(one, "error")]
        what = spoken(name_of(sent))
        if sent.kind == "external" and not errors:
            return f"asked the outside system `{kind_of(sent)}` to {verb_of(sent)} {sent.object or 'an item'}"
        return f"was refused its {verb_of(sent)} of {what}: {errors[0]}" if errors else f"wrote only {what}"

    def _site(self, begun: "TraceEvent") -> str:
        sites = [str(datum(one, "site") or "") for one in self.ledger.sent_in.get(begun.step, ())]
        return sites[-1] if sites else ""


def _overlap(path: str, changed: str) -> bool:
    return path.startswith(changed) or changed.startswith(path)


# ------------------------------------------------------------------------------------------------------------- weather


def _faults(run: "Run", step: int | None) -> tuple[int, ...]:
    """Steps of the faults to name: all if two at most, else those nearest to the wrong write; of equals the later."""
    assert run.facts.violation is not None
    until = run.facts.violation.step
    struck = [event.step for event in run.trace.events if event.kind == "fault" and event.step < until]
    if len(struck) <= FAULTS_NAMED:
        return tuple(struck)
    distances: dict[int, int] = {}
    if step is not None:
        causes = networkx.subgraph_view(run.graph, filter_edge=lambda a, b: run.graph.edges[a, b]["why"] == "cause")
        distances = dict(networkx.single_source_shortest_path_length(causes.reverse(copy=False), step))
    nearest = sorted(struck, key=lambda fault: (distances.get(fault, FAR), -fault))[:FAULTS_NAMED]
    return tuple(sorted(nearest))
