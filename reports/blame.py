"""Who is to blame: the wrong write, and the weather without which it would not have come.

A claim that was broken by an act names the act. A claim about the state at rest names an end, so the write is sought
backwards from what is different there: what is too many was made by somebody, what is missing was deleted or never
made, what has another value was written last by somebody. Where nobody under test wrote it, the wrong thing is the
write that never came, and its place is the last pass that should have sent it.

The weather of a report is shrunk: without any one of its faults the claim holds. So each is a cause; if there are more
than two, those nearest to the wrong write are named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import networkx

from reports.acts import in_short, makes, name_of, owner_uid, reads_in_words, said, sender_of, verb_of
from reports.ends import Difference
from reports.facts import datum
from reports.ledger import CYCLES, at, kind_of, metadata_of, spoken
from reports.telling import BACKGROUND_KINDS, DELETION_MARK

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run

FAULTS_NAMED = 2

LEAKS = ("no_orphan_or_leak", "one_external_object_per_owner")

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
    what: str = ""
    """The same in two or three words: "create Bucket", "never creates Secret"."""
    site: str = ""
    """The line of code that sent it, as "operators/website.py:31 in reconcile"; of a write that never came the line
    from which its pass sent its last request. Empty if the trace does not say."""
    faults: tuple[int, ...] = ()
    """Steps of the weather that caused it, two at most, in order of time."""


def blame(run: "Run") -> Blame:
    """Of the violation that this run tells; an empty one if there is none."""
    if run.facts.violation is None:
        return Blame()
    found = _Search(run).found()
    return replace(found, faults=_faults(run, found.step))


class _Search:
    """One search for the wrong write: the rules, most telling first."""

    def __init__(self, run: "Run") -> None:
        assert run.facts.violation is not None
        self.run, self.ledger = run, run.ledger
        self.violation = run.facts.violation
        self.claim = run.facts.claim or ""
        self.under_test = run.facts.under_test

    def found(self) -> Blame:
        first = self.violation.caused_by[0] if self.violation.caused_by else -1
        cause = self.ledger.by_step.get(first)
        if self.claim in CYCLES and (cycle := self._last_write()) is not None:
            return cycle
        if cause is not None and cause.kind not in ("settle", "violation", "note", "workload", "fault", "reconciled"):
            return self._act(cause)
        rules = (self._of_panic, self._of_hung_pass, self._of_leak, self._of_stuck, self._of_end)
        found = next((found for rule in rules if (found := rule()) is not None), None) or self._last_write()
        if found is not None or not self.under_test:
            return found or Blame()
        name = self.run.concern[0] if self.run.concern else ""
        return self._never(name, "puts it right", "never puts it right")

    # ------------------------------------------------------------------------------------------------- single acts

    def _act(self, event: "TraceEvent") -> Blame:
        """What broke the claim; if nobody under test did that, their write that led to it."""
        if self._is_theirs(event):
            return self._blamed(event)
        for step in sorted(networkx.ancestors(self.run.graph, event.step), reverse=True):
            earlier = self.ledger.by_step[step]
            if earlier.step >= self.ledger.began and self._is_write(earlier) and kind_of(earlier) == kind_of(event):
                return self._blamed(earlier)
        return self._blamed(event)

    def _blamed(self, event: "TraceEvent") -> Blame:
        request = self.ledger.request_of(event)
        site = str(datum(request, "site") or "") if request is not None else ""
        return Blame(step=event.step, text=f"{said(self.run, event)}.", what=in_short(event, request), site=site)

    def _is_theirs(self, event: "TraceEvent") -> bool:
        return not self.under_test or sender_of(event) in self.under_test

    def _is_write(self, event: "TraceEvent") -> bool:
        """An effect in the store or outside, by a component under test, and no upkeep."""
        effect = event.kind == "commit" or (event.kind == "external" and event.data.get("phase") == "effect")
        effective = datum(event, "effective") is not False and event.step < self.violation.step
        return effect and effective and self._is_theirs(event) and kind_of(event) not in BACKGROUND_KINDS

    def _writes(self, names: Iterable[str] = ()) -> "list[TraceEvent]":
        wanted = tuple(names)
        writes = [event for event in self.run.trace.events if self._is_write(event)]
        return [event for event in writes if not wanted or name_of(event) in wanted]

    def _last_write(self) -> Blame | None:
        writes = self._writes(self.run.concern) or self._writes()
        return self._blamed(writes[-1]) if writes else None

    # ------------------------------------------------------------------------------------------------------- rules

    def _of_panic(self) -> Blame | None:
        crashes = [event for event in self.run.trace.events if event.data.get("panic")]
        return self._blamed(crashes[-1]) if self.claim == "no_panic" and crashes else None

    def _of_hung_pass(self) -> Blame | None:
        if self.claim != "reconcile_returns":
            return None
        begun = [event for event in self.run.trace.events if event.kind == "reconcile" and self._is_theirs(event)]
        hung = [event for event in begun if event.step not in self.ledger.ends]
        if not hung:
            return None
        text = f"`{hung[-1].component}` began a pass on {hung[-1].object} at {at(hung[-1])} and never ended it."
        return Blame(step=hung[-1].step, text=text, missing=True, what="never returns")

    def _of_leak(self) -> Blame | None:
        """Something made without an owner, once too often, or left when its owner was let go."""
        if self.claim not in LEAKS:
            return None
        surplus = [one for one in self.run.differences if one.how == "surplus"]
        named = [*dict.fromkeys(name for one in surplus for name in one.objects), *self.run.concern]
        made = [event for event in self._writes() if makes(event) and name_of(event) in named]
        made = made or [event for event in self._writes() if makes(event) and event.kind == "external"]
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
        for commit in reversed(self._writes()):
            gone = commit.kind == "commit" and datum(commit, "fact") == "DELETED" and commit.step > made.step
            before = self.ledger.value_before(commit).get("metadata") or {}
            if gone and owner and before.get("uid") == owner:
                left = f"its item in the outside system `{kind_of(made)}`" if made.kind == "external" else ""
                told = f"{said(self.run, commit)} while {left or spoken(made.object)} was still there: "
                return replace(self._blamed(commit), text=f"{told}nobody was left to delete it.")
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
        if deleted and (killer := self._killer(deleted[-1])) is not None:
            return self._blamed(killer)
        name = difference.objects[0] if difference.objects else difference.kind
        more = sum(one.how == "missing" and one.kind == difference.kind for one in self.run.differences) - 1
        tail = " again" if deleted else f" (nor {more} other{'s' * (more > 1)})" if more > 0 else ""
        return self._never(name, f"creates {spoken(name)}{tail}", f"never creates {difference.kind}", deleted[-1:])

    def _killer(self, deletion: "TraceEvent") -> "TraceEvent | None":
        """Who under test brought a deletion about: itself, by the mark before it, or by deleting the owner."""
        if self._is_write(deletion):
            return deletion
        if sender_of(deletion) == "user":
            return None
        for event in reversed(self.ledger.commits[deletion.object]):
            if any(str(change).startswith(DELETION_MARK) for change in datum(event, "changed") or ()):
                return event if self._is_write(event) else None
        owners = {str(one.get("uid")) for one in self._owners(deletion.object, deletion.step)}
        gone = [event for event in self._writes() if datum(event, "fact") == "DELETED" and event.step < deletion.step]
        uids = [(event, (self.ledger.value_before(event).get("metadata") or {}).get("uid")) for event in gone]
        return next((event for event, uid in reversed(uids) if uid in owners), None)

    def _surplus(self, difference: Difference) -> Blame | None:
        made = [event for event in self._writes(difference.objects) if makes(event)]
        name = difference.objects[-1] if difference.objects else difference.kind
        acts = [event.step for event in self.run.trace.events if event.kind == "commit" and sender_of(event) == "user"]
        if made and (let_go := self._let_go(made[-1])) is not None:
            return let_go
        if made and (made[-1].step > max(acts, default=0) or difference.wanted):
            return self._blamed(made[-1])
        # Fair weather had made it as well, before users asked for less: what is wrong is that it stayed.
        return self._never(name, f"deletes {spoken(name)}", f"never deletes {difference.kind}")

    def _differing(self, difference: Difference) -> Blame | None:
        for event in reversed(self._writes(difference.objects)):
            changed = [str(change).partition(":")[0] for change in datum(event, "changed") or ()]
            if any(_overlap(path, one) for path in difference.paths for one in changed) or makes(event):
                later = [one for one in self.ledger.commits.get(name_of(event), ()) if one.step > event.step]
                if not any(sender_of(one) == "user" for one in later):
                    return self._blamed(event)
                break
        name = difference.objects[0] if difference.objects else difference.kind
        return self._never(
            name, f"sets {', '.join(difference.paths[:2])} of {spoken(name)} right", f"never updates {difference.kind}"
        )

    # ------------------------------------------------------------------------------------------- what never came

    def _never(self, name: str, what: str, short: str, since: "Sequence[TraceEvent]" = ()) -> Blame:
        """The write that never came, placed at the last pass that should have sent it."""
        begun = self._last_pass(name)
        if begun is None:
            who = self.under_test[0] if self.under_test else "nobody"
            return Blame(step=None, text=f"`{who}` never {what}.", missing=True, what=short)
        text = f"`{begun.component}` never {what}"
        if since and begun.step < since[-1].step:
            text += f": its last pass on {begun.object} began at {at(begun)}, before the deletion, and nothing woke it"
        else:
            read = reads_in_words(self.run, begun)
            wrote = [
                one for one in self.ledger.sent_in.get(begun.step, ()) if verb_of(one) not in ("get", "list", "watch")
            ]
            ended = f"wrote only {spoken(name_of(wrote[-1]))}" if wrote else "wrote nothing"
            text += f": its last pass on {begun.object}, at {at(begun)}, {f'{read} and ' if read else ''}{ended}"
        return Blame(step=begun.step, text=f"{text}.", missing=True, what=short, site=self._site(begun))

    def _last_pass(self, name: str) -> "TraceEvent | None":
        events = [event for event in self.run.trace.events if event.step < self.violation.step]
        begun = [event for event in events if event.kind == "reconcile" and self._is_theirs(event)]
        writers = {sender_of(event) for event in self._writes() if kind_of(event) == name.partition("/")[0]}
        begun = [event for event in begun if event.component in writers] or begun
        rest = name.partition("/")[2]
        namespace = rest.rpartition("/")[0]
        wanted = [f"{namespace}/{one.get('name')}".lstrip("/") for one in self._owners(name, self.violation.step)]
        for one in (*wanted, rest):
            exact = [event for event in begun if event.object == one]
            if exact:
                return exact[-1]
        return begun[-1] if begun else None

    def _owners(self, name: str, before: int) -> list[dict[str, Any]]:
        for event in reversed(self.ledger.commits.get(name, ())):
            references = metadata_of(event).get("ownerReferences")
            if event.step < before and references:
                return [one for one in references if isinstance(one, dict)]
        return []

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
