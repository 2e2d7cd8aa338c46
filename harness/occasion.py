"""What fault kinds ask of the occasion that they are offered: is this upkeep, which component, which server.

Plain functions, so that each kind stays a few lines. None looks at the plane of a `Message`: a message may be a sample
from a rehearsal whose world is closed. A `Moment`'s plane answers in either case.
"""

from collections.abc import Callable, Sequence

from harness.contract import ComponentView, Draw, Message, Moment, Plane

READS = ("get", "list", "watch")
RUNTIME_PREFIX = "containers/"
"""Outside systems that belong to a node's kubelet alone: its container runtime. Their weather is the node's."""
NODE_LEASES = "kube-node-lease"

TESTED_WEIGHT = 3
"""A component under test is drawn three times as often as another (arbitrary)."""


def is_upkeep(message: Message) -> bool:
    """Nobody acts on it, or it is repeated every few seconds: Events, heartbeats of nodes, bookmarks.

    Leases of leader elections are not upkeep: losing one decides who may act.
    """
    if message.kind == "Event" or message.verb == "BOOKMARK":
        return True
    if message.kind == "Lease":
        return message.namespace == NODE_LEASES
    return message.kind == "Node" and message.component.startswith("kubelet-") and message.verb != "create"


def is_request(occasion: Message | Moment) -> bool:
    """A command or read that reaches its API server."""
    return isinstance(occasion, Message) and occasion.phase == "request" and not is_upkeep(occasion)


def is_command(occasion: Message | Moment) -> bool:
    """A write that reaches its API server."""
    return is_request(occasion) and isinstance(occasion, Message) and occasion.verb not in READS


def is_commit(occasion: Message | Moment) -> bool:
    """The reply to a write that changed the store."""
    return (
        isinstance(occasion, Message) and occasion.phase == "reply" and occasion.committed and not is_upkeep(occasion)
    )


def is_event(occasion: Message | Moment) -> bool:
    """A watch event that tells of a change."""
    return isinstance(occasion, Message) and occasion.phase == "event" and not is_upkeep(occasion)


def is_external(occasion: Message | Moment, phase: str, *verbs: str) -> bool:
    """A call on an outside system (container runtimes apart) in this phase; no verbs: any."""
    return (
        isinstance(occasion, Message)
        and occasion.phase == phase
        and not occasion.kind.startswith(RUNTIME_PREFIX)
        and (not verbs or occasion.verb in verbs)
    )


def server_number(name: str) -> int:
    """ "apiserver-1" is server 1."""
    return int(name.rpartition("-")[2])


def living(plane: Plane, wanted: Callable[[ComponentView], bool] | None = None) -> list[str]:
    """Names of living components (that are wanted), sorted; those under test three times each."""
    names: list[str] = []
    for component in sorted(plane.components(), key=lambda view: view.name):
        if component.alive and (wanted is None or wanted(component)):
            names.extend([component.name] * (TESTED_WEIGHT if component.under_test else 1))
    return names


def struck_component(
    occasion: Message | Moment, draw: Draw, wanted: Callable[[ComponentView], bool] | None = None
) -> str | None:
    """A message's own component; at a moment, one that is drawn from the living. None: there is none."""
    if isinstance(occasion, Message):
        return occasion.component
    names = living(occasion.plane, wanted)
    return str(draw.choice("component", names)) if names else None


def struck_stream(occasion: Message | Moment, draw: Draw) -> tuple[str, str] | None:
    """(component, kind): a message's own; at a moment, drawn from the open watch streams. None: there is none."""
    if isinstance(occasion, Message):
        return occasion.component, occasion.kind
    plane = occasion.plane
    component = struck_component(occasion, draw, lambda view: bool(plane.streams_of(view.name)))
    if component is None:
        return None
    kinds = [kind for _, kind in plane.streams_of(component)]
    return component, str(draw.choice("kind", kinds))


def draw_of(options: Sequence[str], draw: Draw, name: str) -> str | None:
    """One of `options`, or None if there are none."""
    return str(draw.choice(name, list(options))) if options else None
