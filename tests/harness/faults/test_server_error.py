import pytest

from harness.faults.server_error import ServerError
from tests.harness.faults.scene import CREATE, arm, finish, fired, replies, size, stage, struck_by

FAULT = ServerError()


@pytest.mark.parametrize("error", ["connection_lost", "timeout", "internal_error", "bad_gateway"])
def test_the_request_has_no_effect_and_its_sender_cannot_know(error: str) -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create", values={"error": error})
        example.act({**CREATE, "in_flight": 3})
        assert fired(example) == ["server_error"]
        assert size(example) is None
        assert finish(example)
        assert len(replies(example)) == 1
        assert size(example) == "2"


def test_it_strikes_requests_only() -> None:
    assert struck_by(FAULT) == {"command", "update", "read"}
