"""A request whose header lines are known is read as h11 reads it, or left to h11."""

from typing import Any

import pytest
import trio
import trio.testing

from reference_impl.apiserver.http import connection
from reference_impl.apiserver.http.connection import serve_connection
from reference_impl.apiserver.http.messages import Answer, HttpRequest
from reference_impl.apiserver.http.plain_requests import PlainRequests


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_KNOWN", PlainRequests())


def seen(*pieces: bytes) -> tuple[list[HttpRequest], bytes]:
    """What the handler got of a connection on which these bytes came, piece by piece; and what was answered."""
    requests: list[HttpRequest] = []

    async def answer(request: HttpRequest) -> Answer:
        requests.append(request)
        return Answer(200, b"{}")

    async def main() -> bytes:
        ours, theirs = trio.testing.memory_stream_pair()
        found = b""

        async def read() -> None:
            nonlocal found
            while chunk := await ours.receive_some():
                found += chunk

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, theirs, answer)
            nursery.start_soon(read)
            for piece in pieces:
                await ours.send_all(piece)
                await trio.testing.wait_all_tasks_blocked()
            await ours.send_eof()
        return found

    return requests, trio.run(main)


def put(body: bytes, *lines: bytes, path: bytes = b"/a") -> bytes:
    head = [b"PUT " + path + b" HTTP/1.1", b"Host: x", *lines, b"Content-Length: %d" % len(body), b"", b""]
    return b"\r\n".join(head) + body


WHOLE = put(b'{"a": 1}')
HEAD, BODY = WHOLE[: -len(b'{"a": 1}')], WHOLE[-len(b'{"a": 1}') :]


@pytest.mark.parametrize(
    "pieces",
    [
        (WHOLE,),
        (HEAD, BODY),
        (HEAD + BODY[:3], BODY[3:5], BODY[5:]),
        (HEAD[:20], HEAD[20:] + BODY),
        (WHOLE + WHOLE,),
        (WHOLE + HEAD, BODY),
        (put(b"12345678", path=b"/b?dryRun=All&x=%20"),),
        (put(b"123456789"),),
        (put(b""),),
        (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",),
        (b"DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n",),
        (put(b'{"a": 1}', b"X-Twice: 1", b"x-twice: 2"),),
        (put(b'{"a": 1}', b"Connection: close"),),
        (b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",),
        (b"PUT /a HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",),
        (put(b"x" * 300_000),),
    ],
)
def test_the_second_time_a_request_is_read_as_the_first_time(pieces: tuple[bytes, ...]) -> None:
    seen(WHOLE)
    first = seen(*pieces)
    assert first[0], "it is a request"
    assert seen(*pieces) == first


def test_a_known_head_whose_body_never_comes_is_refused_as_an_unknown_one() -> None:
    unknown = seen(HEAD + BODY[:3])
    seen(WHOLE)
    assert seen(HEAD + BODY[:3]) == unknown
    assert unknown[1].startswith(b"HTTP/1.1 400")


def test_a_client_that_waits_to_be_told_to_continue_is_told_each_time() -> None:
    expecting = put(b"{}", b"Expect: 100-continue")
    for _ in range(2):
        _, answered = seen(expecting[:-2], expecting[-2:])
        assert answered.startswith(b"HTTP/1.1 100")


def test_header_lines_are_known_whatever_the_path_and_the_body() -> None:
    known: Any = PlainRequests()
    request = HttpRequest("PUT", "/a", "", {"host": "x", "content-length": "8"}, BODY)
    assert known.begun(WHOLE) is None
    known.learn(WHOLE, request)
    other = put(b"87654321", path=b"/b?c=d")
    wanted = HttpRequest("PUT", "/b", "c=d", request.headers, b"87654321")
    assert known.begun(other).whole(other) == wanted
    assert known.begun(put(b"123456789")) is None, "another length is another line"
