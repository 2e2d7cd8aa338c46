"""Watches are streams of lines that end when either side wants, and that nobody can make grow."""

import pytest
import trio
import trio.testing

from reference_impl.apiserver.http import watching
from reference_impl.apiserver.http.connection import serve_connection
from reference_impl.apiserver.http.front import Front
from reference_impl.errors import ConnectionLost, Gone
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.protocol import ApiRequest

MAPS = "/api/v1/namespaces/default/configmaps"


def kinds_of(events):
    return [(event["type"], event["object"]["metadata"].get("name")) for event in events]


@pytest.mark.parametrize("flag", ["watch=true", "watch=True", "watch=1", "watch"])
def test_booleans_come_in_every_spelling(run, config_map, flag):
    async def test(site):
        await site.ask("POST", MAPS, config_map())
        seen = [event async for event in site.connect().watch(f"{MAPS}?{flag}&timeoutSeconds=5")]
        assert kinds_of(seen) == [("ADDED", "a")]

    run(test)


def test_a_watch_goes_on_from_its_revision_until_its_timeout(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map())
        revision = (await site.ask("GET", MAPS)).json["metadata"]["resourceVersion"]
        began_s = trio.current_time()
        stream = site.connect().watch(f"{MAPS}?watch=true&resourceVersion={revision}&timeoutSeconds=30")

        async def change():
            await site.ask("DELETE", f"{MAPS}/a")

        site.nursery.start_soon(change)
        seen = [event async for event in stream]
        assert kinds_of(seen) == [("DELETED", "a")]
        assert trio.current_time() - began_s == pytest.approx(30)

    run(test)


def test_initial_events_end_with_a_bookmark_that_says_so(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map())
        options = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        seen = [event async for event in site.connect().watch(f"{MAPS}?{options}&timeoutSeconds=5")]
        assert [event["type"] for event in seen] == ["ADDED", "BOOKMARK"]
        assert seen[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        unmatched = await site.ask("GET", f"{MAPS}?watch=1&sendInitialEvents=true")
        assert (unmatched.status, unmatched.json["reason"]) == (422, "Invalid")

    run(test)


def test_bookmarks_come_every_minute_to_who_asked(run):
    async def test(site):
        site.nursery.start_soon(site.plane.send_bookmarks)
        asked = site.connect().watch(f"{MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=150")
        assert [event["type"] async for event in asked] == ["BOOKMARK", "BOOKMARK"]
        others = site.connect().watch(f"{MAPS}?watch=1&timeoutSeconds=150")
        assert [event["type"] async for event in others] == []

    run(test)


def test_a_revision_that_is_gone_is_an_error_event(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map())
        site.plane.store.compact(site.plane.store.revision)
        seen = [event async for event in site.connect().watch(f"{MAPS}?watch=1&resourceVersion=1")]
        assert [event["type"] for event in seen] == ["ERROR"]
        assert (seen[0]["object"]["code"], seen[0]["object"]["reason"]) == (410, "Expired")

    run(test)


def test_the_old_watch_path_and_a_watch_of_one_name(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map("a"))
        await site.ask("POST", MAPS, config_map("b"))
        path = "/api/v1/watch/namespaces/default/configmaps/b?timeoutSeconds=5"
        assert kinds_of([event async for event in site.connect().watch(path)]) == [("ADDED", "b")]

    run(test)


def test_a_client_that_hangs_up_ends_its_watch(run):
    async def test(site):
        client = site.connect()
        await client.send("GET", f"{MAPS}?watch=1")
        await client.event()
        assert len(site.plane.servers[0].streams()) == 1
        await client.stream.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert site.plane.servers[0].streams() == []

    run(test)


def test_a_watcher_that_does_not_read_is_cut_off_in_bounded_memory(run, config_map, monkeypatch):
    monkeypatch.setattr(watching, "PENDING_MAX", 100_000)

    async def test(site):
        answer = await watching.open_watch(
            site.plane.transport(),
            ApiRequest(verb="watch", api_version="v1", kind="ConfigMap", namespace="default"),
            watching.EventEncoder(),
        )
        for number in range(300):
            await site.ask("POST", MAPS, config_map(f"m{number}", text="x" * 1000))
        assert site.plane.servers[0].streams() == []
        assert answer.waiting_bytes <= 100_000
        with pytest.raises(watching.Broken):
            await answer.take()

    run(test)


def test_who_waits_for_a_watcher_that_does_not_read_waits_no_longer_when_it_is_cut_off(config_map, monkeypatch):
    """The pair has no buffer: a send waits until the other end reads."""
    monkeypatch.setattr(watching, "PENDING_MAX", 100_000)

    async def main():
        async with trio.open_nursery() as nursery:
            plane = LocalPlane(RealClock(nursery))
            front = Front(plane.transport(), plane.kinds, now=plane.clock.now)
            ours, theirs = trio.testing.lockstep_stream_pair()
            over = trio.Event()

            async def serve():
                await serve_connection(theirs, front.answer)
                over.set()

            nursery.start_soon(serve)
            await ours.send_all(f"GET {MAPS}?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await ours.receive_some(65536)
            transport = plane.transport()
            for number in range(300):
                body = config_map(f"m{number}", text="x" * 1000)
                where = {"api_version": "v1", "kind": "ConfigMap", "namespace": "default"}
                await transport.request(ApiRequest(verb="create", body=body, **where))
            before_s = trio.current_time()
            await over.wait()
            assert trio.current_time() == before_s
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_tables_can_be_watched(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map())
        accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
        seen = [event async for event in site.connect().watch(f"{MAPS}?watch=1&timeoutSeconds=5", accept=accept)]
        assert [event["object"]["rows"][0]["cells"][0] for event in seen] == ["a"]

    run(test)


class _Backend:
    """Opens a watch and ends it the given way."""

    def __init__(self, error):
        self.error = error

    async def watch(self, request, deliver, closed):
        closed(self.error)
        return self

    def close(self):
        pass


def test_a_backend_that_loses_the_connection_breaks_the_stream_in_the_middle(run):
    async def test(site):
        client = site.connect()
        await client.send("GET", f"{MAPS}?watch=1")
        assert (await client.event()).status_code == 200
        rest = await client.stream.receive_some()
        assert b"0\r\n\r\n" not in rest

    run(test, backend=_Backend(ConnectionLost()))


def test_an_error_that_ends_a_stream_is_told_in_it(run):
    async def test(site):
        seen = [event async for event in site.connect().watch(f"{MAPS}?watch=1")]
        assert [(event["type"], event["object"]["code"]) for event in seen] == [("ERROR", 410)]

    run(test, backend=_Backend(Gone("too old")))
