from harness.faults.stale_read import StaleRead
from tests.harness.faults.scene import CREATE, PATCH, arm, fired, seen, size, stage, struck_by

FAULT = StaleRead()


def test_a_sender_does_not_hear_of_its_own_write() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create", values={"seconds": 20.0})
        example.act(CREATE)
        assert fired(example) == ["stale_read"]
        assert size(example) == "2"
        assert seen(example, "ConfigMap") == []
        example.act(PATCH)
        assert seen(example, "Website") == [("ADDED", "front")]
        example.pass_time(20.0)
        assert seen(example, "ConfigMap")[0] == ("ADDED", "front")
        assert size(example) == "3"


def test_a_server_that_lags_already_lags_no_more() -> None:
    with stage() as example:
        example.world.lag(0)
        arm(example, FAULT, "request", component="user")
        arm(example, FAULT, "request", component="website")
        example.act(CREATE)
        assert fired(example) == []


def test_it_strikes_at_commands_only() -> None:
    assert struck_by(FAULT) == {"command", "update"}
