"""Operations on watch streams and the informers behind them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.operations.requests import refuse_for
from harness.wire import Stream
from reference_impl.errors import ConnectionLost

if TYPE_CHECKING:
    from harness.world import World


def hold_stream(world: "World", *, component: str, kind: str, seconds: float, **_: Any) -> bool:
    """One collection's stream stands still."""
    return _each_stream(world, component, kind, lambda stream: world.fabric.hold(stream, seconds))


def hold_all(world: "World", *, component: str, seconds: float, **_: Any) -> bool:
    """All streams of a process stand still."""
    return _each_stream(world, component, None, lambda stream: world.fabric.hold(stream, seconds))


def hold_until_another(world: "World", *, stream: Stream | None = None, seconds: float, **_: Any) -> bool:
    """A stream stands still until its client has been told something by a stream of another kind; `seconds` at most."""
    if stream is None or all(other.request.kind == stream.request.kind for other in stream.life.streams):
        return False
    world.fabric.hold_until_another(stream, seconds)
    return True


def cut_stream(
    world: "World", *, component: str, kind: str, relist: bool = False, down_s: float = 0.0, **_: Any
) -> bool:
    """A stream breaks and cannot be opened again for a while. `relist`: then its client has to list."""
    process = world.find_process(component)
    if process is None or process.life is None:
        return False
    if not _each_stream(world, component, kind, lambda stream: world.fabric.cut(stream, relist=relist)):
        return False
    if down_s > 0:
        refuse_for(
            world,
            down_s,
            lambda sender, _server, request: (
                ConnectionLost()
                if sender is process and request.kind == kind and request.verb in ("watch", "list")
                else None
            ),
        )
    return True


def _each_stream(world: "World", component: str, kind: str | None, action: Callable[[Stream], None]) -> bool:
    process = world.find_process(component)
    streams = [s for s in process.life.streams if kind in (None, s.request.kind)] if process and process.life else []
    for stream in streams:
        action(stream)
    return bool(streams)


def relist(world: "World", *, component: str, kind: str, **_: Any) -> bool:
    """An informer lists again: every object comes once more."""
    return _each_informer(world, component, kind, "relist")


def resync(world: "World", *, component: str, kind: str, **_: Any) -> bool:
    """An informer's periodic resync: every cached object is announced once more."""
    return _each_informer(world, component, kind, "resync")


def _each_informer(world: "World", component: str, kind: str, method: str) -> bool:
    """Call it on the informers of this kind that have something to tell, in their process's own context."""
    process = world.find_process(component)
    informers = [i for i in _informers(world, component) if i.kind == kind and i.synced and i.items]
    for informer in informers:
        assert process is not None
        if process.life is not None:
            process.life.context.run(getattr(informer, method))
    return bool(informers)


def split_delivery(world: "World", *, component: str, seconds: float, **_: Any) -> bool:
    """Caches change now, handlers hear of it later: the channel between client-go's store and its listeners."""
    informers = _informers(world, component)
    for informer in informers:
        informer.notify_delay_s = seconds

    def mend() -> None:
        for informer in informers:
            informer.notify_delay_s = None

    world.healers.append(mend)
    return bool(informers)


def _informers(world: "World", component: str) -> list[Any]:
    process = world.find_process(component)
    if process is None or process.life is None or process.life.client is None or process.paused:
        return []
    return process.life.client.informers.all()
