"""What properties see: the true state of one world, and what each component could know. See `contract.View`."""

import builtins
from typing import TYPE_CHECKING, Any

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
from harness.knowledge import Knowledge
from harness.process import Reconcile
from harness.requests_sent import requests_of
from reference_impl.apiserver.selectors import parse_fields, parse_labels
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Key, StoreEvent

if TYPE_CHECKING:
    from harness.world import World


class WorldView:
    """The one view of a world; the judge moves its frame."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._change: Change | None = None
        self._request: SentRequest | None = None
        self._phase = "commit"

    def show(self, *, request: SentRequest | None = None, change: Change | None = None, phase: str = "") -> None:
        """Move the frame: what is being judged now."""
        self._request = request
        self._change = change
        self._phase = phase or self._world.phase

    # -------------------------------------------------------------------------------------------------- the frame

    @property
    def trial(self) -> Any:
        return self._world.trial

    @property
    def now_s(self) -> float:
        return self._world.network.now_s

    @property
    def at_rest(self) -> bool:
        return self._world.at_rest

    @property
    def change(self) -> Change | None:
        return self._change

    @property
    def request(self) -> SentRequest | None:
        return self._request

    @property
    def phase(self) -> str:
        return self._phase

    # -------------------------------------------------------------------------------------------------- the store

    def _key(self, api_version: str, kind: str, name: str, namespace: str | None) -> Key:
        return self._world.names.key_of(api_version, kind, namespace, name)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> JsonObject | None:
        return self._world.store.get(self._key(api_version, kind, name, namespace))

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> builtins.list[JsonObject]:
        return self._world.store.list(self._world.names.resource_of(api_version, kind), namespace).items

    def kinds(self) -> builtins.list[tuple[str, str]]:
        return sorted({(obj["apiVersion"], obj["kind"]): None for obj in self.objects()})

    def objects(self) -> builtins.list[JsonObject]:
        return self._world.stored_objects()

    def history(self, ref: ObjectRef) -> builtins.list[StoreEvent]:
        return self._world.history.by_key.get(self._key(ref.api_version, ref.kind, ref.name, ref.namespace), [])

    def committed(self, api_version: str, kind: str) -> builtins.list[StoreEvent]:
        return self._world.history.by_resource.get(self._world.names.resource_of(api_version, kind), [])

    def by_uid(self, uid: str) -> JsonObject | None:
        key = self._world.history.by_uid.get(uid)
        return self._world.store.get(key) if key is not None else None

    def owned(self, uid: str) -> builtins.list[JsonObject]:
        keys = self._world.history.owned.get(uid, {})
        found = (self._world.store.get(key) for key in keys)
        return [obj for obj in found if obj is not None]

    def creator(self, uid: str) -> tuple[str, int] | None:
        return self._world.history.creators.get(uid)

    def deleted_at(self, uid: str) -> int | None:
        return self._world.history.deleted_at.get(uid)

    def sender(self, revision: int) -> tuple[str, float] | None:
        events = self._world.trace.events
        step = self._world.commit_steps.get(revision)
        commit = events[step] if step is not None else None
        return (commit.peer, events[commit.caused_by[0]].time_s) if commit is not None and commit.peer else None

    def changes(self, since_step: int = 0) -> builtins.list[Change]:
        changes = self._world.history.changes
        return [change for change in changes if change.step >= since_step] if since_step else changes

    def is_served(self, api_version: str, kind: str) -> bool:
        return self._world.kinds.find(api_version, kind) is not None

    def is_namespaced(self, api_version: str, kind: str) -> bool | None:
        info = self._world.kinds.find(api_version, kind)
        return info.namespaced if info is not None else None

    # ---------------------------------------------------------------------------------------------- who knows what

    def _knowledge(self, component: str) -> Knowledge | None:
        process = self._world.find_process(component)
        if process is None:
            return None
        sent = self._change.request if self._change is not None else self._request
        if sent is not None and sent.component == component:
            return process.knowledge_of(sent.incarnation)
        return process.knowledge_of(process.incarnation)

    def observed(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        knowledge = self._knowledge(component)
        return knowledge.newest.get(self._key(api_version, kind, name, namespace)) if knowledge is not None else None

    def first_observed(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        knowledge = self._knowledge(component)
        return knowledge.first.get(self._key(api_version, kind, name, namespace)) if knowledge is not None else None

    def observed_uid(self, component: str, uid: str) -> bool:
        knowledge = self._knowledge(component)
        return knowledge is not None and uid in knowledge.uids

    def knew(self, sent: SentRequest, uid: str, revision: int = 0) -> bool:
        process = self._world.find_process(sent.component)
        return process is not None and process.knowledge_of(sent.incarnation).knew(sent, uid, revision)

    def observed_deleted(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> bool:
        knowledge = self._knowledge(component)
        return knowledge is not None and knowledge.deleted.get(self._key(api_version, kind, name, namespace), False)

    def observed_list(self, component: str, api_version: str, kind: str) -> builtins.list[JsonObject]:
        """The newest state of each object of a kind that this life had seen and not been told is gone."""
        knowledge = self._knowledge(component)
        if knowledge is None:
            return []
        resource = self._world.names.resource_of(api_version, kind)
        return [o for k, o in knowledge.newest.items() if k[0] == resource and not knowledge.deleted.get(k, False)]

    def live_read(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> int | None:
        knowledge = self._knowledge(component)
        return knowledge.live_read_of(self._key(api_version, kind, name, namespace)) if knowledge is not None else None

    def ever_observed_spec(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        process = self._world.find_process(component)
        return process.memory.newest.get(self._key(api_version, kind, name, namespace)) if process is not None else None

    def regressions(self, component: str) -> builtins.list[Regression]:
        process = self._world.find_process(component)
        return process.all_regressions() if process is not None else []

    # ------------------------------------------------------------------------------------------------- components

    def components(self) -> builtins.list[ComponentView]:
        return self._world.components()

    def component(self, name: str) -> ComponentView:
        return next(view for view in self._world.components() if view.name == name)

    def cache(self, component: str) -> builtins.list[CacheView]:
        process = self._world.find_process(component)
        if process is None or process.life is None or process.life.client is None:
            return []
        return [
            CacheView(
                api_version=informer.api_version,
                kind=informer.kind,
                namespace=informer.namespace,
                labels=informer.labels,
                fields=informer.fields,
                synced=informer.synced,
                items=informer.items,
            )
            for informer in process.life.client.informers.all()
        ]

    def selects(self, cache: CacheView) -> builtins.list[JsonObject]:
        """What the store holds of this cache's filter."""
        info = self._world.kinds.find(cache.api_version, cache.kind)
        if info is None:
            return []
        by_labels = parse_labels(cache.labels)
        by_fields = parse_fields(info, cache.fields)
        items = self._world.store.list(info.resource, cache.namespace).items
        return [obj for obj in items if by_labels(obj) and by_fields(obj)]

    def reconciles(self, component: str) -> builtins.list[ReconcileRecord]:
        process = self._world.find_process(component)
        return [reconcile.record() for reconcile in process.reconciles] if process is not None else []

    def requests(self, component: str) -> builtins.list[RequestRecord]:
        process = self._world.find_process(component)
        passes = {each.step: _about(each) for each in process.reconciles} if process is not None else {}
        return requests_of(self._world.trace.events, component, passes)

    def streams(self, component: str | None = None) -> builtins.list[StreamRecord]:
        return [
            StreamRecord(
                component=stream.life.process.name,
                incarnation=stream.life.incarnation,
                server=self._world.servers[stream.server].name,
                api_version=stream.request.api_version,
                kind=stream.request.kind,
                namespace=stream.request.namespace,
                labels=stream.request.labels,
                fields=stream.request.fields,
                start_revision=stream.start_revision,
                initial=tuple(stream.initial),
                events=stream.record,
                open=stream.open,
                tampered=stream.tampered,
            )
            for stream in self._world.fabric.stream_log
            if component in (None, stream.life.process.name)
        ]

    def panics(self, component: str) -> builtins.list[str]:
        process = self._world.find_process(component)
        return process.panics if process is not None else []

    # -------------------------------------------------------------------------------------------- outside systems

    def external(self, system: str) -> builtins.list[JsonObject]:
        return self._world.outside.items_of(system)

    def external_systems(self) -> builtins.list[str]:
        return sorted(self._world.outside.systems)

    # ------------------------------------------------------------------------------------------------ fair weather

    def required(self, ref: ObjectRef) -> bool:
        reference = self._world.reference
        return reference is not None and reference.requires(ref, self._world.actions_done)

    def fair_weather_difference(self) -> builtins.list[str]:
        reference = self._world.reference
        return reference.difference(self._world) if reference is not None else []

    def commit_counts(self) -> dict[str, tuple[int, int]]:
        reference = self._world.reference
        return reference.counts_in(self._world) if reference is not None else {}

    def fair_weather_counts(self) -> dict[str, tuple[int, int]] | None:
        reference = self._world.reference
        return reference.counts if reference is not None else None

    def fair_weather_s(self) -> float | None:
        reference = self._world.reference
        return reference.took_s if reference is not None else None

    @property
    def healed_s(self) -> float | None:
        marks = (event for event in reversed(self._world.trace.events) if event.kind == "settle")
        return next((mark.time_s for mark in marks if mark.data.get("phase") == "healed"), None)

    def settled(self, obj: JsonObject) -> bool | None:
        predicate = (self._world.trial.settled or {}).get(obj.get("kind", ""))
        return bool(predicate(self, obj)) if predicate is not None else None

    def effective_writes_in_pass(self) -> builtins.list[Change]:
        world = self._world
        under_test = {process.name for process in world.processes if process.under_test}
        return [change for change in world.history.changes[world.pass_began :] if change.component in under_test]

    def fault_fired(self, name: str) -> bool:
        return name in self._world.weather.fired_counts


def _about(reconcile: Reconcile) -> str:
    where = f"{reconcile.namespace}/{reconcile.name}" if reconcile.namespace else reconcile.name
    return f"{reconcile.controller} {where}"
