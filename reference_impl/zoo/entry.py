"""One exhibit: a controller that is wrong on purpose, its fixed twin, and all that is needed to try either.

Or a plane that is: an API server or store with a bug, under a controller that is right. Then both twins may be one and
the same factory, and `wrong_plane` and `fixed_plane` differ.

An entry says what must be true of it, so that a measurement can prove it wrong: which property catches the bug, and
which kinds of weather bring it out. With those kinds switched off nothing is found (necessary), with only those it is
found (sufficient). Each names the real bug whose mechanism it rebuilds; no code is copied.

An entry's code uses only names that a stranger may use (`reference_impl.runtime`, `reference_impl.errors`); variants of
the plane, which live in `planes/`, are subclasses of the reference's own servers and stores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reference_impl.runtime import Client, Part

Factory = Callable[[Client], Part | list[Part]]


CACHE_BEHIND = (
    "latency", "watch_lag", "stale_cache", "stale_read", "time_travel", "reorder_streams", "watch_gap", "watch_cut",
    "switch_server", "apiserver_crash", "partition",
)  # fmt: skip
"""Kinds of weather in which a controller's cache is behind the store: most bugs of stale reads come out in any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """See the module.

    Args:
        id: as in "zoo:ID" and "zoo:ID.fixed".
        property: name of the property that must catch the bug.
        faults: names of all kinds of weather that bring the bug out; empty if no weather is needed.
        bug: link to the real bug.
        tags: trigger tags in words ("stale read"), and "demo".
        culprit: the wrong write in a few words, for a report to be measured by: "create Bucket" (verb and kind, or
            outside system), "never creates Secret" where it is a write that does not come; empty: nobody asks.
        wrong, fixed: factories; they differ by 30 lines at most.
        wrong_plane, fixed_plane: what each runs on, as "module:class" for `apiserver`, `store` or both; empty: the
            reference's own.
        beside: further controllers under test, as "module:factory", each a process of its own beside either twin.
        manifests: parsed objects, CRDs first; never changed.
        trial_options: further arguments of a trial, such as `workload` and `built_ins`.
        calm_silent: False if the bug shows in fair weather already.
    """

    id: str
    property: str
    faults: tuple[str, ...]
    bug: str
    tags: tuple[str, ...]
    wrong: Factory
    fixed: Factory
    manifests: Sequence[dict[str, Any]]
    trial_options: Mapping[str, Any] = field(default_factory=dict)
    culprit: str = ""
    beside: tuple[str, ...] = ()
    calm_silent: bool = True
    wrong_plane: Mapping[str, str] = field(default_factory=dict)
    fixed_plane: Mapping[str, str] = field(default_factory=dict)

    def trial_arguments(self, *, fixed: bool) -> dict[str, Any]:
        """All arguments of a trial of this entry, or of its fixed twin, but the controllers (it, and `beside`)."""
        plane = self.fixed_plane if fixed else self.wrong_plane
        return {"manifests": self.manifests, **self.trial_options, "plane": dict(plane) or None}
