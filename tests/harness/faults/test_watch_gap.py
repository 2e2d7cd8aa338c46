import trio

from harness.faults.watch_gap import WatchGap
from harness.session import Session
from harness.trial import Trial
from reference_impl.errors import ConnectionLost, Gone
from reference_impl.runtime import Client, Component
from tests.harness.faults.scene import (
    CREATE,
    PATCH,
    arm,
    cached_size,
    finish,
    fired,
    seen,
    size,
    stage,
    struck_by,
)

FAULT = WatchGap()


def test_states_in_the_gap_are_never_seen() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, "event", component="website", kind="Website", values={"seconds": 10.0})
        example.act(PATCH)
        example.act({**PATCH, "body": {"spec": {"size": 4}}})
        assert fired(example) == ["watch_gap"]
        assert cached_size(example) == 2
        assert finish(example)
        assert seen(example, "Website") == [("ADDED", "front")]
        assert cached_size(example) == 4
        assert size(example) == "4"


def test_between_messages_a_stream_is_chosen() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "kind": "Website"})
        example.act(CREATE)
        assert fired(example) == ["watch_gap"]
        assert finish(example)
        assert size(example) == "2"


def test_it_never_strikes_a_command() -> None:
    assert struck_by(FAULT) == {"event", "moment"}


def insists(client: Client) -> Component:
    """Asks again for the revision that it was told has expired, until it is told otherwise or has had enough."""

    async def run() -> None:
        start = (await client.live.list("v1", "ConfigMap", "default"))["metadata"]["resourceVersion"]
        for _ in range(4):
            try:
                async for _ in client.watch("v1", "ConfigMap", "default", resource_version=start):
                    pass
            except (Gone, ConnectionLost):
                await client.sleep(1)
        await trio.sleep_forever()

    return Component(name="insists", run=run)


NOTE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note", "namespace": "default"}}


def test_a_revision_that_has_expired_stays_so_however_often_a_client_asks() -> None:
    event = {"kind": "ConfigMap", "name": "note", "namespace": "default", "type": "ADDED", "nth": 1}
    gap = {"do": "watch_gap", "at": "delivery", "component": "insists", "event": event}
    session = Session(Trial([insists], [NOTE], workload=[], built_ins="none"))
    example = session.run([{"do": "create", "object": NOTE}, {"do": "sleep", "seconds": 30}], [gap])
    assert [action["do"] for action in example.weather] == ["watch_gap"]
    answers = [event.data["code"] for event in example.world.trace.events if event.kind == "reply" and
               event.data["verb"] == "watch" and event.component == "insists"]  # fmt: skip
    assert answers[:4] == [200, 410, 410, 410]
