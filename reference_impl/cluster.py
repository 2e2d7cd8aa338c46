"""A whole cluster in one trio process, in real time: a plane, its built-in components, and the API over HTTP.

The composition root of `seatrial serve`. Each component is a process of its own, as far as they can tell: a client,
caches and randomness of its own, and a supervisor that starts it again when it dies, later each time.

Several clusters may share an etcd. Each serves the API; the components run in the one that holds a Lease, as
kube-controller-manager's do, kubelets included: two kubelets of one name would report against each other for ever.
"""

import logging
import random
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import trio

from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.listener import serve
from reference_impl.apiserver.http.page import Components, web_page
from reference_impl.apiserver.http.recording import Recorder
from reference_impl.controllers import CONTROLLERS, Factory
from reference_impl.durability import attend, is_shared
from reference_impl.errors import ApiError, InternalError
from reference_impl.history import History
from reference_impl.kubelet import kubelet
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.runtime import Client, run_process
from reference_impl.runtime.contract import LeadershipLost
from reference_impl.runtime.leader_election import LeaderElector
from reference_impl.store.port import Store, StoreUnavailable

RESTART_FIRST_S: Final = 1.0
RESTART_HIGH_S: Final = 60.0
LEASE: Final = "seatrial-components"
"""In kube-system: who runs controllers, scheduler and kubelets over a shared store."""
USER: Final = "kubernetes-admin"
"""Under whose name requests over HTTP are made: nobody is told apart."""

_LOG: Final = logging.getLogger("seatrial.cluster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a cluster is reached. `token` None: nobody is asked; `tls` None: plain HTTP."""

    listeners: list[trio.SocketListener]
    token: str | None = None
    tls: ssl.SSLContext | None = None
    recorder: Recorder | None = None
    """Writes down what passes."""


async def run_cluster(
    access: Access,
    *,
    store: Store | None = None,
    nodes: int = 2,
    seed: int | None = None,
    built_ins: Sequence[str] = tuple(CONTROLLERS),
    task_status: trio.TaskStatus[LocalPlane] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run until cancelled. `task_status.started(plane)` is called once connections are accepted.

    Raises StoreUnavailable if the store does not answer at the beginning, or is lost for good.

    Args:
        store: where objects are kept; None: in memory. Its caller closes it.
        nodes: kubelets to run, named node-0, node-1, ...
        seed: of uids and generated names; None: other ones every time, which a store that was used before needs.
        built_ins: controllers to run, by name.
    """
    if seed is None:
        seed = random.SystemRandom().getrandbits(64)
    async with trio.open_nursery() as nursery:
        plane = _plane(nursery, seed, store)
        await nursery.start(lambda task_status: attend(plane, task_status=task_status))
        components: Components = {}
        page = web_page(plane.servers, components)
        front = Front(plane.transport(), plane.kinds, now=plane.clock.now, token=access.token, user=USER, page=page)
        nursery.start_soon(plane.send_bookmarks)
        nursery.start_soon(plane.expire_events)
        nursery.start_soon(History(plane).run)
        answer = front.answer if access.recorder is None else access.recorder.around(front.answer)
        await nursery.start(
            lambda task_status: serve(access.listeners, answer, tls=access.tls, task_status=task_status)
        )
        programs: dict[str, Factory] = {name: CONTROLLERS[name] for name in built_ins}
        programs |= {f"kubelet-node-{index}": kubelet(f"node-{index}") for index in range(nodes)}
        nursery.start_soon(run_components, plane, programs, components)
        task_status.started(plane)


def _plane(nursery: trio.Nursery, seed: int, store: Store | None) -> LocalPlane:
    """Raises StoreUnavailable: there is no client yet whom an error could be told."""
    try:
        return LocalPlane(RealClock(nursery), seed=seed, store=store, track_on_create=True, call_webhooks=True)
    except InternalError as error:
        if isinstance(error.__cause__, StoreUnavailable):
            raise error.__cause__ from None
        raise


async def run_components(plane: LocalPlane, programs: dict[str, Factory], components: Components) -> None:
    """Run them for ever; over a shared store only while the Lease is held."""

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            for name, factory in programs.items():
                nursery.start_soon(supervise, plane, name, factory, components)

    if not is_shared(plane):
        await run()
        return
    while True:
        client = Client(plane.environment(LEASE))
        with suppress(LeadershipLost):
            await LeaderElector(client, LEASE).run(run)


async def supervise(plane: LocalPlane, name: str, factory: Factory, components: Components) -> None:
    """Run a component for ever: one that dies is started again, with empty memory, after 1, 2, 4 ... 60 s.

    `components[name]` says how it is.
    """
    wait_s = RESTART_FIRST_S
    how = components[name] = {"state": "running", "starts": 0, "error": None}
    while True:
        began_s = trio.current_time()
        try:
            how |= {"state": "running", "starts": how["starts"] + 1}
            client = Client(plane.environment(name))
            await run_process(client, factory(client))
            how["state"] = "ended"
            return
        except Exception as error:
            how |= {"state": "waits to be restarted", "error": f"{type(error).__name__}: {error}"}
            if isinstance(error, ApiError):
                _LOG.error("%s gave up, and is started again: %s", name, error)
            else:
                _LOG.exception("%s died and is started again", name)
        if trio.current_time() - began_s > 10 * RESTART_HIGH_S:
            wait_s = RESTART_FIRST_S
        await trio.sleep(wait_s)
        wait_s = min(2 * wait_s, RESTART_HIGH_S)
