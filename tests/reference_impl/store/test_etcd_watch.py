"""A follower of a watch before a server that speaks by hand."""

import socket
from threading import Thread

import pytest

from reference_impl.store.etcd_gateway import Endpoints
from reference_impl.store.etcd_watch import Follower

EVENT = b'{"result":{"events":[{"kv":{"key":"YQ==","mod_revision":"5"}}]}}\n'


@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n"])
def test_closing_ends_a_watch_that_is_silent_in_the_middle_of_its_answer(header: bytes):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        follower = Follower(Endpoints([f"http://127.0.0.1:{listener.getsockname()[1]}"]), 0)
        near, _ = listener.accept()
        with near:
            near.recv(65536)
            length = b"" if header else b"Content-Length: 1000\r\n"
            near.sendall(b"HTTP/1.1 200 OK\r\n" + header + length + b"\r\n" + EVENT)
            heard = follower.take(120)
            assert heard is not None
            assert heard.revision == 5
            closing = Thread(target=follower.close, daemon=True)
            closing.start()
            closing.join(120)
            assert not closing.is_alive()
