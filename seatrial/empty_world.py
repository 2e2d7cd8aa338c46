"""A world in which nothing is and nothing ever happened: what `seatrial.testing` shows a plug-in first.

A claim that is violated here would be violated by every run, and a fault that needs something to strike must pass.
Matches `View` and `Plane` of `harness.contract` without inheriting from them, like every plug-in.
"""

import builtins
from dataclasses import dataclass
from typing import Any

from harness.contract import (
    CacheView,
    Change,
    ComponentView,
    ObjectRef,
    ReconcileRecord,
    Regression,
    RequestRecord,
    SentRequest,
    StreamRecord,
)
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.port import StoreEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlane:
    """What a fault may ask about the world it strikes in: one of everything is there."""

    def components(self) -> list[ComponentView]:
        names = ("sample", "kubelet-node-0")
        return [
            ComponentView(
                name=name,
                under_test=name == "sample",
                alive=True,
                incarnation=0,
                instance=0,
                elects=True,
                controllers=(name,),
            )
            for name in names
        ]

    def server_count(self) -> int:
        return 2

    def nodes(self) -> list[str]:
        return ["node-0"]

    def owned_objects(self) -> list[JsonObject]:
        owner: JsonObject = {"apiVersion": "example.com/v1", "kind": "Sample", "name": "owner", "uid": "owner-uid"}
        owner["controller"] = True
        return [{**SAMPLE, "metadata": {**SAMPLE["metadata"], "ownerReferences": [owner]}}]

    def streams_of(self, component: str) -> list[tuple[str, str]]:
        return [("v1", "ConfigMap")]

    def external_items(self) -> list[tuple[str, str]]:
        return [("sample-system", "ext-1")]

    def overlap_allowed(self, component: str) -> bool:
        return True


SAMPLE: JsonObject = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "sample", "namespace": "default", "uid": "sample-uid", "resourceVersion": "1"},
}

SENT = SentRequest(
    component="sample",
    incarnation=0,
    request=ApiRequest(verb="create", api_version="v1", kind="ConfigMap", namespace="default", body=SAMPLE),
    sent_s=0.0,
    sent_monotonic_s=0.0,
    lease_until_s=None,
    step=0,
)

CREATED = Change(
    before=None,
    after=SAMPLE,
    verb="create",
    component="sample",
    request=SENT,
    revision=1,
    ref=ObjectRef.to(SAMPLE),
    step=1,
)


class EmptyView:
    """A `View` of an empty store, at the phase given.

    At `request` somebody is about to create one ConfigMap that nobody owns; at `commit` that was just done.
    """

    now_s = 0.0

    def __init__(self, phase: str, trial: Any = None) -> None:
        self.phase = phase
        self.trial = trial
        self.at_rest = phase not in ("commit", "request", "end")
        self.request = None if self.at_rest else SENT
        self.change = CREATED if phase == "commit" else None

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> JsonObject | None:
        return None

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> builtins.list[JsonObject]:
        return []

    def kinds(self) -> builtins.list[tuple[str, str]]:
        return []

    def objects(self) -> builtins.list[JsonObject]:
        return []

    def history(self, ref: ObjectRef) -> builtins.list[StoreEvent]:
        return []

    def by_uid(self, uid: str) -> JsonObject | None:
        return None

    def owned(self, uid: str) -> builtins.list[JsonObject]:
        return []

    def creator(self, uid: str) -> tuple[str, int] | None:
        return None

    def deleted_at(self, uid: str) -> int | None:
        return None

    def sender(self, revision: int) -> tuple[str, float] | None:
        return None

    def observed(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        return None

    first_observed = observed
    ever_observed_spec = observed

    def observed_uid(self, component: str, uid: str) -> bool:
        return False

    def knew(self, sent: SentRequest, uid: str, revision: int = 0) -> bool:
        return False

    def observed_deleted(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> bool:
        return False

    def live_read(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> int | None:
        return None

    def components(self) -> builtins.list[ComponentView]:
        return []

    def component(self, name: str) -> ComponentView:
        raise KeyError(f"there is no component {name!r} in an empty world: ask components() first")

    def cache(self, component: str) -> builtins.list[CacheView]:
        return []

    def external(self, system: str) -> builtins.list[JsonObject]:
        return []

    def external_systems(self) -> builtins.list[str]:
        return []

    def reconciles(self, component: str) -> builtins.list[ReconcileRecord]:
        return []

    def requests(self, component: str) -> builtins.list[RequestRecord]:
        return []

    def streams(self, component: str | None = None) -> builtins.list[StreamRecord]:
        return []

    def regressions(self, component: str) -> builtins.list[Regression]:
        return []

    def changes(self, since_step: int = 0) -> builtins.list[Change]:
        return []

    def required(self, ref: ObjectRef) -> bool:
        return False

    def fair_weather_difference(self) -> builtins.list[str]:
        return []

    def commit_counts(self) -> dict[str, tuple[int, int]]:
        return {}

    def fair_weather_counts(self) -> dict[str, tuple[int, int]] | None:
        return None

    def fair_weather_s(self) -> float | None:
        return None

    @property
    def healed_s(self) -> float | None:
        return None

    def settled(self, obj: JsonObject) -> bool | None:
        return None

    def panics(self, component: str) -> builtins.list[str]:
        return []

    def effective_writes_in_pass(self) -> builtins.list[Change]:
        return []

    def fault_fired(self, name: str) -> bool:
        return False

    def observed_list(self, component: str, api_version: str, kind: str) -> builtins.list[JsonObject]:
        return []

    def is_served(self, api_version: str, kind: str) -> bool:
        return False

    def is_namespaced(self, api_version: str, kind: str) -> bool | None:
        return None

    def selects(self, cache: CacheView) -> builtins.list[JsonObject]:
        return []

    def committed(self, api_version: str, kind: str) -> builtins.list[StoreEvent]:
        return []
