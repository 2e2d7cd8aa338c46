from harness.faults.event_dropped import EventDropped
from tests.harness.faults.scene import CREATE, PATCH, arm, finish, fired, seen, size, stage, struck_by

FAULT = EventDropped()


def test_an_event_is_missing_and_nothing_says_so() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, "event", component="website", kind="Website")
        example.act(PATCH)
        assert fired(example) == ["event_dropped"]
        assert finish(example)
        assert seen(example, "Website") == [("ADDED", "front")]
        assert size(example) == "2"


def test_it_is_not_legal_and_strikes_events_only() -> None:
    assert not FAULT.legal
    assert struck_by(FAULT) == {"event"}
