"""Compaction: a store that tells nobody of a deletion, if all that the object ever was has been compacted.

The bug: compaction leaves an object's newest version, and drops what leads to it. When the object is deleted after
that, its deletion cannot be told from what was compacted, and no watcher hears of it: the object lives on in every
cache, as a phantom. Real case: etcd#18089, where compaction at a deletion removed it before watchers were told.

Weather: compaction.
Caught by: `caches_equal_the_store`.
The twin is the reference's own store.
"""

from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Key, StoreEvent, revision_of
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import delete, patch
from reference_impl.zoo.planes.notes import DEFINITION, note, notes


class ForgetsWhoWatches(MemoryStore):
    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        if revision_of(self.get(key)) > self.compacted_revision:
            return super().delete(key, expected=expected)
        watchers, self._subscribers = self._subscribers, []
        try:
            return super().delete(key, expected=expected)
        finally:
            self._subscribers = watchers


ENTRY = Entry(
    id="untold-deletion",
    property="caches_equal_the_store",
    faults=("compaction",),
    bug="https://github.com/etcd-io/etcd/issues/18089",
    tags=("compaction", "unobserved state"),
    wrong=notes,
    fixed=notes,
    wrong_plane={"store": f"{__name__}:ForgetsWhoWatches"},
    manifests=(DEFINITION, note("shopping"), note("garden")),
    trial_options={
        "workload": [
            *(patch("Note", "garden", {"line": line}) for line in range(2, 10)),
            delete("Note", "shopping"),
            delete("Note", "garden"),
        ],
        "built_ins": "none",
    },
)
