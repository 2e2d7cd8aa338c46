"""Operations on outside systems."""

from typing import TYPE_CHECKING, Any

from harness.wire import Command
from reference_impl.protocol import ExternalCall

if TYPE_CHECKING:
    from harness.world import World


def external_drift(world: "World", *, command: Command | None = None, item: str | None = None, **_: Any) -> bool:
    """An outside item disappears by itself: the one that a call is about, or `item` ("system/id")."""
    if item is not None:
        system, _slash, key = item.rpartition("/")
    elif command is not None and isinstance(command.request, ExternalCall):
        system, key = command.request.system, command.request.key or ""
    else:
        return False
    outside = world.outside
    if all(known["id"] != key for known in outside.items_of(system)):
        return False
    outside.handle(ExternalCall(system=system, verb="delete", key=key))
    world.cause = world.trace.add(
        world.network.now_s,
        "external",
        system,
        object=key,
        caused_by=(world.cause,) if world.cause >= 0 else (),
        data={"verb": "delete", "phase": "drift"},
    )
    world.last_effective_s = world.network.now_s
    return True


def stale_list(world: "World", *, command: Command | None = None, **_: Any) -> bool:
    """A list answers with an earlier state, if there was one."""
    if command is None or not isinstance(command.request, ExternalCall) or command.request.verb != "list":
        return False
    command.stale = world.outside.has_past(command.request.system)
    return command.stale
