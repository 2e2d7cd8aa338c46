from harness.faults.external_drift import ExternalDrift
from reference_impl.protocol import ExternalCall
from tests.harness.faults.scene import (
    CLOUD,
    CREATE,
    PATCH,
    arm,
    cloudy,
    finish,
    fired,
    message,
    replies,
    stage,
    struck_by,
)

FAULT = ExternalDrift()


def test_an_item_is_gone_when_its_controller_comes_to_change_it() -> None:
    with stage(cloudy) as example:
        example.act(CREATE)
        arm(example, FAULT, "external_request", component="cloudy", verb="update")
        example.act(PATCH)
        assert fired(example) == ["external_drift"]
        assert replies(example, "cloudy") == ["NotFound"]
        assert finish(example)
        assert [item["size"] for item in example.world.outside.items_of(CLOUD)] == [3]


def test_what_is_not_there_does_not_drift() -> None:
    with stage(cloudy) as example:
        example.act(CREATE)
        example.world.outside.handle(ExternalCall(system=CLOUD, verb="delete", key="front"))
        arm(example, FAULT, "external_request", component="cloudy", verb="delete")
        example.act({"do": "delete", "api_version": "example.com/v1", "kind": "Website", "name": "front",
                     "namespace": "default"})  # fmt: skip
        assert fired(example) == []


def test_nobody_is_obliged_to_notice_what_it_never_asks_about() -> None:
    assert struck_by(FAULT) == set()
    assert not FAULT.applies(message("external_request", "list", CLOUD))
    assert FAULT.applies(message("external_request", "delete", CLOUD))
