from harness.faults.stale_cache import StaleCache
from tests.harness.faults.scene import CREATE, PATCH, arm, fired, seen, size, stage, struck_by

FAULT = StaleCache()


def test_the_whole_picture_is_old() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, values={"component": "website", "seconds": 20.0})
        example.act(PATCH)
        assert fired(example) == ["stale_cache"]
        assert seen(example, "Website") == [("ADDED", "front")]
        assert size(example) == "2"
        example.pass_time(20.0)
        assert size(example) == "3"


def test_it_strikes_as_an_event_arrives() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", values={"seconds": 20.0})
        example.act(CREATE)
        assert fired(example) == ["stale_cache"]
        assert seen(example, "Website") == []


def test_without_a_living_component_nothing_happens() -> None:
    assert struck_by(FAULT) == {"event", "moment"}
    with stage() as example:
        example.world.crash(example.world.process("website"), None)
        arm(example, FAULT)
        example.act(CREATE)
        assert fired(example) == []
