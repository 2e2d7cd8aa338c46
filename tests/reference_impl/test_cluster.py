"""A cluster that runs by itself: components that act, restarts, and history that does not grow."""

from itertools import pairwise

import trio
import trio.testing

from reference_impl.apiserver.http.listener import open_listeners
from reference_impl.cluster import Access, run_cluster, supervise
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.protocol import ApiRequest
from reference_impl.runtime import Component

LABELS = {"app": "x"}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "d", "namespace": "default"},
    "spec": {"replicas": 3, "selector": {"matchLabels": LABELS}, "template": TEMPLATE},
}


def run(main):
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0.02))


def test_a_deployment_rolls_out():
    async def main():
        async with trio.open_nursery() as nursery:
            access = Access(listeners=await open_listeners("127.0.0.1", 0))
            plane = await nursery.start(lambda task_status: run_cluster(access, seed=1, task_status=task_status))
            transport = plane.transport()
            where = {"api_version": "apps/v1", "kind": "Deployment", "namespace": "default"}
            await transport.request(ApiRequest(verb="create", body=DEPLOYMENT, **where))
            for _ in range(60):
                await trio.sleep(1)
                found = await transport.request(ApiRequest(verb="get", name="d", **where))
                if found["status"].get("readyReplicas") == 3:
                    break
            assert found["status"]["readyReplicas"] == 3
            pods = await transport.request(ApiRequest(verb="list", api_version="v1", kind="Pod"))
            assert {each["spec"]["nodeName"] for each in pods["items"]} == {"node-0", "node-1"}
            nursery.cancel_scope.cancel()

    run(main)


def test_a_component_that_dies_is_started_again_later_each_time(caplog):
    births = []
    components = {}

    def factory(client):
        async def fail():
            births.append(trio.current_time())
            raise ZeroDivisionError

        return Component(name="mortal", run=fail)

    async def main():
        async with trio.open_nursery() as nursery:
            plane = LocalPlane(RealClock(nursery))
            nursery.start_soon(supervise, plane, "mortal", factory, components)
            await trio.sleep(20)
            nursery.cancel_scope.cancel()

    run(main)
    waits = [round(after - before) for before, after in pairwise(births)]
    assert waits == [1, 2, 4, 8]
    assert "mortal died" in caplog.text
    assert components["mortal"] == {"state": "waits to be restarted", "starts": 5, "error": "ZeroDivisionError: "}
