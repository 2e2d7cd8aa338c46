from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import trio_test

from reference_impl.errors import ConnectionLost, InternalError
from reference_impl.runtime import LeaderElector, LeadershipLost
from tests.reference_impl.runtime.fakes import FakeClock, FakeServer, World, settle

LEASE = ("Lease", "kube-system", "front")


class Candidate:
    """An elector whose leading is written down."""

    def __init__(self, server: FakeServer, clock: FakeClock, identity: str, seed: int = 0) -> None:
        self.world = World(server, clock, seed)
        self.elector = LeaderElector(self.world.client, "front", identity=identity)
        self.leading = False
        self.lost = False
        self.finish = trio.Event()

    async def lead(self) -> None:
        self.leading = True
        try:
            await self.finish.wait()
        finally:
            self.leading = False

    async def run(self) -> None:
        try:
            await self.elector.run(self.lead)
        except LeadershipLost:
            self.lost = True


@asynccontextmanager
async def electing(*identities: str) -> AsyncIterator[tuple[FakeServer, FakeClock, list[Candidate]]]:
    server, clock = FakeServer(), FakeClock()
    candidates = [Candidate(server, clock, name, seed) for seed, name in enumerate(identities)]
    async with trio.open_nursery() as nursery:
        for candidate in candidates:
            nursery.start_soon(candidate.run)
            await settle()
        yield server, clock, candidates
        nursery.cancel_scope.cancel()


def spec(server: FakeServer) -> dict[str, object]:
    found: dict[str, object] = server.objects[LEASE]["spec"]
    return found


@trio_test
async def test_the_first_candidate_creates_the_lease_and_leads_at_once() -> None:
    async with electing("one", "two") as (server, _, (one, two)):
        assert (one.leading, two.leading) == (True, False)
        assert spec(server)["holderIdentity"] == "one"
        assert spec(server)["leaseDurationSeconds"] == 15


@trio_test
async def test_the_leader_renews_every_two_seconds_and_others_never_take_over() -> None:
    async with electing("one", "two") as (server, clock, (one, two)):
        before = len(server.asked("update"))
        await clock.elapse(60)
        assert (one.leading, two.leading) == (True, False)
        assert len(server.asked("update")) - before == 30
        assert spec(server)["leaseTransitions"] == 0


@trio_test
async def test_all_upkeep_is_marked_as_heartbeat() -> None:
    async with electing("one", "two") as (_, clock, _candidates):
        assert clock.pending
        assert all(heartbeat for _, heartbeat in clock.pending)


@trio_test
async def test_a_leader_that_cannot_renew_gives_up_after_its_deadline() -> None:
    async with electing("one") as (server, clock, (one,)):
        server.plan("update", *(InternalError() for _ in range(100)))
        server.plan("get", *(InternalError() for _ in range(100)))
        await clock.elapse(11.9)
        assert one.leading
        await clock.elapse(0.1)
        assert (one.leading, one.lost) == (False, True)
        assert one.world.probe.leases[-1] == ("one", None)


@trio_test
async def test_a_request_without_answer_does_not_keep_the_leader_beyond_its_deadline() -> None:
    async with electing("one") as (server, clock, (one,)):
        server.hangs = True
        await clock.elapse(12)
        assert one.lost


@trio_test
async def test_a_candidate_takes_over_when_it_saw_no_change_for_the_lease_duration() -> None:
    async with electing("one", "two") as (server, clock, (one, two)):
        one.elector._client.environment.transport = Deaf()  # cut off
        await clock.elapse(14.9)
        assert not two.leading
        await clock.elapse(5)
        assert (one.leading, two.leading) == (False, True)
        assert spec(server)["leaseTransitions"] == 1


class Deaf(FakeServer):
    def __init__(self) -> None:
        super().__init__()
        self.hangs = True


@trio_test
async def test_expiry_is_measured_on_the_candidates_own_clock_not_by_the_records_times() -> None:
    async with electing("one", "two") as (server, clock, (one, two)):
        lease = server.objects[LEASE]
        ancient = {**lease["spec"], "renewTime": "2001-01-01T00:00:00.000000Z"}
        server.objects[LEASE] = {**lease, "spec": ancient}
        one.elector._client.environment.transport = Deaf()
        await clock.elapse(10)
        assert not two.leading


@trio_test
async def test_the_probe_hears_until_when_the_lease_is_held_counted_from_the_request() -> None:
    async with electing("one") as (_, clock, (one,)):
        assert one.world.probe.leases[0] == ("one", 15.0)
        await clock.elapse(2)
        assert one.world.probe.leases[-1] == ("one", 17.0)


@trio_test
async def test_an_update_lost_on_the_way_back_is_recognised_as_ours() -> None:
    async with electing("one") as (server, clock, (one,)):
        server.put({**server.objects[LEASE], "spec": {**spec(server), "renewTime": "elsewhere"}})
        server.plan("update", ConnectionLost())
        await clock.elapse(10)
        assert one.leading


@trio_test
async def test_a_clean_stop_releases_the_lease_so_that_the_next_need_not_wait() -> None:
    async with electing("one", "two") as (server, clock, (one, two)):
        one.finish.set()
        await settle()
        assert (one.lost, spec(server)["holderIdentity"]) == (False, "")
        await clock.elapse(5)
        assert two.leading


@trio_test
async def test_a_crash_releases_nothing() -> None:
    async with electing("one") as (server, _, _candidates):
        pass
    assert spec(server)["holderIdentity"] == "one"


@trio_test
async def test_what_the_leading_function_raises_is_raised_as_it_is() -> None:
    world = World()

    async def fail() -> None:
        raise ZeroDivisionError("leading")

    with pytest.raises(ZeroDivisionError, match="leading"):
        await LeaderElector(world.client, "front").run(fail)


def test_a_restarted_process_is_another_candidate() -> None:
    client = World().client
    first, second = LeaderElector(client, "front"), LeaderElector(client, "front")
    assert first.identity.startswith("website_")
    assert first.identity != second.identity


def test_durations_that_let_two_lead_are_refused() -> None:
    with pytest.raises(ValueError, match="must give up before others may take over"):
        LeaderElector(World().client, "front", renew_deadline_s=20)
