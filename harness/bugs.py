"""From failing examples to distinct bugs: explained, shrunk, and told apart.

Two failures are the same bug if they break the same claim about the same kind of object, by the same kind of weather,
at the same line of the controller's code. Nobody knows the last two before a schedule is shrunk, and shrinking every
failing example would cost more than the search. So a failing example is first run without the weather of the bugs that
are known: if it does not fail then, it is one of those, and is counted. Only what still fails is shrunk.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.errors import NonDeterminismError
from harness.example import Example
from harness.guidance import place_of
from harness.judge import Found
from harness.session import Finding, Session
from harness.shrink import Shrinker
from harness.trace import TraceEvent
from harness.weather import Action

IN_VAIN_MAX = 3
"""So many schedules in a row may be shrunk to bugs that were known. After that two of their sort are only counted
before another one is shrunk, then four, and so on: what is rare is still told apart, sooner or later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failing example, as plain data: which it was, and enough to run it again under salt 0."""

    number: int
    claim: str
    key: str
    """What tells bugs of one property apart before anything is shrunk (`Found.key`)."""
    workload: list[Action]
    weather: list[Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What makes two failures the same bug."""

    claim: str
    kind: str
    fault: str
    """The kinds of weather that are left when all is taken away that does not matter, as "crash" or "crash+latency"."""
    site: str
    """Where in the controller's code the write was sent that went wrong, as "operators/website.py:31 in reconcile"."""


@dataclass(slots=True, kw_only=True)
class Bug:
    """A distinct bug, with the smallest schedule that is known to show it."""

    identity: Identity
    key: str
    workload: list[Action]
    weather: list[Action]
    culprits: list[str]
    """Where its weather strikes, down to the line that sent what was struck. Without that no example shows it."""
    first: int
    """Number of the first example that showed it."""
    met: int = 1

    @property
    def size(self) -> int:
        return len(self.workload) + len(self.weather)

    def take_in(self, other: "Bug") -> bool:
        """Count another sight of the same bug. True if its schedule is smaller and now is this one's."""
        self.met += other.met
        self.first = min(self.first, other.first)
        if other.size >= self.size:
            return False
        self.workload, self.weather = other.workload, other.weather
        self.culprits, self.key = other.culprits, other.key
        return True


@dataclass(slots=True, kw_only=True)
class Sort:
    """What is known of all failures of one property and key."""

    bugs: list[Bug] = field(default_factory=list)
    in_vain: int = 0
    """Shrunk in a row to what was known."""
    only_counted: int = 0
    """So many of the next unexplained ones are not shrunk."""


def examine(session: Session, sort: Sort, failures: Sequence[Failure]) -> Sort:
    """Tell apart failures of one property and key, in their order; returns `sort` with what was learned.

    Raises:
        NonDeterminismError: one does not fail when it is run again.
    """
    for failure in failures:
        weather = failure.weather
        struck = _struck(_run_noting(session, failure))
        explaining = _explaining(sort.bugs, [place for _, place in struck])
        if explaining:
            culprits = {culprit for bug in explaining for culprit in bug.culprits}
            weather = [action for action, place in struck if place not in culprits]
            if not _shown(session.run(failure.workload, weather), failure):
                explaining[0].met += 1
                continue
        if sort.only_counted:
            sort.only_counted -= 1
            (explaining or sort.bugs)[0].met += 1
            continue
        _learn(sort, _shrunk(session, failure, weather))
    return sort


def confirmed(session: Session, failure: Failure) -> Found:
    """What the failure violates, found again. Raises NonDeterminismError if it does not."""
    return _assert_shown(session.run(failure.workload, failure.weather), failure)


def _run_noting(session: Session, failure: Failure) -> Example:
    """Run it again, with a note of where each request was sent."""
    example = session.run(failure.workload, failure.weather, kept=True)
    _assert_shown(example, failure)
    return example


def _assert_shown(example: Example, failure: Failure) -> Found:
    found = _shown(example, failure)
    if found is None:
        raise NonDeterminismError(
            f"example {failure.number + 1} violated {failure.claim} and does not do so when its schedule is run again. "
            "The usual cause is state that the controller keeps between runs in globals. See docs/determinism.md."
        )
    return found


def _explaining(bugs: Sequence[Bug], places: Sequence[str]) -> list[Bug]:
    """Those all of whose weather is there."""
    return [bug for bug in bugs if set(places).issuperset(bug.culprits)]


def _learn(sort: Sort, bug: Bug) -> None:
    known = next((other for other in sort.bugs if other.identity == bug.identity), None)
    if known is None:
        sort.bugs.append(bug)
        sort.in_vain = 0
        return
    known.take_in(bug)
    sort.in_vain += 1
    if sort.in_vain >= IN_VAIN_MAX:
        sort.only_counted = 2 ** (sort.in_vain - IN_VAIN_MAX + 1)


def _shrunk(session: Session, failure: Failure, weather: list[Action]) -> Bug:
    workload = failure.workload
    again = Failure(number=failure.number, claim=failure.claim, key=failure.key, workload=workload, weather=weather)
    found = confirmed(session, again)
    shrunk = Shrinker(session, Finding(workload=workload, weather=weather, found=[found]), found).shrink()
    example = session.run(shrunk.workload, shrunk.weather, kept=True)
    kinds = dict.fromkeys(action["do"] for action in shrunk.weather)
    return Bug(
        identity=Identity(
            claim=failure.claim,
            kind=shrunk.found.kind,
            fault="+".join(sorted(kinds)),
            site=_guilty_line(example, failure),
        ),
        key=failure.key,
        workload=shrunk.workload,
        weather=shrunk.weather,
        culprits=list(dict.fromkeys(place for _, place in _struck(example))),
        first=failure.number,
    )


def _shown(example: Example, failure: Failure) -> Found | None:
    return next(
        (found for found in example.violations if (found.name, found.key) == (failure.claim, failure.key)), None
    )


def _guilty_line(example: Example, failure: Failure) -> str:
    """Where the write that broke the claim was sent. Of a claim about the end state: the request that weather struck
    last; if it struck none, the first write of a controller under test after it, or else the last one before."""
    events = example.world.trace.events
    sites = {event.step: str(event.data["site"]) for event in events if "site" in event.data}
    found = _shown(example, failure)
    if found is not None and 0 <= found.step < len(events):
        for step in (found.step, *events[found.step].caused_by):
            if sites.get(step):
                return sites[step]
    struck = [event for event in events if event.kind == "fault"]
    for fault in reversed(struck):
        site = _struck_site(events, fault)
        if site:
            return site
    tested = {process.name for process in example.world.processes if process.under_test}
    writes = [(e.step, sites[step]) for e in events if e.kind == "commit" and e.peer in tested and e.data["effective"]
              for step in e.caused_by if sites.get(step)]  # fmt: skip
    after = [site for step, site in writes if struck and step > struck[-1].step]
    return after[0] if after else writes[-1][1] if writes else ""


def _struck(example: Example) -> list[tuple[Action, str]]:
    """Each piece of weather, and where it struck: which sort of message, sent by which line."""
    events = example.world.trace.events
    faults = [event for event in events if event.kind == "fault"]
    return [
        (fault.data["action"], f"{place_of(fault.data['action'])} {_struck_site(events, fault)}".rstrip())
        for fault in faults
    ]


def _struck_site(events: Sequence[TraceEvent], fault: TraceEvent) -> str:
    """The line that sent the request that this weather struck; "" if it struck none."""
    for event in reversed(events[: fault.step]):
        site = str(event.data.get("site") or "")
        if site and _is_struck(event, fault):
            return site
    return ""


def _is_struck(event: TraceEvent, fault: TraceEvent) -> bool:
    """Is this the request that the fault says it struck?"""
    action = fault.data["action"]
    named = action.get("request")
    if named is None or event.component != action["component"]:
        return False
    if event.kind == "external":
        return bool(event.peer == named["kind"] and event.data["verb"] == named["verb"])
    kind = event.object.partition("/")[0]
    return bool(event.kind == "request" and kind == named["kind"] and event.data["method"] == named["verb"])
