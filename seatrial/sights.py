"""What weather does to a single event, shown on four tiny schedules: delayed, reordered, duplicated, dropped.

A person creates a ConfigMap and edits it twice; a process that only watches says what it saw. Each schedule is the same
but for one fault, so that the difference is the fault. The labels are the faults' own: of these four real Kubernetes
does only the first to one watch stream.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.trace import Trace
    from reference_impl.runtime import Client, Controller, Request

OBSERVER = "observer"
SEEN_OBJECT = "ConfigMap/default/page"

SIGHTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("delayed", "watch_lag", {"seconds": 5.0}),
    ("reordered", "event_swapped", {}),
    ("duplicated", "event_repeated", {}),
    ("dropped", "event_dropped", {}),
)
"""What becomes of the second event, the fault that does it, and the values it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One schedule's run. Moments are (which version of the object, virtual seconds)."""

    what: str
    fault: str
    legal: bool
    obliged: bool
    committed: tuple[tuple[int, float], ...]
    seen: tuple[tuple[int, float], ...]

    @property
    def struck(self) -> bool:
        """Did the fault change what was seen? In calm weather each version is seen at once, in order, once."""
        return [(version, round(at_s, 1)) for version, at_s in self.seen] != [
            (version, round(at_s, 1)) for version, at_s in self.committed
        ]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def observer(client: "Client") -> "Controller":
    """A controller that watches ConfigMaps and does nothing."""
    from reference_impl.runtime import Controller, Watch

    async def reconcile(request: "Request") -> None:
        pass

    return Controller(name=OBSERVER, reconcile=reconcile, watches=[Watch("v1", "ConfigMap")])


def look() -> list[Sight]:
    """Run the four schedules."""
    from harness import registry

    faults = {fault.name: fault for fault in registry.faults()}
    sights = []
    for what, name, values in SIGHTS:
        trace = trace_of(schedule_with(name, values))
        fault = faults[name]
        committed = _moments(trace, "commit", "")
        version = {revision: number for number, (revision, _) in enumerate(committed, 1)}
        sights.append(
            Sight(
                what=what,
                fault=name,
                legal=fault.legal,
                obliged=fault.obliged,
                committed=tuple((version[revision], at_s) for revision, at_s in committed),
                seen=tuple((version[revision], at_s) for revision, at_s in _moments(trace, "event", OBSERVER)),
            )
        )
    return sights


def lines(sights: list[Sight]) -> list[str]:
    """One line a sight, under one line that says what was committed."""
    told = [f"committed: {_told(sights[0].committed)}"] if sights else []
    for sight in sights:
        label = "legal" if sight.legal else "HOSTILE"
        told.append(f"{sight.what:<10}  {label:<7}  {sight.fault:<14}  seen: {_told(sight.seen)}")
    return told


def schedule_with(fault: str, values: dict[str, Any]) -> dict[str, Any]:
    """The schedule of one sight, as a person would write it: without `expect`, at the calm salt."""
    page: dict[str, Any] = {"api_version": "v1", "kind": "ConfigMap", "namespace": "default", "name": "page"}
    created = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "page", "namespace": "default"}}
    event = {"type": "MODIFIED", "kind": "ConfigMap", "namespace": "default", "name": "page", "nth": 1}
    return {
        "seatrial_schedule": 1,
        "trial": {"controllers": [f"{__name__}:{observer.__name__}"], "profile": "hostile", "built_ins": "none"},
        "salt": 0,
        "workload": [
            {"do": "create", "object": created},
            {"do": "patch", **page, "body": {"data": {"text": "first edit"}}},
            {"do": "patch", **page, "body": {"data": {"text": "second edit"}}},
            {"do": "sleep", "seconds": 10},
        ],
        "weather": [{"do": fault, "at": "delivery", "component": OBSERVER, "event": event, **values}],
    }


def trace_of(document: dict[str, Any]) -> "Trace":
    """What happens in a schedule. `replay` judges and prints; here the record itself is wanted."""
    from harness.ambient import virtual_ambient
    from harness.schedule import from_json
    from harness.session import Session
    from harness.trial import trial_from_description

    schedule = from_json(document)
    trial = trial_from_description(schedule.trial)
    with virtual_ambient(trial.factories):
        example = Session(trial).run(schedule.workload, schedule.weather, schedule.salt)
    return example.world.trace


def _moments(trace: "Trace", kind: str, component: str) -> list[tuple[int, float]]:
    """(revision, virtual seconds) of the events of one kind about the page, in order, until faults are lifted."""
    moments: list[tuple[int, float]] = []
    for event in trace.events:
        if event.kind == "settle":
            break
        wanted = event.kind == kind and event.object == SEEN_OBJECT and component in ("", event.component)
        if wanted and event.resource_version is not None:
            moments.append((event.resource_version, round(event.time_s, 3)))
    return moments


def _told(moments: tuple[tuple[int, float], ...]) -> str:
    return ", ".join(f"version {version} at {at_s:.1f} s" for version, at_s in moments) or "nothing"
