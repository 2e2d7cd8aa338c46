from harness.faults.crash import Crash
from tests.harness.faults.scene import CREATE, arm, fired, size, stage, struck_by

FAULT = Crash()


def test_before_a_request_nothing_is_asked_for() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create", values={"restart_after_s": 5.0})
        example.act(CREATE)
        assert fired(example) == ["crash"]
        assert size(example) is None
        example.pass_time(6.0)
        assert size(example) == "2"
        assert example.world.process("website").incarnation == 1


def test_after_a_commit_the_effect_is_there_and_the_process_gone() -> None:
    with stage() as example:
        arm(example, FAULT, "reply", component="website", verb="create", values={"restart_after_s": 5.0})
        example.act(CREATE)
        assert size(example) == "2"
        assert not example.world.process("website").alive


def test_at_an_event_it_dies_having_just_been_told() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", values={"restart_after_s": 5.0})
        example.act(CREATE)
        assert not example.world.process("website").alive


def test_reads_and_upkeep_are_no_crash_points() -> None:
    assert not struck_by(FAULT) & {"read", "answer", "heartbeat", "note", "bookmark", "moment"}
