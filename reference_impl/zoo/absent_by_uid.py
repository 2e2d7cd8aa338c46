"""UID confusion: a garbage collector that remembers absent owners by their uid alone.

The bug: to ask less, the collector keeps in mind which owners it did not find. An object whose reference has an owner's
uid under a wrong kind is looked up there, not found, and the uid is noted as absent. The next object, with a right
reference to that very owner, is taken for an orphan, unless the owner is in the collector's own picture by then. Real
case: kubernetes#65200, where one bad reference cost objects with good ones their lives after a restart.

Weather: whatever keeps the owner out of the collector's picture while it hears of the dependents.
Caught by: `garbage_collection_spares_the_owned`.
The twin remembers absent owners by all their coordinates, as kubernetes PR#92743 does.
"""

from typing import Any

from reference_impl.errors import Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, reference_to

Json = dict[str, Any]


class KnowsThemByUid:
    """Collects ConfigMaps."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.absent: dict[tuple[str, ...], None] = {}

    async def reconcile(self, request: Request) -> None:
        try:
            dependent = await self.client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            return
        references = dependent["metadata"].get("ownerReferences") or []
        if not references or is_deleting(dependent):
            return
        for reference in references:
            if await self._exists(reference, dependent["metadata"]["namespace"]):
                return
        await self._collect(dependent)

    async def _exists(self, reference: Json, namespace: str) -> bool:
        pictured = await self.client.list(API, "Project", namespace)
        if any(_is_meant(owner, reference) for owner in pictured):
            return True
        key = self.key(reference, namespace)
        if key in self.absent:
            return False
        api_version, kind, name = (reference[part] for part in ("apiVersion", "kind", "name"))
        try:
            if _is_meant(await self.client.live.get(api_version, kind, name, namespace), reference):
                return True
        except NotFound:
            pass
        self.absent[key] = None
        return False

    def key(self, reference: Json, namespace: str) -> tuple[str, ...]:
        return (reference["uid"],)

    async def _collect(self, dependent: Json) -> None:
        """As it was seen, or not at all."""
        metadata = dependent["metadata"]
        name, namespace = metadata["name"], metadata["namespace"]
        seen = {"uid": metadata["uid"], "resource_version": metadata["resourceVersion"]}
        try:
            await self.client.delete("v1", "ConfigMap", name, namespace, **seen)
        except (Conflict, NotFound):
            return


class KnowsThemByCoordinates(KnowsThemByUid):
    def key(self, reference: Json, namespace: str) -> tuple[str, ...]:
        return (namespace, *(reference[part] for part in ("apiVersion", "kind", "name", "uid")))


def _is_meant(owner: Json, reference: Json) -> bool:
    mine = reference_to(owner)
    return all(mine[part] == reference[part] for part in ("apiVersion", "kind", "name", "uid"))


async def workload(user: Client) -> None:
    """A program, because references need the owner's uid. Nobody restores what is not controlled, so these are not."""
    right = {**reference_to(await user.create(custom("Project", "web", {"size": 1}))), "controller": False}
    for name, reference in (("bad", {**right, "apiVersion": "v1", "kind": "Secret"}), ("good", right)):
        await user.sleep(1.0)
        await user.create(config_map({"name": name, "ownerReferences": [reference]}, {}))


def wrong(client: Client) -> Controller:
    return _controller(KnowsThemByUid(client))


def fixed(client: Client) -> Controller:
    return _controller(KnowsThemByCoordinates(client))


def _controller(reconciler: KnowsThemByUid) -> Controller:
    return Controller(
        name="garbage-collector",
        reconcile=reconciler.reconcile,
        watches=[Watch("v1", "ConfigMap"), Watch(API, "Project", map=lambda project: [])],
    )


ENTRY = Entry(
    id="absent-by-uid",
    property="garbage_collection_spares_the_owned",
    faults=(*CACHE_BEHIND, "compaction", "crash", "relist"),
    bug="https://github.com/kubernetes/kubernetes/issues/65200",
    tags=("uid confusion", "stale read"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Project", {"size": {"type": "integer"}}),),
    trial_options={"workload": workload, "built_ins": "none"},
)
