from harness.faults.kubelet_restart import KubeletRestart
from reference_impl.protocol import ExternalCall
from tests.harness.faults.scene import CREATE, Plane, arm, fired, stage, struck_by, website

FAULT = KubeletRestart()


def test_a_kubelet_restarts_and_its_containers_run_on() -> None:
    with stage(website, built_ins=("kubelet",)) as example:
        world = example.world
        world.outside.handle(ExternalCall(system="containers/node-1", verb="create", key="c", body={}))
        arm(example, FAULT, values={"node": "node-1", "restart_after_s": 0.5})
        example.act({**CREATE, "in_flight": 0})
        assert fired(example) == ["kubelet_restart"]
        assert [item["id"] for item in world.outside.items_of("containers/node-1")] == ["c"]
        example.pass_time(1.0)
        assert world.process("kubelet-node-1").incarnation == 1


def test_it_needs_a_node() -> None:
    assert struck_by(FAULT) == set()
    assert struck_by(FAULT, moment=Plane(nodes=("node-0",))) == {"moment"}
