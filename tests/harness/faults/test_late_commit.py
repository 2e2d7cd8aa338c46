from harness.contract import Verdict
from harness.faults.late_commit import LateCommit
from tests.harness.faults.scene import CREATE, PATCH, arm, finish, fired, replies, size, stage, struck_by

FAULT = LateCommit()


def test_a_command_commits_after_its_sender_died() -> None:
    with stage() as example:
        dies = {"sender": "dies", "seconds": 5.0, "restart_after_s": 20.0}
        arm(example, FAULT, "request", component="website", verb="create", values=dies)
        example.act(CREATE)
        assert fired(example) == ["late_commit"]
        assert not example.world.process("website").alive
        assert size(example) is None
        example.pass_time(5.0)
        assert size(example) == "2"
        assert not example.world.process("website").alive


def test_a_command_commits_after_its_sender_gave_up() -> None:
    with stage() as example:
        gives_up = {"sender": "gives_up", "seconds": 5.0, "error": "timeout"}
        arm(example, FAULT, "request", component="website", verb="update", values=gives_up)
        example.act(CREATE)
        example.act(PATCH)
        assert fired(example) == ["late_commit"]
        assert "Timeout" in replies(example)
        assert finish(example)
        assert size(example) == "3"


def test_what_waits_in_a_server_that_dies_is_lost() -> None:
    with stage() as example:
        dies = {"sender": "dies", "seconds": 5.0, "restart_after_s": 30.0}
        arm(example, FAULT, "request", component="website", verb="create", values=dies)
        example.act(CREATE)
        example.world.operate(Verdict.act("server_crash", server=0, down_s=10.0))
        example.pass_time(6.0)
        assert size(example) is None


def test_it_strikes_at_commands_only() -> None:
    assert struck_by(FAULT) == {"command", "update"}
