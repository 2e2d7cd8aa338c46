"""Clients that mean no good, on real sockets: each gets a clear answer or is hung up on, memory stays bounded, and the
next client notices nothing.

The rules themselves are tested without sockets, in `tests/reference_impl/apiserver/http/`.
"""

import json
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.wire.served import Served, wait_until

MAPS: Final = "/api/v1/namespaces/default/configmaps"
MIB: Final = 1024 * 1024
PATIENCE_S: Final = 120


@contextmanager
def connected(served: Served, receive_bytes: int | None = None) -> Iterator[socket.socket]:
    where = urlsplit(served.url)
    with socket.socket() as client:
        client.settimeout(PATIENCE_S)
        if receive_bytes is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.connect((where.hostname, where.port))
        yield client


def resident_bytes(served: Served) -> int:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) * 1024


@contextmanager
def grows_at_most(served: Served, most: int) -> Iterator[None]:
    before = resident_bytes(served)
    yield
    grown = resident_bytes(served) - before
    assert grown <= most, f"{grown / MIB:.0f} MiB more than before"
    assert served.ask("GET", "/api/v1/namespaces/default")["kind"] == "Namespace"


def everything(client: socket.socket) -> bytes:
    found = b""
    with suppress(ConnectionError):
        while chunk := client.recv(65536):
            found += chunk
    return found


def post(path: str, body: bytes, media: str = "application/json") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
REFUSED: Final[dict[str, tuple[bytes, tuple[int, ...]]]] = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400,)),
    "two lengths": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", (400,)),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
        (400, 404, 405),
    ),
    "a chunk without end": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 70_000,
        (400, 431),
    ),
    "headers without end": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70_000, (431,)),
    "path traversal": (b"GET /api/v1/namespaces/../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404)),
    "encoded path traversal": (b"GET /api/v1/namespaces/%2e%2e%2fetc HTTP/1.1\r\nHost: x\r\n\r\n", (400,)),
    "an absolute path to a file": (b"GET //etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", (404,)),
    "no JSON": (post(MAPS, b'{"metadata": '), (400,)),
    "JSON of great depth": (post(MAPS, b"[" * 200_000 + b"]" * 200_000), (400,)),
    "JSON with numbers beyond measure": (post(MAPS, b'{"metadata":{"generation":1e999}}'), (400,)),
    "no UTF-8": (post(MAPS, b'{"metadata":{"name":"\xff"}}'), (400,)),
    "no protobuf": (post(MAPS, b"k8s\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", PROTOBUF), (400,)),
    "protobuf without its magic": (post(MAPS, b"\x0a\x02v1", PROTOBUF), (400,)),
    "YAML that grows": (post(MAPS, b"a: &a [x,x]\nb: [*a,*a]\n", "application/yaml"), (400,)),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", REFUSED)
def test_nonsense_is_refused_with_a_status(served: Served, what: str) -> None:
    sent, allowed = REFUSED[what]
    with grows_at_most(served, 64 * MIB), connected(served) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = everything(client)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) in allowed, answer
    assert json.JSONDecoder().raw_decode(body.decode())[0]["kind"] == "Status"


@pytest.mark.slow
def test_bodies_of_a_hundred_megabytes_are_refused_in_bounded_memory(served: Served) -> None:
    answers: list[bytes] = []

    def send() -> None:
        with connected(served) as client:
            head = f"POST {MAPS} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            piece = b"100000\r\n" + b"x" * MIB + b"\r\n"
            with suppress(ConnectionError):
                client.sendall(head.encode())
                for _ in range(100):
                    client.sendall(piece)
            answers.append(everything(client))

    with grows_at_most(served, 100 * MIB):
        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(PATIENCE_S)
    # Whoever goes on sending after two seconds is reset, and may not see the answer.
    assert all(answer.startswith(b"HTTP/1.1 413") for answer in answers if answer)
    assert len(answers) == 4


@pytest.mark.slow
def test_watchers_that_never_read_are_cut_off_and_hold_up_nobody(served: Served) -> None:
    def body(number: int) -> dict[str, Any]:
        return {"metadata": {"name": "big"}, "data": {"text": "x" * 250_000, "number": str(number)}}

    with grows_at_most(served, 150 * MIB), ExitStack() as stack:
        silent = [stack.enter_context(connected(served, receive_bytes=4096)) for _ in range(10)]
        for client in silent:
            client.sendall(f"GET {MAPS}?watch=1&fieldSelector=metadata.name%3Dbig HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert client.recv(12) == b"HTTP/1.1 200"
        served.ask("POST", MAPS, body(0))
        # Ten megabytes for each: what the system holds for a socket, and the four that the server holds, are less.
        for number in range(1, 40):
            served.ask("PUT", f"{MAPS}/big", body(number))
        wait_until(lambda: all(map(is_cut_off, silent)), "every silent watcher is cut off")
    served.ask("DELETE", f"{MAPS}/big")


def is_cut_off(client: socket.socket) -> bool:
    """Without reading what is there: the system knows whether the other end is gone."""
    established = 1
    state = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state != established


@pytest.mark.slow
def test_a_thousand_idle_connections_hold_up_nobody(served: Served) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard) if hard != resource.RLIM_INFINITY else 4096, hard))
    try:
        with grows_at_most(served, 100 * MIB), ExitStack() as stack:
            for _ in range(1000):
                stack.enter_context(connected(served))
            assert served.ask("GET", "/version")["major"] == "1"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
