"""The Namespace controller: a terminating Namespace is emptied, then released.

Pods go first, and everything else only when no pod is left, so that a network policy outlives what it protects
(CVE-2024-7598; `OrderedNamespaceDeletion`). Each object is deleted by itself under its uid, not with deletecollection
as in the original: such a request that arrives late would empty the next Namespace of that name. While something is
left (finalizers, pods that take their time) the Namespace is looked at again, at first soon and then ever less often.

Not modelled: the conditions that say why a Namespace is stuck. Sources: `pkg/controller/namespace/deletion/
namespaced_resources_deleter.go`; kubernetes KEP-5080.
"""

from reference_impl.controllers.discovery import CRD, EVENT, ApiKind, stored_kinds
from reference_impl.errors import Conflict, MethodNotAllowed, NotFound
from reference_impl.objects import is_deleting, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Watch

FINALIZER = "kubernetes"
POD: ApiKind = ("v1", "Pod")
FIRST_LOOK_S = 1.0
LONGEST_LOOK_S = 60.0
"""Arbitrary. The original estimates from grace periods and looks again after 8 s or more, for ever."""


class NamespaceReconciler:
    """Remembers how often it has found each Namespace not empty yet."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._looks: dict[str, int] = {}

    async def reconcile(self, request: Request) -> Result | None:
        try:
            cached = await self.client.get("v1", "Namespace", request.name)
            if not is_deleting(cached):
                return None
            namespace = await self.client.live.get("v1", "Namespace", request.name)
        except NotFound:
            return None
        if not is_deleting(namespace) or FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return None
        if await self._empty(request.name):
            return self._look_again(uid_of(namespace))
        self._looks.pop(uid_of(namespace), None)
        await self._release(namespace)
        return None

    def _look_again(self, uid: str) -> Result:
        looks = self._looks[uid] = self._looks.get(uid, 0) + 1
        return Result(requeue_after_s=min(FIRST_LOOK_S * 2.0 ** min(looks - 1, 10), LONGEST_LOOK_S))

    async def _empty(self, namespace: str) -> int:
        """Ask for the deletion of everything inside; how much was still there."""
        pods = await self._delete_all(POD, namespace)
        if pods:
            return pods
        left = 0
        for kind in await self._namespaced():
            left += await self._delete_all(kind, namespace)
        return left

    async def _namespaced(self) -> list[ApiKind]:
        """All kinds that may have something inside, by a live look at the custom ones, as discovery is live."""
        definitions = await self.client.live.list(*CRD)
        kinds = stored_kinds(self.client.environment.options.get("gc_kinds"), definitions["items"])
        return [*(kind for kind, namespaced in kinds.items() if namespaced), EVENT]

    async def _delete_all(self, kind: ApiKind, namespace: str) -> int:
        """Delete what a quorum list shows and is not being deleted; how much is left for a later look."""
        try:
            answer = await self.client.live.list(*kind, namespace)
        except (NotFound, MethodNotAllowed):
            return 0  # the kind is not served, so there is nothing of it
        left = 0
        for obj in answer["items"]:
            left += 1
            if not is_deleting(obj) and await self._delete(kind, namespace, obj):
                left -= 1
        return left

    async def _delete(self, kind: ApiKind, namespace: str, obj: JsonObject) -> bool:
        """True if it is gone at once."""
        name = obj["metadata"]["name"]
        try:
            await self.client.delete(*kind, name, namespace, uid=uid_of(obj), propagation="Background")
        except NotFound:
            return True
        except Conflict:
            return False  # replaced under its name: the next look finds the new one
        return False

    async def _release(self, namespace: JsonObject) -> None:
        """Take our finalizer off. Raises `Conflict` if the Namespace changed since it was read."""
        finalizers = [item for item in namespace["spec"]["finalizers"] if item != FINALIZER]
        namespace["spec"]["finalizers"] = finalizers
        try:
            await self.client.update(namespace, subresource="finalize")
        except NotFound:
            return


def being_deleted(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    return new is not None and is_deleting(new)


def namespace(client: Client) -> Controller:
    """Factory of the Namespace controller."""
    return Controller(
        name="namespace",
        reconcile=NamespaceReconciler(client).reconcile,
        watches=[Watch("v1", "Namespace", predicate=being_deleted)],
        workers=5,
    )
