from harness.faults.resync import Resync
from tests.harness.faults.scene import CREATE, arm, fired, stage, struck_by

FAULT = Resync()


def test_every_cached_object_is_announced_once_more() -> None:
    with stage() as example:
        example.act(CREATE)
        passes = len(example.world.process("website").reconciles)
        arm(example, FAULT, values={"component": "website", "kind": "Website"})
        example.pass_time(1.0)
        assert fired(example) == ["resync"]
        assert len(example.world.process("website").reconciles) == passes + 1


def test_an_empty_cache_has_nothing_to_announce() -> None:
    assert struck_by(FAULT) == {"event", "moment"}
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "kind": "Website"})
        example.act(CREATE)
        assert fired(example) == []
