"""Adoption and release: which children a ReplicaSet or Deployment may call its own.

A child belongs to the owner that its controller reference names by uid. An orphan that matches the selector is adopted,
but only after a *live* look has confirmed that the owner is the same object and is not being deleted: a cached owner
may long be gone, its children orphaned on purpose (kubernetes#42639). Patches carry the child's uid, so that a child
replaced under the same name is never touched; adoption carries its resourceVersion as well, which the original does
not: labels and owners are then what was looked at.

Source: `pkg/controller/controller_ref_manager.go` (BaseControllerRefManager.ClaimObject, RecheckDeletionTimestamp).
"""

from collections.abc import Callable, Iterable

from reference_impl.controllers.outcomes import object_is_another
from reference_impl.errors import ApiError
from reference_impl.objects import controller_of, is_deleting, name_of, namespace_of, owner_reference, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Retry

LabelMatch = Callable[[dict[str, str]], bool]
_CONTROLLERS = "controller or none"
"""An index: the uid of an object's controller, or the namespace of one that has none."""


def labels_of(obj: JsonObject) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def candidates(client: Client, owner: JsonObject, api_version: str, kind: str) -> list[JsonObject]:
    """Copies of the cached objects that an owner has to sort out: what it controls, and what nobody does.

    By index, as the original does it (`AddPodControllerIndexer`, `FilterPodsByOwner`): a pass of one ReplicaSet costs
    nothing for the pods of all the others.
    """
    informer = client.informers.informer_for(api_version, kind)
    informer.add_index(_CONTROLLERS, _controller_or_namespace)
    namespace = namespace_of(owner)
    found = informer.by_index(_CONTROLLERS, uid_of(owner), f"in {namespace}")
    return [obj for obj in found if namespace_of(obj) == namespace]


def _controller_or_namespace(obj: JsonObject) -> list[str]:
    reference = controller_of(obj)
    return [f"in {namespace_of(obj)}" if reference is None else reference["uid"]]


class Claims:
    """Sorts out the children of one owner in one reconcile; the live look at the owner is made at most once.

    Args:
        owner: as cached.
        api_version, kind: of the children.
        matches: the owner's selector.
    """

    def __init__(self, client: Client, owner: JsonObject, *, api_version: str, kind: str, matches: LabelMatch) -> None:
        self._client = client
        self._owner = owner
        self._api_version = api_version
        self._kind = kind
        self._matches = matches
        self._confirmed = False

    async def of(self, children: Iterable[JsonObject]) -> list[JsonObject]:
        """Those of `children` that belong to the owner now, adopting and releasing on the way.

        Raises:
            ApiError, Retry: the owner is not what the cache says, or a patch failed; come back later.
        """
        owned = []
        for child in children:
            reference = controller_of(child)
            if reference is None:
                adopted = await self._adopt(child)
                if adopted is not None:
                    owned.append(adopted)
            elif reference["uid"] == uid_of(self._owner):
                if self._matches(labels_of(child)):
                    owned.append(child)
                elif not is_deleting(self._owner):
                    await self._release(child)
        return owned

    async def _adopt(self, child: JsonObject) -> JsonObject | None:
        if is_deleting(self._owner) or is_deleting(child) or not self._matches(labels_of(child)):
            return None
        await self._confirm_owner()
        metadata = {
            "uid": uid_of(child),
            "resourceVersion": child["metadata"]["resourceVersion"],
            "ownerReferences": [owner_reference(self._owner)],
        }
        try:
            return await self._patch(child, metadata)
        except ApiError as error:
            if object_is_another(error):
                return None
            raise

    async def _release(self, child: JsonObject) -> None:
        reference = {"$patch": "delete", "uid": uid_of(self._owner)}
        try:
            await self._patch(child, {"uid": uid_of(child), "ownerReferences": [reference]})
        except ApiError as error:
            if not object_is_another(error):
                raise

    async def _patch(self, child: JsonObject, metadata: JsonObject) -> JsonObject:
        return await self._client.patch(
            self._api_version,
            self._kind,
            name_of(child),
            namespace_of(child),
            body={"metadata": metadata},
            type="strategic",
        )

    async def _confirm_owner(self) -> None:
        if self._confirmed:
            return
        owner = self._owner
        fresh = await self._client.live.get(owner["apiVersion"], owner["kind"], name_of(owner), namespace_of(owner))
        if uid_of(fresh) != uid_of(owner):
            raise Retry(reason=f"{owner['kind']} {name_of(owner)} was replaced: {uid_of(owner)} by {uid_of(fresh)}")
        if is_deleting(fresh):
            raise Retry(reason=f"{owner['kind']} {name_of(owner)} is being deleted: it adopts nothing any more")
        self._confirmed = True
