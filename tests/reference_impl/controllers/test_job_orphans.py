"""Pods that lost their Job are freed, however the loss is heard of."""

from typing import Any

import pytest

from reference_impl.controllers.job import job
from reference_impl.controllers.job_orphans import is_over
from reference_impl.objects import name_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller
from tests.reference_impl.controllers.test_job import a_job
from tests.reference_impl.controllers.world import open_world, run


def sum_job(uid: str, **metadata: Any) -> JsonObject:
    return {"kind": "Job", "metadata": {"name": "sum", "uid": uid, **metadata}}


@pytest.mark.parametrize(
    ("event", "old", "new", "over"),
    [
        ("DELETED", sum_job("a"), None, True),
        ("MODIFIED", sum_job("a"), sum_job("a"), False),
        ("MODIFIED", sum_job("a"), sum_job("a", deletionTimestamp="2026-01-01T00:00:00Z"), True),
        ("MODIFIED", sum_job("a"), sum_job("b"), True),
        ("ADDED", None, sum_job("a"), False),
    ],
)
def test_a_job_is_over_when_it_goes_or_another_takes_its_name(
    event: str, old: JsonObject | None, new: JsonObject | None, over: bool
) -> None:
    assert is_over(event, old, new) is over


def test_pods_of_a_job_that_was_replaced_unseen_are_freed() -> None:
    async def test() -> None:
        async with open_world() as world:
            clients: list[Client] = []

            def remembered(client: Client) -> list[Controller]:
                clients.append(client)
                return job(client)

            weather = await world.start("job", remembered)
            await world.create(a_job())
            await world.settle()
            weather.hold("Job")
            (old,) = await world.pods()
            await world.user.delete("batch/v1", "Job", "sum", "default", propagation="Background")
            await world.user.delete("v1", "Pod", name_of(old), "default")
            await world.create(a_job())
            await world.settle()
            # What was held never comes: the controller lists again, and hears of the new Job as of an update.
            weather.held["Job"].clear()
            for informer in clients[0].informers.all():
                if informer.kind == "Job":
                    informer.relist()
            weather.release("Job")
            await world.settle()
            (new,) = await world.pods()
            assert uid_of(new) != uid_of(old)

    run(test)
