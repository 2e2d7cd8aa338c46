"""A world as a test's own rules see it: blocking verbs, no `await`.

Inside a rule of a `ControlPlaneMachine`, `self.world.user.create(...)` sends a command as the user and delivers
messages until its answer is there; `advance` and `settle` let time pass; the paired verbs make weather by hand. What is
done here is not part of a recorded schedule: Hypothesis itself shrinks and replays such tests.
"""

from collections.abc import Callable
from typing import Any

from harness.example import Example
from harness.operations import OPERATIONS
from harness.settle import settle
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject


class BlockingClient:
    """All verbs of `Client`, as the user, blocking."""

    def __init__(self, example: Example) -> None:
        self._example = example

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        world = self._example.world

        def call(*arguments: Any, **named: Any) -> Any:
            return world.run_user(lambda client: getattr(client, verb)(*arguments, **named))

        return call


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
