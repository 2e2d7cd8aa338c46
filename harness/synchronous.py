"""A world as a test's own rules see it: blocking verbs, no `await`.

Inside a rule of a `ControlPlaneMachine`, `self.world.user.create(...)` sends a command as the user and delivers
messages until its answer is there; `advance` and `settle` let time pass; the paired verbs make weather by hand. What is
done here is not part of a recorded schedule: Hypothesis itself shrinks and replays such tests.
"""

from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from harness.contract import ObjectRef
from harness.example import Example
from harness.operations import OPERATIONS
from harness.settle import settle
from harness.weather import Action
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client

_EDITS = ("update", "patch")
_WRITES = ("create", "update", "update_status", "patch", "delete", "delete_collection")
_EDITED_METADATA = ("annotations", "finalizers", "labels", "ownerReferences")


class Blocking:
    """Something of the user's whose methods are called without `await`.

    Args:
        reach: from the user's Client to that thing.
    """

    def __init__(self, example: Example, reach: Callable[[Client], Any]) -> None:
        self._example = example
        self._reach = reach

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            async def work(client: Client) -> Any:
                answer = getattr(self._reach(client), verb)(*arguments, **named)
                return await answer if isawaitable(answer) else answer

            return self._example.world.run_user(work)

        return call


class BlockingClient(Blocking):
    """All verbs of `Client` but `watch`, as the user, blocking. Raises what they raise."""

    def __init__(self, example: Example) -> None:
        super().__init__(example, lambda client: client)
        self.live = Blocking(example, lambda client: client.live)

    def external(self, system: str) -> Blocking:
        """An outside system, its `call` blocking."""
        return Blocking(self._example, lambda client: client.external(system))

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        if verb == "watch":
            raise AttributeError("world.user has no watch: look at world.list, or write a Component that watches")
        send = super().__getattr__(verb)
        if verb not in _WRITES:
            return send

        def write(*arguments: Any, **named: Any) -> Any:
            if named.get("dry_run"):
                return send(*arguments, **named)
            before = copy_json(self._target(verb, arguments, named))
            answer = send(*arguments, **named)
            self._example.note(_as_action(verb, before, answer, named))
            return answer

        return write

    def _target(self, verb: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> JsonObject | None:
        """The object that is about to be changed, as it is now."""
        get = self._example.world.judge.view.get
        if verb in ("create", "update_status", "delete_collection"):
            return None
        if verb == "update":
            obj = arguments[0] if arguments else named["obj"]
            return get(obj["apiVersion"], obj["kind"], obj["metadata"]["name"], obj["metadata"].get("namespace"))
        names = ("api_version", "kind", "name", "namespace")
        given = {**dict(zip(names, arguments, strict=False)), **{key: named[key] for key in names if key in named}}
        return get(given["api_version"], given["kind"], given["name"], given.get("namespace"))


def _as_action(verb: str, before: JsonObject | None, answer: Any, named: dict[str, Any]) -> Action | None:
    """The workload action that a user's write amounts to; None: there is no such action."""
    if named.get("subresource"):
        return None
    if verb == "create":
        metadata = {key: value for key, value in answer["metadata"].items() if key in (*_EDITED_METADATA, *_NAMES)}
        return {"do": "create", "object": {**_content(answer), "metadata": metadata}}
    if before is None:
        return None
    ref = ObjectRef.to(before)
    target = {"api_version": ref.api_version, "kind": ref.kind, "name": ref.name, "namespace": ref.namespace}
    if verb == "delete":
        propagation = {"propagation": named["propagation"]} if named.get("propagation") else {}
        return {"do": "delete", **target, **propagation}
    if verb not in _EDITS:
        return None
    body = merge_difference(_editable(before), _editable(answer))
    return {"do": "patch", **target, "body": body}


_NAMES = ("name", "generateName", "namespace")


def _content(obj: JsonObject) -> JsonObject:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}


def _editable(obj: JsonObject) -> JsonObject:
    """What of an object is a user's to edit."""
    metadata = {key: value for key, value in obj["metadata"].items() if key in _EDITED_METADATA}
    return {**_content(obj), "metadata": metadata}


def merge_difference(before: JsonObject, after: JsonObject) -> JsonObject:
    """The merge patch (RFC 7396) that makes the one into the other."""
    patch: JsonObject = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := merge_difference(old, value):
                patch[key] = inner
        elif key not in before or value != old:
            patch[key] = value
    return patch


class SynchronousWorld:
    """See the module. Names of components are those of processes: "website", "replicaset", "kubelet-node-0"."""

    def __init__(self, example: Example) -> None:
        self._example = example
        self.user = BlockingClient(example)

    @property
    def now_s(self) -> float:
        return self._example.world.network.now_s

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, and everything due in it happen."""
        world = self._example.world
        world.run(world.network.now_s + seconds)

    def settle(self) -> bool:
        """Wait for rest; False if it does not come."""
        return settle(self._example.world)

    def crash(self, component: str) -> None:
        """The process dies and stays dead until `restart`."""
        world = self._example.world
        world.crash(world.process(component), None)
        world.kernel.pump()

    def restart(self, component: str) -> None:
        world = self._example.world
        world.restart(world.process(component))
        world.kernel.pump()

    def pause(self, component: str) -> None:
        self._example.world.pause(self._example.world.process(component))

    def resume(self, component: str) -> None:
        self._example.world.resume(self._example.world.process(component))

    def partition(self, component: str, server: int | None = None) -> None:
        """No packet passes between a component and one (or every) API server, until `heal`."""
        OPERATIONS["partition"](self._example.world, component=component, server=server, seconds=1e9)

    def heal(self) -> None:
        """Lift all weather."""
        self._example.world.heal()

    def hold(self, component: str, kind: str) -> None:
        """A component's watch on a kind stands still, until `release`."""
        world = self._example.world
        for stream in self._streams(component, kind):
            world.fabric.hold(stream, None)

    def release(self, component: str, kind: str) -> None:
        world = self._example.world
        for stream in self._streams(component, kind):
            world.fabric.release(stream)

    def _streams(self, component: str, kind: str) -> list[Any]:
        life = self._example.world.process(component).life
        return [stream for stream in life.streams if stream.request.kind == kind] if life is not None else []

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> JsonObject | None:
        """The true state of the store, as a copy; None if there is no such object."""
        found = self._example.world.judge.view.get(api_version, kind, name, namespace)
        copied: JsonObject | None = copy_json(found)
        return copied

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> list[JsonObject]:
        """All objects of a kind in the store, as copies."""
        copied: list[JsonObject] = copy_json(self._example.world.judge.view.list(api_version, kind, namespace))
        return copied
