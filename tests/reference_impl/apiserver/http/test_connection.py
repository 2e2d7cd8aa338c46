"""What a client can do wrong with a socket ends there, with a clear answer and in bounded memory."""

import h11
import pytest
import trio
import trio.testing

from reference_impl.apiserver.http import connection
from reference_impl.apiserver.http.connection import serve_connection
from reference_impl.apiserver.http.messages import Answer

MAPS = "/api/v1/namespaces/default/configmaps"


async def everything(stream) -> bytes:
    found = b""
    while chunk := await stream.receive_some():
        found += chunk
    return found


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_not_http_is_answered_with_a_status_and_hung_up(run, garbage):
    async def test(site):
        stream = site.connect().stream
        await stream.send_all(garbage)
        answer = await everything(stream)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501", b"HTTP/1.1 505")), answer
        assert b'"kind":"Status"' in answer

    run(test)


def test_endless_headers_are_refused(run):
    async def test(site):
        stream = site.connect().stream
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (connection.HEADERS_MAX + 1))
        assert (await everything(stream)).startswith(b"HTTP/1.1 431")

    run(test)


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_of_a_hundred_megabytes_is_413_and_never_held(run, announced):
    size = 100 * 1024 * 1024
    length = f"Content-Length: {size}" if announced else "Transfer-Encoding: chunked"

    async def test(site):
        stream = site.connect().stream
        taken = 0

        async def send():
            nonlocal taken
            await stream.send_all(f"POST {MAPS} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
            block = b"x" * 65536
            piece = block if announced else b"10000\r\n" + block + b"\r\n"
            try:
                for _ in range(size // len(block)):
                    await stream.send_all(piece)
                    taken += len(block)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass

        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            answer = await everything(stream)
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"RequestEntityTooLarge" in answer

    run(test)


def test_a_body_within_the_limit_is_taken(run, config_map):
    async def test(site):
        assert (await site.ask("POST", MAPS, config_map(a="x" * 900_000))).status == 201

    run(test)


def test_expect_100_continue_is_answered_before_the_body_is_sent(run, config_map):
    async def test(site):
        import json

        client = site.connect()
        body = json.dumps(config_map()).encode()
        head = [("host", "x"), ("content-length", str(len(body))), ("expect", "100-continue")]
        await client.stream.send_all(client.http.send(h11.Request(method="POST", target=MAPS, headers=head)))
        assert (await client.event()).status_code == 100
        await client.stream.send_all(client.http.send(h11.Data(data=body)))
        client.http.send(h11.EndOfMessage())
        assert (await client.reply()).status == 201

    run(test)


def test_requests_follow_each_other_on_one_connection(run):
    async def test(site):
        stream = site.connect().stream
        await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        answers = b""
        while answers.count(b"\r\n\r\nok") < 3:
            answers += await stream.receive_some()

    run(test)


def test_a_silent_client_is_hung_up_on(run):
    async def test(site):
        stream = site.connect().stream
        await stream.send_all(b"GET / HT")
        before_s = trio.current_time()
        assert await stream.receive_some() == b""
        assert trio.current_time() - before_s == pytest.approx(connection.IDLE_S)

    run(test)


def test_a_thousand_idle_connections_hold_nobody_up(run):
    async def test(site):
        idle = [site.connect() for _ in range(1000)]
        assert (await site.ask("GET", "/healthz")).status == 200
        assert len(idle) == 1000

    run(test)


def test_a_head_has_no_body(run):
    async def test(site):
        client = site.connect()
        reply = await client.ask("HEAD", "/healthz")
        assert (reply.status, reply.body) == (200, b"")
        assert (await client.ask("GET", "/healthz")).body == b"ok"

    run(test)


def test_a_client_that_never_reads_its_answer_is_hung_up_on():
    """The pair has no buffer: a send waits until the other end reads."""

    async def answer(request):
        return Answer(200, b"x")

    async def main():
        ours, theirs = trio.testing.lockstep_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, theirs, answer)
            await ours.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            before_s = trio.current_time()
            await trio.testing.wait_all_tasks_blocked()
            with trio.move_on_after(connection.SEND_S + 1):
                await trio.sleep_forever()
            with pytest.raises((trio.BrokenResourceError, trio.ClosedResourceError)):
                await ours.send_all(b"more")
            assert trio.current_time() - before_s >= connection.SEND_S

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /api/v1/namespaces/default HTTP/1.1",
        b"GET /none?x=y HTTP/1.1",
        b"GET /a%20b?limit=%zz HTTP/1.1",
        b"GET /" + b"a" * 5000 + b" HTTP/1.1",
        b"GET / HTTP/1.0",
        b"GET  / HTTP/1.1",
        b"GET /a\x7fb HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET http://x/ HTTP/1.1",
        b"HEAD /healthz HTTP/1.1",
        b"get / HTTP/1.1",
        b"POST /api/v1/namespaces HTTP/1.1",
    ],
)
@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n", b"Content-Length: 2\r\n", b"Expect: 100-continue\r\n"])
def test_a_request_is_answered_alike_whether_its_header_lines_were_seen_before_or_not(run, request_line, more):
    async def test(site):
        lines = b"\r\nHost: x\r\nUser-Agent: " + request_line[:8].hex().encode() + b"\r\n" + more + b"\r\n"

        async def answer() -> bytes:
            stream = site.connect().stream
            await stream.send_all(request_line + lines)
            await stream.send_eof()
            return await everything(stream)

        first = await answer()
        # The header lines become known by a request that is in order, if they ever do.
        stream = site.connect().stream
        await stream.send_all(b"GET /healthz HTTP/1.1" + lines)
        await stream.send_eof()
        await everything(stream)
        assert await answer() == first != b""

    run(test)


def test_a_get_with_a_body_of_no_chunks_does_not_leave_its_end_behind(run):
    async def test(site):
        head = b"GET /healthz HTTP/1.1\r\nHost: chunks\r\nTransfer-Encoding: chunked\r\n\r\n"
        stream = site.connect().stream
        for sent in (head, b"0\r\n\r\n") * 3:
            await stream.send_all(sent)
            await trio.testing.wait_all_tasks_blocked()
        await stream.send_eof()
        answers = await everything(stream)
        assert (answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 4")) == (3, 0)

    run(test)


def test_a_head_that_breaks_off_is_refused_without_a_body(run, caplog):
    async def test(site):
        stream = site.connect().stream
        await stream.send_all(b"HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        await stream.send_eof()
        answer = await everything(stream)
        assert answer.startswith(b"HTTP/1.1 400")
        assert answer.endswith(b"\r\n\r\n")

    run(test)
    assert caplog.records == []


def test_requests_that_come_in_pieces_or_together_are_answered_in_order(run):
    async def test(site):
        whole = b"GET /healthz HTTP/1.1\r\nHost: pieces\r\n\r\n"
        stream = site.connect().stream
        answers = b""
        for sent in (whole, whole, whole[:10], whole[10:] + whole, whole + whole[:-1], whole[-1:], whole):
            await stream.send_all(sent)
            await trio.testing.wait_all_tasks_blocked()
        while answers.count(b"\r\n\r\nok") < 7:
            answers += await stream.receive_some()
        assert answers.count(b"HTTP/1.1 200") == 7

    run(test)
