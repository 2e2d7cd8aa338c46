"""A world in which nothing is and nothing ever happened: what `seatrial.testing` shows a plug-in first.

A claim that is violated here would be violated by every run, and a fault that needs something to strike must pass.
Matches `View` and `Plane` of `harness.contract` without inheriting from them, like every plug-in.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import (
    CacheView,
    Change,
    ComponentView,
    ObjectRef,
    ReconcileRecord,
    Regression,
    SentRequest,
    StreamRecord,
)
from reference_impl.protocol import JsonObject
from reference_impl.store.port import StoreEvent

Objects = list[JsonObject]
"""`View` has a method called `list`, which hides the built-in from annotations inside the class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyPlane:
    """What a fault may ask about the world it strikes in: nothing is there."""

    def components(self) -> list[ComponentView]:
        return []

    def servers(self) -> list[str]:
        return []

    def nodes(self) -> list[str]:
        return []

    def owned_objects(self) -> Objects:
        return []

    def streams_of(self, component: str) -> list[tuple[str, str]]:
        return []

    def external_items(self) -> list[tuple[str, str]]:
        return []

    def overlap_allowed(self, component: str) -> bool:
        return False


EmptyChanges = list[Change]
EmptyStreams = list[StreamRecord]
EmptyHistory = list[StoreEvent]
EmptyComponents = list[ComponentView]
EmptyCaches = list[CacheView]
EmptyReconciles = list[ReconcileRecord]
EmptyRegressions = list[Regression]
Names = list[str]
KindNames = list[tuple[str, str]]


class EmptyView:
    """A `View` of an empty store, at the phase given (`commit`, `request`, `rest`, `resync`, ...)."""

    change: Change | None = None
    request: SentRequest | None = None
    now_s = 0.0

    def __init__(self, phase: str, trial: Any = None) -> None:
        self.phase = phase
        self.trial = trial
        self.at_rest = phase not in ("commit", "request")

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> JsonObject | None:
        return None

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> Objects:
        return []

    def kinds(self) -> KindNames:
        return []

    def objects(self) -> Objects:
        return []

    def history(self, ref: ObjectRef) -> EmptyHistory:
        return []

    def by_uid(self, uid: str) -> JsonObject | None:
        return None

    def owned(self, uid: str) -> Objects:
        return []

    def creator(self, uid: str) -> tuple[str, int] | None:
        return None

    def deleted_at(self, uid: str) -> int | None:
        return None

    def observed(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        return None

    first_observed = observed
    ever_observed_spec = observed

    def observed_uid(self, component: str, uid: str) -> bool:
        return False

    def observed_deleted(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> bool:
        return False

    def live_read(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> int | None:
        return None

    def components(self) -> EmptyComponents:
        return []

    def component(self, name: str) -> ComponentView:
        raise KeyError(f"there is no component {name!r} in an empty world: ask components() first")

    def cache(self, component: str) -> EmptyCaches:
        return []

    def external(self, system: str) -> Objects:
        return []

    def external_systems(self) -> Names:
        return []

    def reconciles(self, component: str) -> EmptyReconciles:
        return []

    def streams(self, component: str | None = None) -> EmptyStreams:
        return []

    def regressions(self, component: str) -> EmptyRegressions:
        return []

    def changes(self, since_step: int = 0) -> EmptyChanges:
        return []

    def required(self, ref: ObjectRef) -> bool:
        return False

    def fair_weather_difference(self) -> Names:
        return []

    def settled(self, obj: JsonObject) -> bool | None:
        return None

    def panics(self, component: str) -> Names:
        return []

    def effective_writes_in_pass(self) -> EmptyChanges:
        return []

    def fault_fired(self, name: str) -> bool:
        return False

    def selects(self, cache: CacheView) -> Objects:
        return []

    def committed(self, api_version: str, kind: str) -> EmptyHistory:
        return []
