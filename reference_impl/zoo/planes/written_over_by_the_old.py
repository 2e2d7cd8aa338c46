"""Uid confusion: an API server that patches what its cache remembers, and writes that over what is in the store.

The bug: to save a read, the server begins an update with the object of its watch cache, which may be an old one. The
store's compare-and-swap finds that out, and then the update must begin again, with what is really there. Here it is
only written again: over a new object of that name goes the old one, patched, with its uid and its creation time. Real
case: kubernetes PR#77619, where an update that rested on an old picture deleted an object that had finalizers by then.

Weather: a replica whose watch cache has fallen behind.
Caught by: `objects_are_well_formed` (the uid changes).
The twin is the reference's own server.
"""

from typing import Any

from reference_impl.apiserver.core import Core, key_of
from reference_impl.apiserver.server import ApiServer
from reference_impl.apiserver.watch_cache import WatchCache
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import create, delete, patch
from reference_impl.zoo.planes.notes import DEFINITION, note, notes


class BeginsWithTheCached(Core):
    def __init__(self, core: Core, cache: WatchCache) -> None:
        super().__init__(core.store, core.kinds, core.now, core.rng)
        self.after_commit = core.after_commit
        self.cache = cache

    def existing(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        true = super().existing(request, info)
        if request.verb != "patch":
            return true
        return self.cache.of(info.resource).objects.get(key_of(info, request.namespace, request.name or ""), true)

    def put(self, request: ApiRequest, info: KindInfo, obj: JsonObject, **options: Any) -> JsonObject:
        if request.verb == "patch":
            options["old"] = super().existing(request, info)
        return super().put(request, info, obj, **options)


class WritesOver(ApiServer):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._core = BeginsWithTheCached(self._core, self._cache)


ENTRY = Entry(
    id="written-over-by-the-old",
    property="objects_are_well_formed",
    faults=("stale_read", "time_travel"),
    bug="https://github.com/kubernetes/kubernetes/pull/77619",
    tags=("uid confusion", "stale read"),
    wrong=notes,
    fixed=notes,
    wrong_plane={"apiserver": f"{__name__}:WritesOver"},
    manifests=(DEFINITION, note("shopping")),
    trial_options={
        "workload": [
            create(note("shopping")),
            delete("Note", "shopping"),
            create(note("shopping")),
            patch("Note", "shopping", {"line": 2}),
        ],
        "built_ins": "none",
    },
)
