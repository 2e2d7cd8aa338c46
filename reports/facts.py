"""What a trace says about itself: the verdict, its label, and what is needed to run it again.

A trace has a header (in memory) or opens with a `note` (on disk) that carries the trial's facts: target, profile, seed,
versions, components under test. It holds one `violation` for each broken claim. Whatever is missing, in a trace from an
older version for example, is left out of the report rather than guessed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent

WEATHER = ("fault", "crash", "restart", "pause", "resume")
"""Trace kinds that are weather. A crash or pause can also be a person's, in a hand-written schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One run, as its report introduces it. None and empty: the trace does not say."""

    violation: "TraceEvent | None" = None
    claim: str | None = None
    """Name of the property that was violated."""
    reason: str = ""
    source: str | None = None
    """Who promises what was violated."""
    faults: tuple[str, ...] = ()
    """Names of the fault kinds that struck, each once, in order."""
    legal: bool | None = None
    obliged: bool | None = None
    replay: str | None = None
    under_test: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    """target, profile, seed, salt: whatever of these the trace carries."""
    versions: dict[str, str] = field(default_factory=dict)
    reproduced: str = ""
    """Of a process, whose runs differ: in how many of some runs it was violated, as "2 of 3"."""
    real_time: bool = False
    """Times are seconds of the machine, and not virtual."""
    printed: tuple[tuple[str, float, tuple[str, ...]], ...] = ()
    """(component, when it ended, its last lines) of each life of a process."""
    printed_s: tuple[tuple[float | None, ...], ...] = ()
    """When each of these lines was there; None: the trace does not say."""


SETTINGS = ("target", "profile", "seed", "salt", "examples")


def facts_of(trace: "Trace", *, claim: str | None = None) -> Facts:
    """Read the facts off a trace; `claim` picks one violated property of several (default: the first)."""
    said: dict[str, Any] = dict(trace.header)
    for event in trace.events:
        if event.kind == "note":
            said.update(data_of(event))
    violation = _violation(trace.events, claim or trace.header.get("property"))
    if violation is not None:
        said.update(data_of(violation))
    struck = [event for event in trace.events if event.kind == "fault"]
    return Facts(
        violation=violation,
        claim=said.get("property") if violation is not None else None,
        reason=str(said.get("reason") or "") if violation is not None else "",
        source=said.get("source"),
        faults=tuple(dict.fromkeys(str(datum(event, "name") or "?") for event in struck)),
        legal=_label("legal", said, struck),
        obliged=_label("obliged", said, struck),
        replay=said.get("replay"),
        under_test=tuple(said.get("under_test") or ()),
        settings={name: said[name] for name in SETTINGS if said.get(name) is not None},
        versions=dict(said.get("versions") or {}),
        reproduced=str(said.get("reproduced") or ""),
        real_time=bool(said.get("real_time")),
        printed=tuple((event.component, event.time_s, lines) for event, lines in _printed(trace.events)),
        printed_s=tuple(_times(event, len(lines)) for event, lines in _printed(trace.events)),
    )


def datum(event: "TraceEvent", name: str) -> Any:
    """One value of an event's data. The trace keeps what is dear to compute as a callable until somebody asks."""
    value = event.data.get(name)
    return value() if callable(value) else value


def data_of(event: "TraceEvent") -> dict[str, Any]:
    """All of an event's data, computed."""
    return {name: datum(event, name) for name in event.data}


def verdict_sentence(facts: Facts) -> str:
    """The one line that stands on top of a report."""
    if facts.violation is None:
        return "Nothing was violated in this run."
    verdict = f"{facts.claim} is violated: {facts.reason}" if facts.reason else f"{facts.claim} is violated."
    return f"{verdict.removesuffix('.')} (reproduced {facts.reproduced})." if facts.reproduced else verdict


def label_sentence(facts: Facts) -> str:
    """Whether real Kubernetes can do this to a controller, and whether it must recover."""
    if not facts.faults:
        return "Fair weather: no fault was needed."
    if facts.legal is None:
        return f"Weather: {', '.join(facts.faults)} (not labelled)."
    if not facts.legal:
        return (
            "Hostile: real Kubernetes does not do this. It matters to controllers that will live on a weaker bus. "
            f"Weather: {', '.join(facts.faults)}."
        )
    if facts.obliged is False:
        return (
            "Legal, not obliged: real Kubernetes can do this, but only a controller that promises to recover from it "
            f"has to. Weather: {', '.join(facts.faults)}."
        )
    return (
        "Legal and obliged: real Kubernetes can do this, and a level-triggered controller must recover from it. "
        f"Weather: {', '.join(facts.faults)}."
    )


def clock_sentence(facts: Facts) -> str:
    """What the times of a report are."""
    return f"Times are {'real' if facts.real_time else 'virtual'} seconds since the run began."


def _printed(events: "Iterable[TraceEvent]") -> "Iterator[tuple[TraceEvent, tuple[str, ...]]]":
    for event in events:
        lines = datum(event, "output") if event.kind == "note" else None
        if isinstance(lines, list) and lines:
            yield event, tuple(str(line) for line in lines)


def _times(event: "TraceEvent", count: int) -> tuple[float | None, ...]:
    times = datum(event, "printed_s")
    if not isinstance(times, list) or len(times) != count:
        return (None,) * count
    return tuple(float(time_s) if isinstance(time_s, int | float) else None for time_s in times)


def _violation(events: "Iterable[TraceEvent]", claim: str | None) -> "TraceEvent | None":
    found = (event for event in events if event.kind == "violation")
    return next((event for event in found if claim is None or datum(event, "property") == claim), None)


def _label(name: str, said: dict[str, Any], struck: "list[TraceEvent]") -> bool | None:
    """A label of the whole run: what the violation says, else what holds of every fault that struck."""
    if isinstance(said.get(name), bool):
        return bool(said[name])
    labels = [datum(event, name) for event in struck]
    if not labels or any(label is None for label in labels):
        return None
    return all(labels)
