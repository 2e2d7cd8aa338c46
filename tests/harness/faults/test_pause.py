from harness.faults.pause import Pause
from tests.harness.faults.scene import CREATE, arm, finish, fired, replies, seen, size, stage, struck_by

FAULT = Pause()


def test_a_process_stands_still_and_goes_on() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "seconds": 20.0})
        example.act(CREATE)
        assert fired(example) == ["pause"]
        assert size(example) is None
        example.pass_time(20.0)
        assert size(example) == "2"
        assert example.world.process("website").incarnation == 0


def test_an_event_at_which_it_stops_waits_for_it() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="Website", values={"seconds": 20.0})
        example.act(CREATE)
        assert seen(example, "Website") == []
        assert finish(example)
        assert seen(example, "Website") == [("ADDED", "front")]


def test_a_reply_at_which_it_stops_waits_for_it() -> None:
    with stage() as example:
        arm(example, FAULT, "reply", component="website", verb="create", values={"seconds": 20.0})
        example.act(CREATE)
        assert size(example) == "2"
        assert finish(example)
        assert replies(example) == []


def test_who_stands_still_is_not_paused_again() -> None:
    with stage() as example:
        for seconds in (20.0, 30.0):
            arm(example, FAULT, values={"component": "website", "seconds": seconds})
        example.act(CREATE)
        assert fired(example) == ["pause"]


def test_reads_and_upkeep_do_not_stop_it() -> None:
    assert not struck_by(FAULT) & {"read", "answer", "heartbeat", "note", "bookmark"}
