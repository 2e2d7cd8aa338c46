"""The trial that speed is measured on, and how many events it delivers.

3 ReplicaSets of 3 pods, 6 processes (ReplicaSet controller, scheduler, two kubelets, garbage collector, namespace
controller), 30 steps an example.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.trial import Trial
from harness.world import World

STEPS = 30
BUILT_INS = ("replicaset", "scheduler", "kubelet", "garbage-collector", "namespace")


def trial(steps: int = STEPS) -> Trial:
    """The trial that all speed figures are about."""
    return Trial([], [replicaset(name) for name in ("one", "two", "three")], built_ins=BUILT_INS, max_steps=steps)


def replicaset(name: str, replicas: int = 3) -> dict[str, Any]:
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "image:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod},
    }


@contextmanager
def counted_events() -> Iterator[list[int]]:
    """How many watch events changed an informer's cache, for each world that ends in here, fair weather included."""
    counts: list[int] = []
    close = World.close

    def closing(world: World) -> None:
        close(world)
        counts.append(events_of(world))

    World.close = closing  # type: ignore[method-assign]
    try:
        yield counts
    finally:
        World.close = close  # type: ignore[method-assign]


def events_of(world: World) -> int:
    """Delivered watch events that tell of an effective commit: no heartbeats (Leases, Node status), no bookmarks."""
    events = world.trace.events
    return sum(
        1
        for event in events
        if event.kind == "event" and event.caused_by and events[event.caused_by[0]].data.get("effective")
    )
