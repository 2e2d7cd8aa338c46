"""Compaction: a framework that takes every line of a watch for an object.

The bug: a watch answers in lines, and what it says of a revision that it no longer knows is a line too: type ERROR, and
for an object a Status, which has no uid. Whoever looks for one there dies of a KeyError. Real case: kopf, whose watcher
asked each event for the uid of its object, and took the whole operator down.

Weather: history is compacted before a stream is resumed, or the stream's server has forgotten it.
Caught by: `no_panic`. The restart lists anew, so that nothing else is wrong afterwards.
The twin looks at the type of a line first.
"""

from typing import Any

from reference_impl.runtime import Client, Component, WatchStream
from reference_impl.zoo.bulletin import DEFINITION, STREAM_S, Bulletin
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, custom, patch

Json = dict[str, Any]


class TakesAllForObjects(Bulletin):
    """Reads a watch line by line, ERROR included."""

    def stream(self) -> WatchStream:
        return self.client.watch(API, "Note", NAMESPACE, resource_version=self.revision, timeout_s=STREAM_S, raw=True)

    def expired(self, status: Json) -> None:
        # Over the wire this is no failed request: it is the only line of an answer that begins with 200.
        self.take("ERROR", status)


class LooksAtTheType(TakesAllForObjects):
    def take(self, event_type: str, note: Json) -> None:
        if event_type == "ERROR":
            self.revision = None
        else:
            super().take(event_type, note)


def wrong(client: Client) -> Component:
    return Component("bulletin", TakesAllForObjects(client).run)


def fixed(client: Client) -> Component:
    return Component("bulletin", LooksAtTheType(client).run)


ENTRY = Entry(
    id="error-for-an-object",
    property="no_panic",
    faults=("compaction", "watch_gap", "apiserver_crash"),
    bug="https://github.com/zalando-incubator/kopf/pull/8",
    culprit="panic",
    tags=("compaction",),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, custom("Note", "tide", {"text": "low"})),
    trial_options={
        "workload": [patch("Note", "tide", {"text": text}) for text in ("rising", "high")],
        "built_ins": "none",
    },
)
