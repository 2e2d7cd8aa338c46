from harness.faults.list_order import ListOrder
from tests.harness.faults.scene import CREATE, arm, fired, stage, struck_by

FAULT = ListOrder()


def test_cached_lists_come_in_another_order_each_time() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "shuffle": 1})
        for number in range(8):
            site = {**CREATE["object"], "metadata": {"name": f"site-{number}", "namespace": "default"}}
            example.act({"do": "create", "object": site})
        assert fired(example) == ["list_order"]
        life = example.world.process("website").life
        assert life is not None
        assert life.client is not None
        (informer,) = [i for i in life.client.informers.all() if i.kind == "Website"]
        orders = {tuple(site["metadata"]["name"] for site in informer.list()) for _ in range(5)}
        assert len(orders) > 1
        assert {tuple(sorted(order)) for order in orders} == {tuple(f"site-{number}" for number in range(8))}


def test_it_strikes_between_messages_only() -> None:
    assert struck_by(FAULT) == {"moment"}
