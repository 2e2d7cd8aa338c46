from harness.faults.event_swapped import EventSwapped
from tests.harness.faults.scene import CREATE, PATCH, arm, finish, fired, seen, size, stage, struck_by

FAULT = EventSwapped()


def test_two_neighbours_change_places() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="Website")
        example.act(CREATE)
        assert seen(example, "Website") == []
        example.act(PATCH)
        assert fired(example) == ["event_swapped"]
        assert seen(example, "Website") == [("MODIFIED", "front"), ("ADDED", "front")]


def test_without_a_neighbour_it_comes_when_the_storm_ends() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="Website")
        example.act(CREATE)
        assert finish(example)
        assert seen(example, "Website") == [("ADDED", "front")]
        assert size(example) == "2"


def test_it_is_not_legal_and_strikes_events_only() -> None:
    assert not FAULT.legal
    assert struck_by(FAULT) == {"event"}
