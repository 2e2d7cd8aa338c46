"""Lost requeue: a reminder controller that comes back once, if it still remembers that it meant to.

The bug: the controller notes "waiting", asks its queue to bring the key back when the time has come, and keeps that
time in its memory. A restart forgets it; the next life reads "waiting", believes that the alarm is set, and leaves it
at that. Nothing else will ever wake it. Real case: Kubernetes' CronJob controller depends on one delayed requeue for
each start; where that was lost, jobs began up to an hour late.

Weather: a crash while a reminder waits.
Caught by: `converges` (the reminder is never done).
The twin computes what is left from the reminder itself, in each pass.
"""

from datetime import datetime
from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, definition, is_deleting, sleep

Json = dict[str, Any]


class RemembersTheAlarm:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.due_s: dict[str, float] = {}
        """When the alarm of a reminder is due, on our monotonic clock, by its uid."""

    async def reconcile(self, request: Request) -> Result | None:
        try:
            reminder = await self.client.live.get(API, "Reminder", request.name, request.namespace)
        except NotFound:
            return None
        phase = (reminder.get("status") or {}).get("phase")
        if is_deleting(reminder) or phase == "Done":
            return None
        if phase is None:
            self.set_alarm(reminder)
            await self._note(request, "Waiting")
        left_s = self.left_s(reminder)
        if left_s is None:
            return None
        if left_s > 0:
            return Result(requeue_after_s=left_s)
        await self._note(request, "Done")
        return None

    def set_alarm(self, reminder: Json) -> None:
        self.due_s[reminder["metadata"]["uid"]] = self.client.monotonic_s() + reminder["spec"]["seconds"]

    def left_s(self, reminder: Json) -> float | None:
        """Until it is due; None: another has set the alarm, and will be woken by it."""
        due_s = self.due_s.get(reminder["metadata"]["uid"])
        return None if due_s is None else due_s - self.client.monotonic_s()

    async def _note(self, request: Request, phase: str) -> None:
        body = {"status": {"phase": phase}}
        await self.client.patch(API, "Reminder", request.name, request.namespace, body=body, subresource="status")


class ReadsTheAlarm(RemembersTheAlarm):
    def left_s(self, reminder: Json) -> float | None:
        made = datetime.fromisoformat(reminder["metadata"]["creationTimestamp"])
        left_s: float = reminder["spec"]["seconds"] - (self.client.now() - made).total_seconds()
        return left_s


def wrong(client: Client) -> Controller:
    return _controller(RemembersTheAlarm(client))


def fixed(client: Client) -> Controller:
    return _controller(ReadsTheAlarm(client))


def _controller(reconciler: RemembersTheAlarm) -> Controller:
    return Controller(name="reminder", reconcile=reconciler.reconcile, watches=[Watch(API, "Reminder")])


ENTRY = Entry(
    id="one-requeue",
    property="converges",
    faults=("crash", "late_commit", "time_travel"),
    bug="https://github.com/kubernetes/kubernetes/issues/128881",
    tags=("missing requeue", "crash between two writes"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Reminder", {"seconds": {"type": "integer"}}, {"phase": {"type": "string"}}),
        custom("Reminder", "tea", {"seconds": 20}),
    ),
    trial_options={"workload": [sleep(30)]},
)
