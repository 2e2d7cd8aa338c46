"""Unobserved state: a harbour that acts on steps, not on states.

The bug: what is to be done hangs on the pair of an old and a new state, in a predicate: a booking is entered when a
berth goes from free to booked, a bill is written when it goes from booked to taken. Whoever sees it free and then taken
has seen neither step, and neither is made up for. Real case: RabbitMQ's cluster operator, whose end state depended on
which of several changes of the size it got to see, found by Sieve (OSDI'22).

Weather: a watch that breaks and lists again, or a restart, while the berth is booked.
Caught by: `converges` (there is no booking, or no bill).
The twin asks how far the berth has come: a taken one needs both, however it got there.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Part, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, patch, sleep

Json = dict[str, Any]
PHASES = ("free", "booked", "taken")
PAPERS = {"booked": "booking", "taken": "bill"}
"""The paper that belongs to a phase; unowned, since papers outlive a berth."""


class ActsOnSteps:
    """One phase's paper."""

    def __init__(self, client: Client, phase: str) -> None:
        self.client = client
        self.phase = phase

    def is_due(self, event_type: str, old: Json | None, new: Json | None) -> bool:
        if old is None or new is None:
            return False
        return (_phase(old), _phase(new)) == (PHASES.index(self.phase) - 1, PHASES.index(self.phase))

    async def reconcile(self, request: Request) -> None:
        try:
            berth = await self.client.get(API, "Berth", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(berth):
            return
        paper = config_map({"name": f"{request.name}-{PAPERS[self.phase]}"}, {"ship": berth["spec"]["ship"]})
        try:
            await self.client.create(paper)
        except AlreadyExists:
            return


class ActsOnStates(ActsOnSteps):
    def is_due(self, event_type: str, old: Json | None, new: Json | None) -> bool:
        return new is not None and _phase(new) >= PHASES.index(self.phase)


def _phase(berth: Json) -> int:
    return PHASES.index(berth["spec"]["phase"])


def wrong(client: Client) -> list[Part]:
    return [_controller(ActsOnSteps(client, phase)) for phase in PAPERS]


def fixed(client: Client) -> list[Part]:
    return [_controller(ActsOnStates(client, phase)) for phase in PAPERS]


def _controller(clerk: ActsOnSteps) -> Controller:
    watch = Watch(API, "Berth", predicate=clerk.is_due)
    return Controller(name=PAPERS[clerk.phase], reconcile=clerk.reconcile, watches=[watch])


ENTRY = Entry(
    id="decided-by-the-edge",
    property="converges",
    faults=(
        "relist",
        "watch_gap",
        "watch_cut",
        "switch_server",
        "compaction",
        "apiserver_crash",
        "partition",
        "server_error",
        "not_ready",
        "permission_revoked",
        "crash",
        "late_commit",
        "time_travel",
    ),
    bug="https://github.com/rabbitmq/cluster-operator/issues/758",
    tags=("unobserved state",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Berth", {"phase": {"type": "string"}, "ship": {"type": "string"}}),
        custom("Berth", "north", {"phase": "free", "ship": "anna"}),
    ),
    trial_options={
        "workload": [sleep(15), *(patch("Berth", "north", {"phase": phase}) for phase in ("booked", "taken"))],
        "built_ins": "none",
    },
)
