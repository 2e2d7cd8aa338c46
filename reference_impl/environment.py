"""What a process is given from outside: a transport, a clock, randomness, and someone who may watch it work.

The seam that makes the reference implementation testable without knowing that it is tested: `plane.py` passes real
ones, the harness its own. The probe is ordinary telemetry, like client-go's metrics providers: it never changes what a
component does.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from reference_impl.protocol import JsonObject, Transport

if TYPE_CHECKING:
    from reference_impl.runtime.informer import Informer


class Timer(Protocol):
    def cancel(self) -> None:
        """Not to be called any more. Idempotent, also after it fired."""


Heartbeat = bool | Literal["sign", "check"]
"""True marks periodic upkeep (lease renewal, node status, monitors) that goes on for ever: waiting for rest does not
wait for it. "sign": it tells others that somebody lives; "check": it looks for such signs. Where time is virtual these
two may be left out for as long as nothing at all happens, if whoever looks next sees a fresh sign."""


class Clock(Protocol):
    """One process's idea of time. Clocks of different processes may disagree: there is no shared wall clock."""

    def now(self) -> datetime:
        """Wall clock, aware, UTC."""

    def monotonic_s(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...

    def call_later(self, seconds: float, callback: Callable[[], None], *, heartbeat: Heartbeat = False) -> Timer:
        """Call back once after so many seconds."""


class Probe(Protocol):
    """Hears what a process does. All methods are synchronous and must not raise. `kind` is "Pod", `key` (namespace,
    name)."""

    def cache_changed(self, informer: "Informer", namespace: str | None, name: str, obj: JsonObject | None) -> None:
        """An informer's cache now holds `obj` for this name (None: no longer)."""

    def cache_read(self, informer: "Informer", namespace: str | None, name: str | None) -> None:
        """A cached get (`name` given) or list (`name` None)."""

    def reconcile_started(self, controller: str, namespace: str | None, name: str) -> None: ...

    def reconcile_finished(
        self, controller: str, namespace: str | None, name: str, outcome: str, error: BaseException | None
    ) -> None:
        """`outcome`: done, requeue, requeue_after, error, terminal, panic."""

    def lease_held(self, lease: str, identity: str, until_s: float | None) -> None:
        """This process holds the lease until `until_s` on its own monotonic clock; None: no longer."""


class NoProbe:
    """The probe that hears nothing: the default outside a trial."""

    def cache_changed(self, informer: "Informer", namespace: str | None, name: str, obj: JsonObject | None) -> None:
        pass

    def cache_read(self, informer: "Informer", namespace: str | None, name: str | None) -> None:
        pass

    def reconcile_started(self, controller: str, namespace: str | None, name: str) -> None:
        pass

    def reconcile_finished(
        self, controller: str, namespace: str | None, name: str, outcome: str, error: BaseException | None
    ) -> None:
        pass

    def lease_held(self, lease: str, identity: str, until_s: float | None) -> None:
        pass


@dataclass(slots=True, kw_only=True)
class Environment:
    """Everything one process gets. `instance` numbers copies of one program (0, 1, ...)."""

    name: str
    transport: Transport
    clock: Clock
    random: random.Random
    probe: Probe = field(default_factory=NoProbe)
    instance: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    shuffle: Callable[[list[JsonObject]], None] | None = None
    """Reorders cached lists in place: informer indexes promise no order. None leaves insertion order."""
