from harness.faults.external_reply_lost import ExternalReplyLost
from tests.harness.faults.scene import CLOUD, CREATE, arm, cloudy, fired, message, replies, stage, struck_by

FAULT = ExternalReplyLost()


def test_a_call_takes_effect_and_its_caller_gets_an_error() -> None:
    with stage(cloudy) as example:
        arm(example, FAULT, "external_reply", component="cloudy", verb="create", values={"error": "timeout"})
        example.act(CREATE)
        assert fired(example) == ["external_reply_lost"]
        assert replies(example, "cloudy") == ["Timeout"]
        assert [item["size"] for item in example.world.outside.items_of(CLOUD)] == [2]


def test_replies_to_reads_arrive() -> None:
    assert struck_by(FAULT) == {"called"}
    assert not FAULT.applies(message("external_reply", "list", CLOUD))
