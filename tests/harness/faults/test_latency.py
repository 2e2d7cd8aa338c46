from harness.faults.latency import Latency
from tests.harness.faults.scene import CREATE, arm, fired, seen, size, stage, struck_by

FAULT = Latency()


def test_a_late_event_is_told_late() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="Website", values={"seconds": 7.0})
        example.act(CREATE)
        assert fired(example) == ["latency"]
        assert seen(example, "Website") == []
        example.pass_time(7.0)
        assert seen(example, "Website") == [("ADDED", "front")]


def test_a_late_request_takes_effect_late() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create", values={"seconds": 7.0})
        example.act(CREATE)
        assert size(example) is None
        example.pass_time(7.0)
        assert size(example) == "2"


def test_a_late_message_keeps_its_number() -> None:
    with stage() as example:
        for seconds in (2.0, 5.0):
            arm(example, FAULT, "event", kind="Website", values={"seconds": seconds}, nth=1)
        example.act(CREATE)
        example.pass_time(2.0)
        assert [action["event"]["nth"] for action in example.weather] == [1, 1]
        assert seen(example, "Website") == []
        example.pass_time(3.0)
        assert seen(example, "Website") == [("ADDED", "front")]


def test_it_delays_any_message_and_never_strikes_between_them() -> None:
    assert "moment" not in struck_by(FAULT)
    assert struck_by(FAULT) >= {"command", "answer", "event", "call", "called", "heartbeat"}
