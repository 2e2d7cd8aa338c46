"""Writes down what passes: the trace, what caused what, and what each life learned from it.

Causality (design section 6): an event causes a cache update, which is read by a reconcile, which sends a command, which
commits a revision, which emits events. `world.cause` is the step of the message being delivered now.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.knowledge import Knowledge, Moment, Session
from harness.process import RECONCILING, Life, Reconcile
from harness.trace import named
from harness.wire import Command, Stream, session_of
from reference_impl.errors import ApiError, NotFound
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject, WatchEvent
from reference_impl.runtime.informer import Informer
from reference_impl.store.port import Key, StoreEvent

if TYPE_CHECKING:
    from harness.world import World

FACTS = {"ADDED": "CREATED", "MODIFIED": "UPDATED", "DELETED": "DELETED"}
READS_PER_PASS_MAX = 64
"""Causes kept per reconcile pass: more make a graph nobody reads (arbitrary)."""


class Recorder:
    """The scribe of one world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.trace = world.trace

    # ------------------------------------------------------------------------------------------------- commands

    def request(self, life: Life, request: ApiRequest) -> int:
        """A command, in the imperative: CREATE, UPDATE, BIND, ..."""
        reconcile = life.context_reconcile()
        world = self.world
        if reconcile is not None:
            caused_by: tuple[int, ...] = (reconcile.step, *reconcile.reads)
        else:
            caused_by = (world.cause,) if world.cause >= 0 else ()
        return self.trace.add(
            world.network.now_s,
            "request",
            life.process.name,
            peer=world.servers[life.process.server].name,
            object=named(request.kind, request.namespace, request.name),
            caused_by=caused_by,
            data={
                "verb": imperative(request),
                "method": request.verb,
                "subresource": request.subresource,
                "incarnation": life.incarnation,
                "reconcile": reconcile.step if reconcile is not None else None,
            },
        )

    def commit(self, command: Command | None, event: StoreEvent, effective: bool) -> int:
        """A fact, in the past tense: CREATED, BOUND, ..."""
        world = self.world
        sent = command.sent if command is not None else None
        return self.trace.add(
            world.network.now_s,
            "commit",
            world.servers[command.server].name if command is not None else "store",
            peer=command.life.process.name if command is not None else "",
            object=named(event.object.get("kind", event.key[0]), event.key[1], event.key[2]),
            resource_version=event.revision,
            caused_by=(sent.step,) if sent is not None else (world.cause,) if world.cause >= 0 else (),
            data={
                "fact": past_tense(command.request if command is not None else None, event),
                "type": event.type,
                "effective": effective,
                "changed": partial(changed_paths, event.previous, event.object if event.type != "DELETED" else None),
                "value": event.object if event.type != "DELETED" else None,
            },
        )

    def reply(self, command: Command, result: Any, cause: int) -> None:
        """The answer reaches its sender."""
        world, request = self.world, command.request
        error = result if isinstance(result, ApiError) else None
        of_kind = isinstance(request, ApiRequest)
        step = self.trace.add(
            world.network.now_s,
            "reply" if of_kind else "external",
            command.life.process.name,
            peer=world.servers[command.server].name if of_kind else request.system,
            object=named(request.kind, request.namespace, request.name) if of_kind else request.key or "",
            caused_by=(
                command.sent.step if command.sent is not None else command.message_nth,
                *((cause,) if cause >= 0 else ()),
            ),
            data={
                "error": error.reason if error is not None else None,
                "code": error.status if error is not None else 200,
                "verb": request.verb,
                **({} if of_kind else {"phase": "answer"}),
            },
        )
        world.cause = step
        life = command.life
        if error is not None and of_kind and isinstance(error, NotFound) and request.verb == "get" and request.name:
            key = world.names.key_of(request.api_version, request.kind, request.namespace, request.name)
            if not request.resource_version:
                life.knowledge.read_live(key, world.store.revision)
            if key in life.knowledge.newest:
                life.knowledge.deleted[key] = True

    def observe_reply(self, command: Command, result: Any) -> None:
        """What the sender now knows."""
        world, request, knowledge = self.world, command.request, command.life.knowledge
        if request.verb == "watch" or not isinstance(result, dict):
            return
        asked_any = request.resource_version == "0"
        # Known from the reply on: the next thing to happen may already be a read that has to be as new.
        moment = (len(self.trace.events) - 1, world.network.now_s, command.sent.reconcile if command.sent else None)
        asked = command.sent.step if command.sent else None
        session = session_of(request) if request.resource_version else ("live", "", "", "", "")
        if request.verb == "list":
            self._observe_list(knowledge, request, result, session, asked_any, moment, asked)
            return
        if result.get("kind") != request.kind or not result["metadata"].get("uid") or request.dry_run:
            return
        metadata = result["metadata"]
        key = world.names.key_of(request.api_version, request.kind, metadata.get("namespace"), metadata["name"])
        if request.verb == "get":
            knowledge.see_in_session(session, key, result, moment, via="get", asked_any=asked_any, asked=asked)
            if not request.resource_version:
                knowledge.read_live(key, world.store.revision)
        else:
            gone = request.verb == "delete" and not metadata.get("deletionTimestamp")
            knowledge.see(key, result, moment, gone=gone)

    def _observe_list(
        self,
        knowledge: Knowledge,
        request: ApiRequest,
        result: JsonObject,
        session: Session,
        any_: bool,
        moment: Moment,
        asked: int | None,
    ) -> None:
        world = self.world
        for item in result.get("items", ()):
            metadata = item["metadata"]
            key = world.names.key_of(request.api_version, request.kind, metadata.get("namespace"), metadata["name"])
            knowledge.see_in_session(session, key, item, moment, via="list", asked_any=any_, asked=asked)
        if not request.resource_version and not request.labels and not request.fields:
            resource = world.names.resource_of(request.api_version, request.kind)
            knowledge.read_live(resource, int(result["metadata"].get("resourceVersion") or world.store.revision))

    def observe_event(self, stream: Stream, event: WatchEvent, cause: int) -> None:
        """A watch event is delivered."""
        world, life, obj = self.world, stream.life, event.object
        if event.type == "ERROR":
            world.cause = self.trace.add(
                world.network.now_s,
                "event",
                life.process.name,
                peer=world.servers[stream.server].name,
                object=stream.request.kind,
                caused_by=(cause,) if cause >= 0 else (),
                data={"type": "ERROR", "code": obj.get("code")},
            )
            return
        metadata = obj["metadata"]
        namespace, name = metadata.get("namespace"), metadata["name"]
        request = stream.request
        key = world.names.key_of(request.api_version, request.kind, namespace, name)
        life.knowledge.see_in_session(
            session_of(request),
            key,
            obj,
            (len(self.trace.events), world.network.now_s, None),
            via="event",
            asked_any=False,
            gone=event.type == "DELETED",
        )
        world.cause = self.trace.add(
            world.network.now_s,
            "event",
            life.process.name,
            peer=world.servers[stream.server].name,
            object=named(request.kind, namespace, name),
            resource_version=event.revision,
            caused_by=(cause,) if cause >= 0 else (),
            data={"type": event.type, "fact": FACTS.get(event.type, event.type)},
        )

    def external(self, life: Life, call: ExternalCall, phase: str) -> int:
        """A call on an outside system sets out."""
        reconcile = life.context_reconcile()
        world = self.world
        caused_by = (reconcile.step, *reconcile.reads) if reconcile else ((world.cause,) if world.cause >= 0 else ())
        return self.trace.add(
            world.network.now_s,
            "external",
            life.process.name,
            peer=call.system,
            object=call.key or "",
            caused_by=caused_by,
            data={"verb": call.verb, "phase": phase},
        )

    # ------------------------------------------------------------------------------------------------- components

    def cache_changed(self, life: Life, informer: Informer, namespace: str | None, name: str) -> None:
        kind = (informer.api_version, informer.kind)
        life.cache_steps[(*kind, namespace or "", name)] = self.world.cause
        life.cache_steps[(*kind, "", "")] = self.world.cause

    def cache_read(self, life: Life, informer: Informer, namespace: str | None, name: str | None) -> None:
        reconcile = life.context_reconcile()
        if reconcile is None or len(reconcile.reads) >= READS_PER_PASS_MAX:
            return
        where = (informer.api_version, informer.kind, (namespace or "") if name else "", name or "")
        step = life.cache_steps.get(where, -1)
        if step >= 0:
            reconcile.reads[step] = None

    def reconcile_started(self, life: Life, controller: str, namespace: str | None, name: str) -> None:
        world = self.world
        step = self.trace.add(
            world.network.now_s,
            "reconcile",
            life.process.name,
            object=f"{namespace}/{name}" if namespace else name,
            caused_by=(world.cause,) if world.cause >= 0 else (),
            data={"controller": controller},
        )
        reconcile = Reconcile(
            controller=controller,
            namespace=namespace,
            name=name,
            started_s=world.network.now_s,
            incarnation=life.incarnation,
            step=step,
        )
        life.process.reconciles.append(reconcile)
        RECONCILING.set(reconcile)

    def reconcile_finished(self, life: Life, outcome: str, error: BaseException | None) -> None:
        world = self.world
        reconcile = RECONCILING.get()
        if reconcile is None:
            return
        reconcile.finished_s = world.network.now_s
        reconcile.outcome = outcome
        reconcile.error = f"{type(error).__name__}: {error}" if error is not None else None
        RECONCILING.set(None)
        self.trace.add(
            world.network.now_s,
            "reconciled",
            life.process.name,
            object=f"{reconcile.namespace}/{reconcile.name}" if reconcile.namespace else reconcile.name,
            caused_by=(reconcile.step,),
            data={"controller": reconcile.controller, "outcome": outcome, "error": reconcile.error},
        )


def imperative(request: ApiRequest) -> str:
    """The command's name, in the imperative (seed deck: "Commands vs Events")."""
    if request.subresource == "binding":
        return "BIND"
    if request.subresource == "eviction":
        return "EVICT"
    return request.verb.upper()


def past_tense(request: Any, event: StoreEvent) -> str:
    """The fact's name, in the past tense."""
    if isinstance(request, ApiRequest) and request.subresource == "binding":
        return "BOUND"
    return FACTS[event.type]


def changed_paths(before: JsonObject | None, after: JsonObject | None) -> list[str]:
    """What a commit changed, one "path: old -> new" a line; empty for a create or a delete."""
    if before is None or after is None:
        return []
    lines: list[str] = []
    _compare("", before, after, lines)
    return lines


_SILENT = frozenset({"metadata.resourceVersion", "metadata.managedFields", "metadata.generation"})


def _compare(path: str, before: Any, after: Any, lines: list[str]) -> None:
    if before == after or path in _SILENT:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            _compare(f"{path}.{key}" if path else key, before.get(key), after.get(key), lines)
        return
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            _compare(f"{path}[{index}]", old, new, lines)
        return
    lines.append(f"{path}: {_short(before)} -> {_short(after)}")


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) else value
    return text if len(text) <= 60 else text[:57] + "..."


__all__ = ["Key", "Recorder", "changed_paths", "imperative", "past_tense"]
