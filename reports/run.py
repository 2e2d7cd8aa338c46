"""One run, read once: what every report format draws on.

A format asks `run_of(trace)` and gets the facts, the happens-before graph, the causal slice, who is to blame and the
story. All of it is computed from the trace alone, so that a `trace.jsonl` from another machine tells the same.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from reports.blame import Blame, blame
from reports.ends import Difference, differences_of
from reports.facts import Facts, datum, facts_of
from reports.graph import causal_slice, happens_before
from reports.ledger import Ledger
from reports.narrative import Sentence, story

if TYPE_CHECKING:
    import networkx

    from harness.trace import Trace

RUNS_KEPT = 4
"""Runs that are read once for all formats; each holds on to its trace, so not many."""


@dataclass(eq=False)
class Run:
    """See the module. `claim`: the violated property that is told, where a trace holds several."""

    trace: "Trace"
    claim: str | None = None

    @cached_property
    def facts(self) -> Facts:
        return facts_of(self.trace, claim=self.claim)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.trace)

    @cached_property
    def graph(self) -> "networkx.DiGraph[int]":
        """Steps; an edge (with `why`: "cause" or "order") from each event to what came of it or after it."""
        return happens_before(self.trace)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Of the end from fair weather's."""
        return differences_of(self.trace, self.facts.violation)

    @cached_property
    def concern(self) -> tuple[str, ...]:
        """Objects that the violation is about, as the trace names them: "Kind/ns/name"."""
        violation = self.facts.violation
        if violation is None:
            return ()
        named = [str(one) for one in datum(violation, "objects") or ()]
        if not named and violation.object:
            named = [violation.object.replace(" ", "/", 1)]
        if datum(violation, "when") not in ("always", None) or not named:
            named += [one for difference in self.differences for one in difference.objects]
        return tuple(dict.fromkeys(named))

    @cached_property
    def blame(self) -> Blame:
        """The wrong write, and the weather without which it would not have come."""
        return blame(self)

    @cached_property
    def slice(self) -> tuple[int, ...]:
        """The steps that explain the violation, in order; all of them if there is none."""
        return causal_slice(self)

    @cached_property
    def story(self) -> tuple[Sentence, ...]:
        """At most twelve sentences."""
        return story(self)


def run_of(trace: "Trace", *, claim: str | None = None) -> Run:
    """The run of this trace: the same object for all formats that render it."""
    return _run_of(trace, claim, len(trace.events))


@lru_cache(maxsize=RUNS_KEPT)
def _run_of(trace: "Trace", claim: str | None, length: int) -> Run:
    """`length`: a trace that has grown since is another run."""
    return Run(trace, claim)
