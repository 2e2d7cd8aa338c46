"""The garbage collector: objects whose owners are gone go too; owners that wait for their dependents go after them.

    Background  the owner is gone; its dependents are found to have no owner left, and are deleted
    Foreground  the owner waits under `foregroundDeletion`; dependents go first, those that block before it
    Orphan      the owner waits under `orphan`; its references are taken from its dependents, then it goes

The graph (`object_graph.py`) only says whom to look at. Nothing is deleted before live reads have shown the object as
it is now and each of its owners as absent, by full coordinates and uid (kubernetes#65200); the deletion names uid and
resourceVersion, so that an owner reference added meanwhile saves the object. A uid never comes back, so absence lasts.

More careful than the original: before an owner loses the finalizer that protects its dependents (`orphan`,
`foregroundDeletion`), all kinds are listed live for dependents that the caches have not shown yet; the original trusts
its graph and may lose such a race. A kind that is not served is no absent owner; its dependents wait for the kind.

Source: `pkg/controller/garbagecollector/garbagecollector.go`. Not modelled: metadata-only watches, events.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from reference_impl.controllers.discovery import BUILT_IN, ApiKind, Kinds
from reference_impl.controllers.key_loop import work
from reference_impl.controllers.object_graph import FOREGROUND, ORPHAN, Identity, Node, ObjectGraph, Suspects
from reference_impl.controllers.outcomes import kind_is_unknown
from reference_impl.errors import Conflict, NotFound
from reference_impl.objects import group_of, is_deleting, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Component, Retry, WorkQueue

WORKERS = 4
"""Fewer than `--concurrent-gc-syncs` (20): more would only interleave more."""


@dataclass(slots=True)
class _Owners:
    """What live reads say of one object's owner references."""

    solid: list[JsonObject] = field(default_factory=list)
    dangling: list[JsonObject] = field(default_factory=list)
    waiting: list[JsonObject] = field(default_factory=list)
    """Owners under foreground deletion: they wait for this object to go."""
    unobserved: bool = False


class GarbageCollector:
    """In memory: the graph, and which dependents wait for a kind to be served."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.kinds = Kinds(client)
        self.graph = ObjectGraph()
        clock = client.environment.clock
        self.to_check: WorkQueue[str] = WorkQueue(clock)
        self.to_orphan: WorkQueue[str] = WorkQueue(clock)
        self._monitored: dict[tuple[str, str], ApiKind] = {}
        self._waiting_for_kind: dict[str, None] = {}

    async def run(self) -> None:
        """For ever. Nothing is checked before the built-in kinds are in the caches."""
        await self.kinds.wait_synced()
        self.kinds.on_change(self._kinds_changed)
        for api_version, kind in self.kinds.stored():
            self._monitor(api_version, kind)
        for informer in self.client.informers.all():
            if self._is_built_in(informer.api_version, informer.kind):
                await informer.wait_synced()
        async with trio.open_nursery() as nursery:
            for _ in range(WORKERS):
                nursery.start_soon(work, self.to_check, self.check)
            nursery.start_soon(work, self.to_orphan, self.orphan)

    # --------------------------------------------------------------------------------------------------- what is heard

    def _monitor(self, api_version: str, kind: str) -> None:
        """Watch a kind, in one version."""
        if self._monitored.setdefault((group_of(api_version), kind), (api_version, kind)) != (api_version, kind):
            return
        informer = self.client.informers.informer_for(api_version, kind)
        informer.add_handler(self._listener(api_version, kind))

    def _listener(self, api_version: str, kind: str) -> Callable[[str, JsonObject | None, JsonObject | None], None]:
        def hear(event_type: str, old: JsonObject | None, new: JsonObject | None) -> None:
            if old is not None and (new is None or uid_of(old) != uid_of(new)):
                self._take(self.graph.remove(uid_of(old)))
            if new is not None and new is not old:
                self._take(self.graph.put(api_version, kind, new))

        return hear

    def _take(self, suspects: Suspects) -> None:
        for uid in suspects.to_check:
            self.to_check.add(uid)
        for uid in suspects.to_orphan:
            self.to_orphan.add(uid)

    def _kinds_changed(self) -> None:
        for api_version, kind in self.kinds.stored():
            if (group_of(api_version), kind) not in self._monitored:
                self._monitor(api_version, kind)
        for uid in self._waiting_for_kind:
            self.to_check.add(uid)
        self._waiting_for_kind.clear()

    def _is_built_in(self, api_version: str, kind: str) -> bool:
        return (api_version, kind) in BUILT_IN

    # ---------------------------------------------------------------------------------------------- one suspect object

    async def check(self, uid: str) -> None:
        """Delete the object if no owner is left, or help the owner that it is.

        Raises:
            ApiError, Retry: not certain, or changed meanwhile; look again.
        """
        node = self.graph.nodes.get(uid)
        if node is None or (node.is_deleting and not node.is_foreground):
            return  # gone, or on its way: its finalizers decide
        if not node.is_foreground and self.graph.owners_are_well(node):
            return
        latest = await self._latest(node.identity)
        if latest is None:
            return  # gone: the event that says so is on its way
        if FOREGROUND in (latest["metadata"].get("finalizers") or ()) and is_deleting(latest):
            await self._finish_foreground(node, latest)
            return
        if is_deleting(latest):
            return
        references = latest["metadata"].get("ownerReferences") or []
        if not references:
            return
        owners = await self._look_at_owners(node, references)
        await self._judge(node, latest, owners)
        if owners.unobserved:
            raise Retry(reason="an owner exists that the cache has not shown yet: its end would be missed")

    async def _judge(self, node: Node, latest: JsonObject, owners: _Owners) -> None:
        superfluous = [*owners.dangling, *owners.waiting]
        if owners.solid:
            if superfluous:
                await self._drop_references(node.identity, latest, [str(item["uid"]) for item in superfluous])
        elif owners.waiting and self.graph.dependents(node.identity.uid):
            if any(dependent.is_foreground for dependent in self.graph.dependents(node.identity.uid)):
                latest = await self._unblock_owners(node.identity, latest)  # a circle would wait for itself
            await self._delete(node.identity, latest, "Foreground")
        else:
            finalizers = latest["metadata"].get("finalizers") or ()
            policy = "Orphan" if ORPHAN in finalizers else "Foreground" if FOREGROUND in finalizers else "Background"
            await self._delete(node.identity, latest, policy)

    async def _look_at_owners(self, node: Node, references: list[JsonObject]) -> _Owners:
        owners = _Owners()
        for reference in references:
            api_version, kind = str(reference["apiVersion"]), str(reference["kind"])
            namespaced = self.kinds.is_namespaced(api_version, kind)
            if namespaced and node.identity.namespace is None:
                owners.solid.append(reference)  # meaningless, and the user's to repair: never a reason to delete
                continue
            namespace = node.identity.namespace if namespaced else None
            identity = Identity(api_version, kind, namespace, str(reference["name"]), str(reference["uid"]))
            owner, is_known = await self._owner(identity)
            if not is_known:
                self._waiting_for_kind[node.identity.uid] = None
                owners.solid.append(reference)
            elif owner is None or uid_of(owner) != identity.uid:
                owners.dangling.append(reference)
            else:
                of_this = owners.waiting if _is_foreground(owner) else owners.solid
                of_this.append(reference)
                if identity.uid not in self.graph.nodes:
                    owners.unobserved = True
                    self._monitor(api_version, kind)
        return owners

    async def _owner(self, identity: Identity) -> tuple[JsonObject | None, bool]:
        """(the object of this name now, is that certain). Raises `ApiError`."""
        try:
            return await self._get(identity), True
        except NotFound as error:
            return None, not kind_is_unknown(error) or self.graph.was_removed(identity)

    # ------------------------------------------------------------------------------------------------ owners that wait

    async def _finish_foreground(self, node: Node, latest: JsonObject) -> None:
        """Let the owner go if nothing blocks it any more; else see to those that do."""
        uid = node.identity.uid
        blocking = [
            dependent for dependent in self.graph.dependents(uid) if dependent.owners[uid].get("blockOwnerDeletion")
        ]
        for dependent in blocking:
            if not dependent.is_foreground:
                self.to_check.add(dependent.identity.uid)
        if blocking:
            return
        for dependent_object, _kind in await self._live_dependents(node.identity):
            references = dependent_object["metadata"].get("ownerReferences") or ()
            if any(item["uid"] == uid and item.get("blockOwnerDeletion") for item in references):
                raise Retry(reason="a dependent exists that the cache has not shown yet")
        await self._remove_finalizer(node.identity, latest, FOREGROUND)

    async def orphan(self, uid: str) -> None:
        """Take the owner's references from all its dependents, then let it go. Raises as `check`."""
        node = self.graph.nodes.get(uid)
        latest = await self._latest(node.identity) if node else None
        if node is None or latest is None or ORPHAN not in (latest["metadata"].get("finalizers") or ()):
            return
        for dependent, (api_version, kind) in await self._live_dependents(node.identity):
            metadata = dependent["metadata"]
            identity = Identity(api_version, kind, metadata.get("namespace"), metadata["name"], metadata["uid"])
            await self._drop_references(identity, dependent, [uid])
        await self._remove_finalizer(node.identity, latest, ORPHAN)

    async def _live_dependents(self, owner: Identity) -> list[tuple[JsonObject, ApiKind]]:
        """Everything with a reference to the owner, by quorum lists of all kinds that may have one."""
        found: list[tuple[JsonObject, ApiKind]] = []
        for (api_version, kind), namespaced in (await self.kinds.stored_now()).items():
            if owner.namespace is not None and not namespaced:
                continue
            try:
                answer = await self.client.live.list(api_version, kind, owner.namespace)
            except NotFound:
                continue  # the kind is not served any more, so nothing of it is stored
            for obj in answer["items"]:
                if any(item["uid"] == owner.uid for item in obj["metadata"].get("ownerReferences") or ()):
                    found.append((obj, (api_version, kind)))
        return found

    # --------------------------------------------------------------------------------------------------------- commands

    async def _get(self, identity: Identity) -> JsonObject:
        return await self.client.live.get(identity.api_version, identity.kind, identity.name, identity.namespace)

    async def _latest(self, identity: Identity) -> JsonObject | None:
        """The very object of this uid, live; None: gone."""
        try:
            latest = await self._get(identity)
        except NotFound:
            return None
        return latest if uid_of(latest) == identity.uid else None

    async def _delete(self, identity: Identity, latest: JsonObject, policy: str) -> None:
        try:
            await self.client.delete(
                identity.api_version,
                identity.kind,
                identity.name,
                identity.namespace,
                uid=identity.uid,
                resource_version=latest["metadata"]["resourceVersion"],
                propagation=policy,
            )
        except NotFound:
            return
        except Conflict as conflict:
            raise Retry(reason=f"{identity.kind} {identity.name} has changed: {conflict.message}") from conflict

    async def _drop_references(self, identity: Identity, latest: JsonObject, uids: list[str]) -> None:
        references = latest["metadata"].get("ownerReferences") or []
        kept = [reference for reference in references if reference["uid"] not in uids]
        await self._patch(identity, latest, {"ownerReferences": kept or None})

    async def _unblock_owners(self, identity: Identity, latest: JsonObject) -> JsonObject:
        references = latest["metadata"].get("ownerReferences") or []
        unblocked = [{**reference, "blockOwnerDeletion": False} for reference in references]
        return await self._patch(identity, latest, {"ownerReferences": unblocked}) or latest

    async def _remove_finalizer(self, identity: Identity, latest: JsonObject, finalizer: str) -> None:
        finalizers = [item for item in latest["metadata"].get("finalizers") or () if item != finalizer]
        await self._patch(identity, latest, {"finalizers": finalizers or None})

    async def _patch(self, identity: Identity, latest: JsonObject, metadata: JsonObject) -> JsonObject | None:
        """Change the metadata of exactly this revision. None: the object is gone."""
        body = {"metadata": {**metadata, "resourceVersion": latest["metadata"]["resourceVersion"]}}
        try:
            return await self.client.patch(
                identity.api_version, identity.kind, identity.name, identity.namespace, body=body
            )
        except NotFound:
            return None
        except Conflict as conflict:
            raise Retry(reason=f"{identity.kind} {identity.name} has changed: {conflict.message}") from conflict


def _is_foreground(owner: JsonObject) -> bool:
    return is_deleting(owner) and FOREGROUND in (owner["metadata"].get("finalizers") or ())


def garbage_collector(client: Client) -> Component:
    """Factory of the garbage collector."""
    return Component(name="garbage-collector", run=GarbageCollector(client).run)
