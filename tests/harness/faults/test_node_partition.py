from harness.faults.node_partition import NodePartition
from tests.harness.faults.scene import CREATE, Plane, arm, fired, stage, struck_by, website

FAULT = NodePartition()


def test_a_node_is_cut_off_and_its_kubelet_lives() -> None:
    with stage(website, built_ins=("kubelet",)) as example:
        world = example.world
        arm(example, FAULT, values={"node": "node-1", "seconds": 30.0})
        example.act(CREATE)
        assert fired(example) == ["node_partition"]
        assert list(world.partitions) == [("kubelet-node-1", 0), ("kubelet-node-1", 1)]
        assert world.process("kubelet-node-1").alive
        example.pass_time(30.0)
        assert world.partitions == {}


def test_it_needs_a_node() -> None:
    assert struck_by(FAULT) == set()
    assert struck_by(FAULT, moment=Plane(nodes=("node-0",))) == {"moment"}
