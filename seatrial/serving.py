"""`seatrial serve`: where it listens, who may come in, and the kubeconfig that says so.

On loopback plain HTTP without a token; anywhere else TLS with a throw-away certificate authority and a token, always.
Objects are in memory unless a directory or an etcd is named; a store that cannot be opened is the user's to mend (exit
4), and one that is lost while it serves ends the command (exit 3), since nothing that it says can be trusted then.
"""

import ipaddress
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import trio

from harness.errors import SeatrialError, UsageError
from reference_impl.apiserver.http.introspection import VERSION
from reference_impl.apiserver.http.kubeconfig import kubeconfig
from reference_impl.apiserver.http.listener import PortInUse, open_listeners, port_of
from reference_impl.apiserver.http.recording import Recorder, open_recorder
from reference_impl.apiserver.http.tls import ANY, certify
from reference_impl.cluster import Access, run_cluster
from reference_impl.controllers import CONTROLLERS
from reference_impl.durability import Storage
from reference_impl.runtime.supervision import cause_of
from reference_impl.store.port import Store, StoreUnavailable, StoreUnusable

_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What to serve, and where."""

    host: str = "127.0.0.1"
    port: int = 0
    kubeconfig_out: str | None = None
    nodes: int = 2
    api_only: bool = False
    record: str | None = None
    storage: Storage = field(default_factory=Storage)


def serve(options: Serving, *, say: Callable[[str], None]) -> int:
    """Serve until interrupted; answers the exit code.

    Raises UsageError (port in use, no such address, a store that cannot be opened), SeatrialError (the store was lost).
    """
    _allow_many_connections()
    try:
        with options.storage.opened() as store, recording(options.record) as recorder:
            return trio.run(_serve, options, store, recorder, say)
    except StoreUnusable as error:
        option = "--etcd" if options.storage.data_dir is None else "--data-dir"
        raise UsageError(f"{option}: {error}.") from None
    except BaseExceptionGroup as group:
        cause = cause_of(group)
        if cause is None:
            raise
    if isinstance(cause, StoreUnavailable):
        raise SeatrialError(f"the store was lost: {cause}.")
    raise cause


def recording(path: str | None) -> AbstractContextManager[Recorder | None]:
    """A recorder that writes there; None without a path. Raises UsageError."""
    if path is None:
        return nullcontext()
    try:
        return open_recorder(path, of=VERSION["gitVersion"], now=lambda: datetime.now(UTC))  # noqa: TID251
    except FileExistsError:
        raise UsageError(f"--record {path} exists already. Name a new file, or take that one away.") from None
    except OSError as error:
        raise UsageError(
            f"--record {path} cannot be written: {error.strerror}. Name a file that you may write."
        ) from None


async def _serve(options: Serving, store: Store, recorder: Recorder | None, say: Callable[[str], None]) -> int:
    host, port, kubeconfig_out = options.host, options.port, options.kubeconfig_out
    try:
        listeners = await open_listeners(host, port)
    except PortInUse:
        raise UsageError(
            f"--port {port} is in use on {host}. Stop the program that listens there, or leave --port out to take a "
            "free one."
        ) from None
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"--host {host} --port {port} cannot be listened on: {reason}. Name an address of this machine."
        ) from None
    address = _address(host, port_of(listeners))
    token, tls, authority = None, None, None
    if not is_loopback(host):
        token = secrets.token_urlsafe(32)
        tls, authority = certify(host)
    server = f"{'http' if tls is None else 'https'}://{address}"
    async with trio.open_nursery() as nursery:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            access = Access(listeners=listeners, token=token, tls=tls, recorder=recorder)
            nodes, built_ins = (0, ()) if options.api_only else (options.nodes, tuple(CONTROLLERS))
            await nursery.start(
                lambda task_status: run_cluster(
                    access, store=store, nodes=nodes, built_ins=built_ins, task_status=task_status
                )
            )
            if kubeconfig_out is not None:
                write_atomically(Path(kubeconfig_out), kubeconfig(server, token=token, authority=authority))
            say(f"serving the Kubernetes API at {server}")
            if kubeconfig_out is not None:
                say(f"export KUBECONFIG={Path(kubeconfig_out).absolute()}")
            elif token is not None:
                say("no kubeconfig was asked for (--kubeconfig-out FILE), and without its token nobody can come in")
            async for _ in signals:
                break
            nursery.cancel_scope.cancel()
    return _INTERRUPTED


def is_loopback(host: str) -> bool:
    """Can only this machine reach it? A name counts if every address it stands for is loopback."""
    if host in ANY:
        return False
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    return all(ipaddress.ip_address(each.partition("%")[0]).is_loopback for each in found)


def write_atomically(path: Path, content: bytes) -> None:
    """Whole or not at all, and readable by its owner only: it may hold a token. Raises UsageError."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise UsageError(
            f"--kubeconfig-out {path} cannot be written: {error.strerror}. Name a file that you may write."
        ) from None


def _address(host: str, port: int) -> str:
    shown = socket.gethostname() if host in ANY else host
    return f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"


def _allow_many_connections() -> None:
    """Each connection takes a file descriptor; the usual soft limit of 1,024 is soon reached."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
