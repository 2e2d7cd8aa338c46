"""Time travel: a kubelet that restarts in the past and runs a pod which has moved to another node.

The bug: the first list of a process may be answered from any time. The kubelet restarts, is told that the pod is its
own, and starts it, while its successor of the same name runs elsewhere: two members of a cluster with one identity.
Real case: kubernetes#59848, with which HotOS'21 begins. The other node has the reference kubelet.

Weather: a restart, and a server that is behind.
Caught by: `one_runner_per_identity`.
The twin starts nothing before a live look has found this very pod bound to its node.
"""

from typing import Any

from reference_impl.errors import Conflict, Invalid, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import NAMESPACE, is_deleting, reference_to

Json = dict[str, Any]
NODE, OTHER_NODE = "node-0", "node-1"
PODS = f"spec.nodeName={NODE}"
NAMES = ("db-0", "db-1", "db-2")


class BelievesItsList:
    """The pods of one node. Its containers, an outside system, live on when it dies."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.pods = client.informers.informer_for("v1", "Pod", fields=PODS)
        self.containers = client.external(f"containers/{NODE}")

    async def reconcile(self, request: Request) -> None:
        pod = self.pods.get(request.name, request.namespace)
        if pod is None:
            await self._kill_strays(request)
        elif is_deleting(pod):
            await self._end(pod)
        elif await self.may_start(pod):
            await self._run(pod)

    async def may_start(self, pod: Json) -> bool:
        return True

    async def live(self, name: str, namespace: str | None) -> Json | None:
        """The pod of this name, if it is bound here and to stay."""
        try:
            pod = await self.client.live.get("v1", "Pod", name, namespace)
        except NotFound:
            return None
        return pod if pod["spec"].get("nodeName") == NODE and not is_deleting(pod) else None

    async def _run(self, pod: Json) -> None:
        metadata = pod["metadata"]
        uid, name, namespace = metadata["uid"], metadata["name"], metadata["namespace"]
        body = {"owner": uid, "namespace": namespace, "name": name, "state": "running"}
        await self.containers.call("create", uid, body)
        if (pod.get("status") or {}).get("phase") != "Running":
            status = {"metadata": {"uid": uid}, "status": {"phase": "Running"}}
            try:
                await self.client.patch("v1", "Pod", name, namespace, body=status, subresource="status")
            except (Conflict, Invalid, NotFound):
                return

    async def _end(self, pod: Json) -> None:
        """Only when nothing runs any more may the name be used again."""
        metadata = pod["metadata"]
        uid, name, namespace = metadata["uid"], metadata["name"], metadata["namespace"]
        await self.containers.call("delete", uid)
        try:
            await self.client.delete("v1", "Pod", name, namespace, uid=uid, grace_period_s=0)
        except (Conflict, Invalid, NotFound):
            return

    async def _kill_strays(self, request: Request) -> None:
        """What runs under a name that has no pod here."""
        if await self.live(request.name, request.namespace) is not None:
            return
        for item in (await self.containers.call("list") or {"items": []})["items"]:
            if (item["namespace"], item["name"]) == (request.namespace, request.name):
                await self.containers.call("delete", item["id"])


class LooksAgain(BelievesItsList):
    async def may_start(self, pod: Json) -> bool:
        fresh = await self.live(pod["metadata"]["name"], pod["metadata"]["namespace"])
        return fresh is not None and fresh["metadata"]["uid"] == pod["metadata"]["uid"]


def wrong(client: Client) -> Controller:
    return _controller(BelievesItsList(client))


def fixed(client: Client) -> Controller:
    return _controller(LooksAgain(client))


def _controller(kubelet: BelievesItsList) -> Controller:
    watches = [Watch("v1", "Pod", fields=PODS)]
    return Controller(name=f"kubelet-{NODE}", reconcile=kubelet.reconcile, watches=watches)


async def workload(user: Client) -> None:
    """What a StatefulSet controller and a scheduler do to pods that move, one by one, while somebody labels them."""
    await user.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})
    owner = reference_to(await user.create(STATEFUL_SET))
    for name in NAMES:
        await user.create(_pod(name, NODE, owner))
    await _label(user, 1)
    for name in NAMES:
        await _end(user, name)
        await user.create(_pod(name, OTHER_NODE, owner))
        await _label(user, 2)
    await _label(user, 20)
    for name in NAMES:
        await _end(user, name)


async def _label(user: Client, times: int) -> None:
    """Once a second."""
    for _ in range(times):
        await user.sleep(1.0)
        for name in NAMES:
            try:
                body = {"metadata": {"labels": {"seen-at": str(user.monotonic_s())}}}
                await user.patch("v1", "Pod", name, NAMESPACE, body=body)
            except NotFound:
                continue


async def _end(user: Client, name: str) -> None:
    """Delete a pod, and wait until it is gone."""
    try:
        await user.delete("v1", "Pod", name, NAMESPACE)
        while True:
            await _label(user, 1)
            await user.live.get("v1", "Pod", name, NAMESPACE)
    except NotFound:
        return


def _pod(name: str, node: str, owner: Json) -> Json:
    metadata = {"name": name, "namespace": NAMESPACE, "ownerReferences": [owner]}
    spec = {"nodeName": node, "containers": CONTAINERS}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


CONTAINERS = [{"name": "db", "image": "db:1"}]
STATEFUL_SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "db", "namespace": NAMESPACE},
    "spec": {
        "replicas": len(NAMES),
        "selector": {"matchLabels": {"app": "db"}},
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": CONTAINERS}},
    },
}

ENTRY = Entry(
    id="kubelet-from-the-past",
    property="one_runner_per_identity",
    faults=("time_travel", "stale_read", "crash", "kubelet_restart", "node_crash"),
    bug="https://github.com/kubernetes/kubernetes/issues/59848",
    tags=("time travel", "stale read"),
    wrong=wrong,
    fixed=fixed,
    manifests=(),
    # Components take turns with the API servers: with one between them, both kubelets have the same one, and what falls
    # behind is the other.
    trial_options={"workload": workload, "built_ins": ("namespace", "kubelet")},
)
