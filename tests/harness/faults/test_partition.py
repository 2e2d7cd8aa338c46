from harness.faults.partition import Partition
from tests.harness.faults.scene import CREATE, arm, finish, fired, replies, seen, size, stage, struck_by

FAULT = Partition()


def test_no_packet_passes() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "servers": "all", "seconds": 20.0})
        example.act(CREATE)
        assert fired(example) == ["partition"]
        assert seen(example, "Website") == []
        example.pass_time(20.0)
        assert seen(example, "Website") == [("ADDED", "front")]
        assert size(example) == "2"


def test_the_request_at_which_it_begins_does_not_arrive() -> None:
    with stage() as example:
        cut_off = {"servers": "one", "seconds": 5.0}
        arm(example, FAULT, "request", component="website", verb="create", values=cut_off)
        example.act(CREATE)
        assert fired(example) == ["partition"]
        assert size(example) is None
        assert replies(example)[0] == "Unreachable"
        assert finish(example)
        assert size(example) == "2"


def test_a_stream_that_stalled_for_long_is_found_broken() -> None:
    with stage() as example:
        streams = len(example.world.fabric.stream_log)
        arm(example, FAULT, values={"component": "website", "servers": "all", "seconds": 40.0})
        example.act(CREATE)
        example.pass_time(60.0)
        assert len(example.world.fabric.stream_log) >= streams + 2
        assert size(example) == "2"


def test_who_is_cut_off_already_is_not_cut_off_again() -> None:
    with stage() as example:
        for seconds in (20.0, 5.0):
            arm(example, FAULT, values={"component": "website", "servers": "all", "seconds": seconds})
        example.act(CREATE)
        assert fired(example) == ["partition"]


def test_replies_and_outside_calls_are_no_beginnings() -> None:
    assert struck_by(FAULT) == {"moment", "command", "update", "read", "event"}
