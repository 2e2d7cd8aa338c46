from harness.faults.event_repeated import EventRepeated
from tests.harness.faults.scene import CREATE, arm, fired, seen, stage, struck_by

FAULT = EventRepeated()


def test_an_event_comes_twice() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="Website")
        example.act(CREATE)
        assert fired(example) == ["event_repeated"]
        assert seen(example, "Website") == [("ADDED", "front"), ("ADDED", "front")]


def test_it_is_not_legal_and_strikes_events_only() -> None:
    assert not FAULT.legal
    assert struck_by(FAULT) == {"event"}
