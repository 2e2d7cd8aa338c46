from harness.faults.node_crash import NodeCrash
from reference_impl.protocol import ExternalCall
from tests.harness.faults.scene import CREATE, Plane, arm, fired, stage, struck_by, website

FAULT = NodeCrash()


def test_a_node_dies_with_its_containers() -> None:
    with stage(website, built_ins=("kubelet",)) as example:
        world = example.world
        world.outside.handle(ExternalCall(system="containers/node-1", verb="create", key="c", body={}))
        arm(example, FAULT, values={"node": "node-1", "seconds": 30.0})
        example.act(CREATE)
        assert fired(example) == ["node_crash"]
        assert not world.process("kubelet-node-1").alive
        assert world.outside.items_of("containers/node-1") == []
        example.pass_time(30.0)
        assert world.process("kubelet-node-1").alive


def test_it_needs_a_node() -> None:
    assert struck_by(FAULT) == set()
    assert struck_by(FAULT, moment=Plane(nodes=("node-0",))) == {"moment"}
