"""A stand-in for scheduler and kubelet: every pod it may touch runs and is ready at once, and has an address."""

from collections.abc import Callable

from reference_impl.errors import NotFound
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Watch


def pod_runner(may_run: Callable[[JsonObject], bool] = lambda _: True) -> Callable[[Client], Controller]:
    """A factory; pods that `may_run` refuses stay pending."""

    def factory(client: Client) -> Controller:
        async def reconcile(request: Request) -> None:
            try:
                pod = await client.live.get("v1", "Pod", request.name, request.namespace)
            except NotFound:
                return
            if (pod.get("status") or {}).get("phase") != "Pending" or not may_run(pod):
                return
            number = int(pod["metadata"]["resourceVersion"])
            stamp = client.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            pod["status"] |= {
                "phase": "Running",
                "podIP": f"10.0.{number // 250}.{number % 250}",
                "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": stamp}],
            }
            await client.update_status(pod)

        return Controller(name="pod-runner", reconcile=reconcile, watches=[Watch("v1", "Pod")])

    return factory
