"""`seatrial serve`: where it listens, who may come in, and the kubeconfig that says so.

On loopback plain HTTP without a token; anywhere else TLS with a throw-away certificate authority and a token, always.
"""

import ipaddress
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import trio

from harness.errors import UsageError
from reference_impl.apiserver.http.kubeconfig import kubeconfig
from reference_impl.apiserver.http.listener import PortInUse, open_listeners, port_of
from reference_impl.apiserver.http.tls import ANY, certify
from reference_impl.cluster import Access, run_cluster
from reference_impl.runtime.supervision import cause_of

_INTERRUPTED: Final = 130


def serve(*, host: str, port: int, kubeconfig_out: str | None, nodes: int, say: Callable[[str], None]) -> int:
    """Serve until interrupted; answers the exit code. Raises UsageError (port in use, no such address)."""
    _allow_many_connections()
    try:
        return trio.run(_serve, host, port, kubeconfig_out, nodes, say)
    except BaseExceptionGroup as group:
        error = cause_of(group)
        if error is None:
            raise
    raise error


async def _serve(host: str, port: int, kubeconfig_out: str | None, nodes: int, say: Callable[[str], None]) -> int:
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
            access = Access(listeners=listeners, token=token, tls=tls)
            await nursery.start(lambda task_status: run_cluster(access, nodes=nodes, task_status=task_status))
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
