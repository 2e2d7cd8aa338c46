"""Compaction: a hand-written client that answers "410 Gone" by asking for the same revision again.

The bug: a watch that is too old to be resumed is retried from the very revision that the server no longer knows, and
that never succeeds: the program runs, logs an error now and then, and hears of nothing any more. Real case: Airflow's
KubernetesJobWatcher was stuck on "resource too old" until somebody restarted it.

Weather: history is compacted before a stream is resumed, or the stream's server has forgotten it.
Caught by: `converges` (the board shows an old text).
The twin lists again and watches from there.
"""

from typing import Any

from reference_impl.runtime import Client, Component
from reference_impl.zoo.bulletin import DEFINITION, Bulletin
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import config_map, create, custom, patch, sleep

Json = dict[str, Any]


class InsistsOnItsRevision(Bulletin):
    def expired(self, status: Json) -> None:
        """Better luck next time."""


def wrong(client: Client) -> Component:
    return Component("bulletin", InsistsOnItsRevision(client).run)


def fixed(client: Client) -> Component:
    return Component("bulletin", Bulletin(client).run)


_OTHERS = [{**create(config_map({"name": f"other-{number}"}, {})), "in_flight": 0} for number in range(16)]
"""Nobody watches them, but each makes the revision that the client knows a little older."""

ENTRY = Entry(
    id="gone-for-ever",
    property="converges",
    faults=("compaction", "watch_gap", "apiserver_crash"),
    bug="https://github.com/apache/airflow/pull/23521",
    tags=("compaction",),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, custom("Note", "tide", {"text": "low"})),
    trial_options={
        "workload": [*_OTHERS, sleep(1), patch("Note", "tide", {"text": "high"})],
        "built_ins": "none",
    },
)
