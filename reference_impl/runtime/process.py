"""One process: the parts that a factory returned, their shared informers, and what ends them all at once.

The parts share a client, its caches and its clock, and nothing else; they live and die together. Controllers that
elect start only while leading, and losing the lease ends the whole process, as controller-runtime's manager does.
Source: controller-runtime `pkg/manager/internal.go`.
"""

from collections.abc import Sequence

from reference_impl.runtime.client import Client
from reference_impl.runtime.contract import Component, Controller, Part
from reference_impl.runtime.controller_loop import ControllerLoop
from reference_impl.runtime.informer import Informer
from reference_impl.runtime.leader_election import LeaderElector
from reference_impl.runtime.supervision import open_process_nursery


class Process:
    """A process, ready to run. `loops` and `informers` may be looked at from outside while it does.

    Args:
        client: the process's own; never shared between processes.
        parts: what the factory returned.

    Raises:
        TypeError: a part is neither a Controller nor a Component.
        ValueError: two parts have one name.
    """

    def __init__(self, client: Client, parts: "Part | Sequence[Part]") -> None:
        self.client = client
        self.parts: list[Part] = _listed(parts)
        self.loops = [ControllerLoop(client, part) for part in self.parts if isinstance(part, Controller)]

    @property
    def informers(self) -> list[Informer]:
        return self.client.informers.all()

    @property
    def idle(self) -> bool:
        """No controller has anything queued, being reconciled or being mapped. Says nothing of Components."""
        return all(loop.idle for loop in self.loops)

    def resync(self) -> None:
        """Deliver every cached object again as an update."""
        for informer in self.informers:
            informer.resync()

    def relist(self) -> None:
        """Every informer lists again now."""
        for informer in self.informers:
            informer.relist()

    async def run(self) -> None:
        """Run until every part has returned (controllers never do), or one fails.

        Raises what ended the process: a panic as it was raised, `LeadershipLost`, or an `ApiError` or other exception
        that left a Component. One exception, never a group.
        """
        async with open_process_nursery() as informers:
            self.client.informers.start(informers)
            async with open_process_nursery() as nursery:
                electing: dict[str, list[ControllerLoop]] = {}
                for loop in self.loops:
                    lease = loop.controller.leader_election
                    if lease is None:
                        nursery.start_soon(loop.run, name=loop.controller.name)
                    else:
                        electing.setdefault(lease, []).append(loop)
                for lease, loops in electing.items():
                    nursery.start_soon(self._lead, lease, loops, name=f"elect {lease}")
                for part in self.parts:
                    if isinstance(part, Component):
                        nursery.start_soon(part.run, name=part.name)
            informers.cancel_scope.cancel()

    async def _lead(self, lease: str, loops: list[ControllerLoop]) -> None:
        async def run_all() -> None:
            async with open_process_nursery() as nursery:
                for loop in loops:
                    nursery.start_soon(loop.run, name=loop.controller.name)

        await LeaderElector(self.client, lease).run(run_all)


async def run_process(client: Client, parts: "Part | Sequence[Part]") -> None:
    """Run one process. See `Process.run` for what it raises."""
    await Process(client, parts).run()


def _listed(parts: "Part | Sequence[Part]") -> list[Part]:
    listed: list[Part] = [parts] if isinstance(parts, (Controller, Component)) else _as_list(parts)
    names: dict[str, None] = {}
    for part in listed:
        if part.name in names:
            raise ValueError(f"two parts of one process are named {part.name!r}: give each its own name")
        names[part.name] = None
    return listed


def _as_list(parts: object) -> list[Part]:
    listed = parts if isinstance(parts, (list, tuple)) else [parts]
    for part in listed:
        if not isinstance(part, (Controller, Component)):
            raise TypeError(
                f"{part!r} cannot be run: a factory returns a Controller, a Component, or a list of them"
                + (" (is it the factory itself? call it with a Client)" if callable(part) else "")
            )
    return list(listed)
