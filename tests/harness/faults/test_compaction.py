from harness.faults.compaction import Compaction
from tests.harness.faults.scene import CREATE, PATCH, arm, finish, fired, replies, size, stage, struck_by

FAULT = Compaction()


def test_who_resumes_from_before_it_has_to_list() -> None:
    with stage() as example:
        example.act(CREATE)
        world = example.world
        world.fabric.cut(world.process("website").life.streams[0])
        arm(example, FAULT, values={"keep": 0})
        example.act(PATCH)
        assert fired(example) == ["compaction"]
        assert finish(example)
        assert "Expired" in replies(example)
        assert size(example) == "3"


def test_what_is_compacted_already_is_not_compacted_again() -> None:
    assert struck_by(FAULT) == {"moment", "read"}
    with stage() as example:
        arm(example, FAULT, values={"keep": 0})
        arm(example, FAULT, values={"keep": 10})
        example.act(CREATE)
        assert fired(example) == ["compaction"]
