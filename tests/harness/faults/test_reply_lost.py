import pytest

from harness.faults.reply_lost import ReplyLost
from tests.harness.faults.scene import CREATE, arm, fired, message, replies, size, stage, struck_by

FAULT = ReplyLost()


@pytest.mark.parametrize("error", ["connection_lost", "timeout", "internal_error", "bad_gateway"])
def test_the_command_takes_effect_and_its_sender_gets_an_error(error: str) -> None:
    with stage() as example:
        arm(example, FAULT, "reply", component="website", values={"error": error})
        example.act(CREATE)
        assert fired(example) == ["reply_lost"]
        assert size(example) == "2"
        assert len(replies(example)) == 1


def test_replies_to_what_changed_nothing_arrive() -> None:
    assert struck_by(FAULT) == {"commit"}
    assert not FAULT.applies(message("reply", "update", committed=False))
    assert not FAULT.applies(message("reply", "create", "Event", committed=True))
