import pytest

from harness.faults.external_fails import ExternalFails
from tests.harness.faults.scene import CLOUD, CREATE, arm, cloudy, finish, fired, replies, stage, struck_by

FAULT = ExternalFails()


@pytest.mark.parametrize("error", ["throttled", "unreachable", "timeout", "internal_error"])
def test_a_call_fails_without_effect_and_is_tried_again(error: str) -> None:
    with stage(cloudy) as example:
        arm(example, FAULT, "external_request", component="cloudy", verb="create", values={"error": error})
        example.act({**CREATE, "in_flight": 6})
        assert fired(example) == ["external_fails"]
        assert example.world.outside.items_of(CLOUD) == []
        assert finish(example)
        assert len(replies(example, "cloudy")) == 1
        assert [item["size"] for item in example.world.outside.items_of(CLOUD)] == [2]


def test_container_runtimes_are_spared() -> None:
    assert struck_by(FAULT) == {"call"}
