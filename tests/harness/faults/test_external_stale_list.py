from harness.faults.external_stale_list import ExternalStaleList
from tests.harness.faults.scene import CREATE, PATCH, arm, cloudy, fired, stage, struck_by

FAULT = ExternalStaleList()


def test_a_list_shows_an_earlier_state() -> None:
    with stage(cloudy) as example:
        example.act(CREATE)
        arm(example, FAULT, "external_request", component="cloudy", verb="list")
        example.act(PATCH)
        assert fired(example) == ["external_stale_list"]
        calls = [e.data["verb"] for e in example.world.trace.events if e.data.get("phase") == "call"]
        assert calls[:4] == ["list", "create", "list", "create"]


def test_without_a_past_the_list_is_fresh() -> None:
    assert struck_by(FAULT) == set()
    with stage(cloudy) as example:
        arm(example, FAULT, "external_request", component="cloudy", verb="list")
        example.act(CREATE)
        assert fired(example) == []
