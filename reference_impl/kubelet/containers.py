"""The container runtime of a node, as the kubelet uses it: an outside system that lives on when the kubelet dies.

One item a pod (not a container), under the pod's uid, which is also the idempotency key: a start whose answer was lost
can be repeated. Items: `{"id": uid, "namespace", "name", "state": "running" | "exited", "startedAt", "finishedAt",
"exitCode", "restarts"}`. The process keeps a mirror; the runtime is the truth, and is asked again at start and from
time to time, because its lists may be stale: whatever list and mirror disagree on is looked up by itself.

Source: CRI (RunPodSandbox, StopPodSandbox, ListPodSandbox), kubelet PLEG.
"""

from reference_impl.errors import NotFound
from reference_impl.objects import name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client

PodKey = tuple[str, str]
"""(namespace, name)"""


def key_of(pod: JsonObject) -> PodKey:
    return namespace_of(pod) or "", name_of(pod)


class Containers:
    """What runs on the node. All methods but `get` and `of` call the runtime and raise its `ApiError`s.

    Args:
        node: names the runtime, `containers/<node>`.
    """

    def __init__(self, client: Client, node: str) -> None:
        self._runtime = client.external(f"containers/{node}")
        self._items: dict[str, JsonObject] = {}

    def get(self, uid: str) -> JsonObject | None:
        """The record of this pod, as this process knows it. Shared: do not change it."""
        return self._items.get(uid)

    def of(self, key: PodKey) -> list[str]:
        """Uids of all pods of this name that have a record: more than one if a pod was replaced."""
        return [uid for uid, item in self._items.items() if _key(item) == key]

    async def relist(self) -> list[PodKey]:
        """Ask the runtime; the pods about which it says something new, in a fixed order."""
        answer = await self._runtime.call("list") or {"items": []}
        listed = {item["id"]: item for item in answer["items"]}
        changed: dict[PodKey, None] = {}
        for uid in (*listed, *(uid for uid in list(self._items) if uid not in listed)):
            known = self._items.get(uid)
            if listed.get(uid) == known:
                continue
            item = await self._runtime.call("get", uid)
            if item == known or self._items.get(uid) != known:
                continue  # the list was stale, or we have changed it meanwhile
            if item is None:
                self._items.pop(uid, None)
            else:
                self._items[uid] = item
            changed[_key(item or known or listed[uid])] = None
        return list(changed)

    async def start(self, pod: JsonObject, started_at: str, restarts: int = 0) -> JsonObject:
        """Start the pod's containers; what runs already under this uid goes on running."""
        body: JsonObject = {
            "owner": uid_of(pod),
            "namespace": namespace_of(pod),
            "name": name_of(pod),
            "state": "running",
            "startedAt": started_at,
            "restarts": restarts,
        }
        item = await self._runtime.call("create", uid_of(pod), body) or {**body, "id": uid_of(pod)}
        self._items[uid_of(pod)] = item
        return item

    async def restart(self, uid: str, started_at: str) -> JsonObject:
        """Run exited containers again."""
        item = self._items[uid]
        return await self._update(
            uid,
            {
                **{key: item[key] for key in ("owner", "namespace", "name") if key in item},
                "state": "running",
                "startedAt": started_at,
                "restarts": item.get("restarts", 0) + 1,
            },
        )

    async def finish(self, uid: str, exit_code: int, finished_at: str) -> JsonObject:
        """The containers have ended. Raises `NotFound` if the runtime does not have them any more."""
        return await self._update(
            uid, {**self._items[uid], "state": "exited", "exitCode": exit_code, "finishedAt": finished_at}
        )

    async def remove(self, uid: str) -> None:
        """Kill and forget; nothing happens if there is nothing."""
        await self._runtime.call("delete", uid)
        self._items.pop(uid, None)

    async def _update(self, uid: str, body: JsonObject) -> JsonObject:
        try:
            item = await self._runtime.call("update", uid, body) or body
        except NotFound:
            self._items.pop(uid, None)
            raise
        self._items[uid] = item
        return item


def _key(item: JsonObject) -> PodKey:
    return str(item.get("namespace") or ""), str(item.get("name") or "")
