from harness.faults.not_ready import NotReady
from tests.harness.faults.scene import CREATE, arm, finish, fired, replies, size, stage, struck_by

FAULT = NotReady()


def test_the_request_has_no_effect_and_is_tried_again() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create")
        example.act({**CREATE, "in_flight": 3})
        assert fired(example) == ["not_ready"]
        assert size(example) is None
        assert finish(example)
        assert replies(example) == ["ServiceUnavailable"]
        assert size(example) == "2"


def test_it_turns_away_requests_only() -> None:
    assert struck_by(FAULT) == {"command", "update", "read"}
