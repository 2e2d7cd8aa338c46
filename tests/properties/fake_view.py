"""A view written by hand: a tiny store that remembers who did what, and what each component is said to know.

Every `create`, `update`, `delete` commits and becomes `view.change`; `send` makes a request the thing being judged.
Knowledge is never inferred: a test says what a component saw with `sees`, so that it can lie in either direction.
"""

import builtins
from dataclasses import dataclass, field, replace
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
    View,
)
from reference_impl.objects import copy_json, owner_reference, uid_of
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.port import StoreEvent


def make(
    kind: str,
    name: str,
    *,
    api_version: str = "v1",
    namespace: str | None = "default",
    uid: str | None = None,
    owner: JsonObject | None = None,
    spec: JsonObject | None = None,
    status: JsonObject | None = None,
    **metadata: Any,
) -> JsonObject:
    """An object as a manifest would have it, with a uid that is its name unless said."""
    meta: JsonObject = {"name": name, "uid": uid or f"uid-{kind.lower()}-{name}", **metadata}
    if namespace is not None:
        meta["namespace"] = namespace
    if owner is not None:
        meta["ownerReferences"] = [owner_reference(owner)]
    obj: JsonObject = {"apiVersion": api_version, "kind": kind, "metadata": meta}
    if spec is not None:
        obj["spec"] = spec
    if status is not None:
        obj["status"] = status
    return obj


@dataclass
class ComponentFactsFake:
    name: str = "website"
    under_test: bool = True
    elects: bool = False
    external_systems: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ("website",)
    kinds_written: tuple[tuple[str, str], ...] = ()
    kinds_finalized: tuple[tuple[str, str], ...] = ()


@dataclass
class FactsFake:
    kinds: tuple[tuple[str, str], ...] = ()
    components: tuple[Any, ...] = ()
    built_ins: tuple[str, ...] = ()
    external_systems: tuple[str, ...] = ()
    elects: tuple[str, ...] = ()
    profile: str = "kubernetes"
    instances: int = 1


@dataclass
class TrialFake:
    facts: Any = field(default_factory=FactsFake)
    profile: str = "kubernetes"


@dataclass
class FakeView:
    """Implements `View`; what has no method here is set as an attribute."""

    phase: str = "commit"
    at_rest: bool = False
    now_s: float = 0.0
    trial: Any = field(default_factory=TrialFake)
    change: Change | None = None
    request: SentRequest | None = None
    revision: int = 1
    step: int = 0
    stored: dict[ObjectRef, JsonObject] = field(default_factory=dict)
    past: list[StoreEvent] = field(default_factory=list)
    past_changes: list[Change] = field(default_factory=list)
    creators: dict[str, tuple[str, int]] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    lives: dict[str, ComponentView] = field(default_factory=dict)
    seen: dict[str, list[JsonObject]] = field(default_factory=dict)
    seen_gone: dict[str, list[JsonObject]] = field(default_factory=dict)
    remembered: dict[tuple[str, ObjectRef], JsonObject] = field(default_factory=dict)
    live_reads: dict[tuple[str, ObjectRef], int] = field(default_factory=dict)
    caches: dict[str, list[CacheView]] = field(default_factory=dict)
    items: dict[str, list[JsonObject]] = field(default_factory=dict)
    passes: list[ReconcileRecord] = field(default_factory=list)
    requests_sent: dict[str, list[RequestRecord]] = field(default_factory=dict)
    streams_seen: list[StreamRecord] = field(default_factory=list)
    gone_back: list[Regression] = field(default_factory=list)
    requirements: list[ObjectRef] = field(default_factory=list)
    difference: list[str] = field(default_factory=list)
    usual_counts: dict[str, tuple[int, int]] | None = None
    usual_s: float | None = None
    healed_s: float | None = None
    unsettled: list[str] = field(default_factory=list)
    panics_seen: dict[str, list[str]] = field(default_factory=dict)
    writes_in_pass: list[Change] = field(default_factory=list)
    fired: list[str] = field(default_factory=list)
    custom_kinds: list[tuple[str, str]] = field(default_factory=lambda: [("example.com/v1", "Website")])

    # ------------------------------------------------------------------------------------------------ telling a story

    def starts(self, name: str, *, under_test: bool = True, **more: Any) -> None:
        """A component comes to life, or changes (alive=False, incarnation=1, ...)."""
        known = self.lives.get(name) or ComponentView(
            name=name, under_test=under_test, alive=True, incarnation=0, instance=0, elects=False, controllers=(name,)
        )
        self.lives[name] = replace(known, under_test=under_test, **more)

    def rests(self, phase: str = "rest") -> "FakeView":
        self.phase, self.at_rest, self.change, self.request = phase, True, None, None
        return self

    def sends(self, component: str, request: ApiRequest, **more: Any) -> SentRequest:
        """The request being judged as it is sent."""
        self.step += 1
        incarnation = self.lives[component].incarnation if component in self.lives else 0
        values: dict[str, Any] = {
            "component": component,
            "incarnation": incarnation,
            "request": request,
            "sent_s": self.now_s,
            "sent_monotonic_s": self.now_s,
            "lease_until_s": None,
            "step": self.step,
        }
        self.request = SentRequest(**(values | more))
        self.change, self.phase = None, "request"
        return self.request

    def create(
        self, obj: JsonObject, by: str = "user", *, sent: SentRequest | None = None, late: bool = False
    ) -> JsonObject:
        """`late`: it commits after its sender has given it up."""
        ref = ObjectRef.to(obj)
        self.creators[uid_of(obj)] = (by, sent.incarnation if sent else self._incarnation(by))
        final = self._commit(None, copy_json(obj), "create", by, ref, sent)
        assert self.change is not None
        self.change = replace(self.change, late=late)
        self.past_changes[-1] = self.change
        return final

    def update(
        self, obj: JsonObject, by: str = "user", *, verb: str = "update", sent: SentRequest | None = None, **parts: Any
    ) -> JsonObject:
        """Commit a change of `obj`: `parts` replace top-level fields, and are merged into `metadata`."""
        before = self.stored[ObjectRef.to(obj)]
        after = copy_json(before)
        after["metadata"] |= parts.pop("metadata", {})
        after |= parts
        return self._commit(before, after, verb, by, ObjectRef.to(obj), sent)

    def mark_deleting(
        self, obj: JsonObject, by: str = "user", *, sent: SentRequest | None = None, **request: Any
    ) -> JsonObject:
        """A delete that waits: for finalizers, or a grace period."""
        before = self.stored[ObjectRef.to(obj)]
        after = copy_json(before)
        after["metadata"]["deletionTimestamp"] = "2024-01-01T00:00:00Z"
        return self._commit(before, after, "delete", by, ObjectRef.to(obj), sent, **request)

    def delete(
        self,
        obj: JsonObject,
        by: str = "user",
        *,
        sent: SentRequest | None = None,
        verb: str = "delete",
        **request: Any,
    ) -> None:
        ref = ObjectRef.to(obj)
        self._commit(self.stored[ref], None, verb, by, ref, sent, **request)

    def sees(self, component: str, *objects: JsonObject, gone: bool = False) -> None:
        """The component's present life is told of these states; `gone`: that they exist no more."""
        (self.seen_gone if gone else self.seen).setdefault(component, []).extend(objects)
        if gone:
            self.seen.setdefault(component, []).extend(objects)

    def restarts(self, component: str) -> None:
        """A new life: what the old one saw is only remembered by us."""
        for obj in self.seen.pop(component, []):
            self.remembered[(component, ObjectRef.to(obj))] = obj
        self.seen_gone.pop(component, None)
        self.starts(component, incarnation=self.lives[component].incarnation + 1)

    def _incarnation(self, component: str) -> int:
        return self.lives[component].incarnation if component in self.lives else 0

    def _commit(
        self,
        before: JsonObject | None,
        after: JsonObject | None,
        verb: str,
        by: str,
        ref: ObjectRef,
        sent: SentRequest | None,
        **request: Any,
    ) -> JsonObject:
        if sent is None:
            command = ApiRequest(
                verb=verb, api_version=ref.api_version, kind=ref.kind, namespace=ref.namespace, name=ref.name, **request
            )
            sent = self.sends(by, command)
        self.step += 1
        self.revision += 1
        final = after if after is not None else copy_json(before)
        final["metadata"]["resourceVersion"] = str(self.revision)
        if after is not None:
            self.stored[ref] = after
        else:
            del self.stored[ref]
            self.removed[uid_of(final)] = self.revision
        what = "ADDED" if before is None else "DELETED" if after is None else "MODIFIED"
        key = (ref.kind.lower() + "s", ref.namespace or "", ref.name)
        self.past.append(StoreEvent(self.revision, what, key, final, before))
        self.change = Change(
            before=before,
            after=after,
            verb=verb,
            component=by,
            request=sent,
            revision=self.revision,
            ref=ref,
            step=self.step,
        )
        self.past_changes.append(self.change)
        self.request, self.phase = sent, "commit"
        return final

    # ------------------------------------------------------------------------------------------------------- the view

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> JsonObject | None:
        return self.stored.get(ObjectRef(api_version, kind, namespace, name))

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> builtins.list[JsonObject]:
        return [
            obj
            for ref, obj in self.stored.items()
            if (ref.api_version, ref.kind) == (api_version, kind) and namespace in (None, ref.namespace)
        ]

    def kinds(self) -> builtins.list[tuple[str, str]]:
        return sorted({(ref.api_version, ref.kind) for ref in self.stored})

    def objects(self) -> builtins.list[JsonObject]:
        return [self.stored[ref] for ref in sorted(self.stored, key=str)]

    def history(self, ref: ObjectRef) -> builtins.list[StoreEvent]:
        return [event for event in self.past if ObjectRef.to(event.object) == ref]

    def committed(self, api_version: str, kind: str) -> builtins.list[StoreEvent]:
        return [e for e in self.past if (e.object["apiVersion"], e.object["kind"]) == (api_version, kind)]

    def by_uid(self, uid: str) -> JsonObject | None:
        return next((obj for obj in self.stored.values() if uid_of(obj) == uid), None)

    def owned(self, uid: str) -> builtins.list[JsonObject]:
        return [
            obj
            for obj in self.stored.values()
            if any(owner["uid"] == uid for owner in obj["metadata"].get("ownerReferences") or ())
        ]

    def creator(self, uid: str) -> tuple[str, int] | None:
        return self.creators.get(uid)

    def deleted_at(self, uid: str) -> int | None:
        return self.removed.get(uid)

    def sender(self, revision: int) -> tuple[str, float] | None:
        made = (change for change in self.past_changes if change.revision == revision)
        return next(((change.component, change.request.sent_s) for change in made), None)

    def observed(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        ref = ObjectRef(api_version, kind, namespace, name)
        found = [obj for obj in self.seen.get(component, ()) if ObjectRef.to(obj) == ref]
        return found[-1] if found else None

    def first_observed(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        ref = ObjectRef(api_version, kind, namespace, name)
        return next((obj for obj in self.seen.get(component, ()) if ObjectRef.to(obj) == ref), None)

    def observed_uid(self, component: str, uid: str) -> bool:
        return any(uid_of(obj) == uid for obj in self.seen.get(component, ()))

    def observed_deleted(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> bool:
        ref = ObjectRef(api_version, kind, namespace, name)
        return any(ObjectRef.to(obj) == ref for obj in self.seen_gone.get(component, ()))

    def observed_list(self, component: str, api_version: str, kind: str) -> builtins.list[JsonObject]:
        gone = [uid_of(obj) for obj in self.seen_gone.get(component, ())]
        newest = {ObjectRef.to(obj): obj for obj in self.seen.get(component, ())}
        return [
            obj
            for ref, obj in newest.items()
            if (ref.api_version, ref.kind) == (api_version, kind) and uid_of(obj) not in gone
        ]

    def knew(self, request: SentRequest, uid: str, revision: int = 0) -> bool:
        return any(
            uid_of(obj) == uid and int(obj["metadata"]["resourceVersion"]) >= revision
            for obj in self.seen.get(request.component, ())
        )

    def live_read(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> int | None:
        return self.live_reads.get((component, ObjectRef(api_version, kind, namespace, name)))

    def ever_observed_spec(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        now = self.observed(component, api_version, kind, name, namespace)
        before = self.remembered.get((component, ObjectRef(api_version, kind, namespace, name)))
        states = [obj for obj in (now, before) if obj is not None]
        return max(states, key=lambda obj: int(obj["metadata"]["resourceVersion"])) if states else None

    def components(self) -> builtins.list[ComponentView]:
        return list(self.lives.values())

    def component(self, name: str) -> ComponentView:
        return self.lives[name]

    def is_served(self, api_version: str, kind: str) -> bool:
        return "." not in api_version or (api_version, kind) in self.custom_kinds

    def is_namespaced(self, api_version: str, kind: str) -> bool | None:
        return kind not in ("Node", "Namespace") if self.is_served(api_version, kind) else None

    def cache(self, component: str) -> builtins.list[CacheView]:
        return self.caches.get(component, [])

    def selects(self, cache: CacheView) -> builtins.list[JsonObject]:
        """Selectors are not parsed here: a test that has one picks objects by the label `picked`."""
        found = self.list(cache.api_version, cache.kind, cache.namespace)
        return [o for o in found if cache.labels is None or o["metadata"].get("labels", {}).get("picked")]

    def external(self, system: str) -> builtins.list[JsonObject]:
        return self.items[system]

    def external_systems(self) -> builtins.list[str]:
        return sorted(self.items)

    def reconciles(self, component: str) -> builtins.list[ReconcileRecord]:
        return [record for record in self.passes if record.controller in self.lives[component].controllers]

    def requests(self, component: str) -> builtins.list[RequestRecord]:
        return self.requests_sent.get(component, [])

    def streams(self, component: str | None = None) -> builtins.list[StreamRecord]:
        return [stream for stream in self.streams_seen if component in (None, stream.component)]

    def regressions(self, component: str) -> builtins.list[Regression]:
        return [regression for regression in self.gone_back if regression.component == component]

    def changes(self, since_step: int = 0) -> builtins.list[Change]:
        return [change for change in self.past_changes if change.step >= since_step]

    def required(self, ref: ObjectRef) -> bool:
        return ref in self.requirements

    def fair_weather_difference(self) -> builtins.list[str]:
        return self.difference

    def commit_counts(self) -> dict[str, tuple[int, int]]:
        counts: dict[str, tuple[int, int]] = {}
        for event in self.past:
            if event.type != "MODIFIED":
                ref, went = ObjectRef.to(event.object), event.type == "DELETED"
                role = f"{ref.kind}/{ref.namespace}/{ref.name}"
                created, removed = counts.get(role, (0, 0))
                counts[role] = (created + (not went), removed + went)
        return counts

    def fair_weather_counts(self) -> dict[str, tuple[int, int]] | None:
        return self.usual_counts

    def fair_weather_s(self) -> float | None:
        return self.usual_s

    def settled(self, obj: JsonObject) -> bool | None:
        return False if obj["metadata"]["name"] in self.unsettled else None

    def panics(self, component: str) -> builtins.list[str]:
        return self.panics_seen.get(component, [])

    def effective_writes_in_pass(self) -> builtins.list[Change]:
        return self.writes_in_pass

    def fault_fired(self, name: str) -> bool:
        return name in self.fired


def conforms(view: FakeView) -> View:
    """Checked by the type checker: this fake is a `View`."""
    return view
