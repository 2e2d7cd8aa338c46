import pytest

from harness.faults.external_slow import ExternalSlow
from tests.harness.faults.scene import CLOUD, CREATE, arm, cloudy, fired, stage, struck_by

FAULT = ExternalSlow()


@pytest.mark.parametrize(("phase", "effect"), [("external_request", 0), ("external_reply", 1)])
def test_a_call_takes_long_before_or_after_its_effect(phase: str, effect: int) -> None:
    with stage(cloudy) as example:
        arm(example, FAULT, phase, component="cloudy", verb="create", values={"seconds": 60.0})
        example.act(CREATE)
        assert fired(example) == ["external_slow"]
        assert len(example.world.outside.items_of(CLOUD)) == effect
        example.pass_time(60.0)
        assert len(example.world.outside.items_of(CLOUD)) == 1


def test_api_servers_are_not_slowed_down() -> None:
    assert struck_by(FAULT) == {"call", "called"}
