from harness.faults.apiserver_crash import ApiserverCrash
from tests.harness.faults.scene import CREATE, arm, finish, fired, size, stage, struck_by

FAULT = ApiserverCrash()


def test_streams_break_and_clients_go_elsewhere() -> None:
    with stage() as example:
        arm(example, FAULT, values={"server": 0, "seconds": 30.0})
        example.act(CREATE)
        assert fired(example) == ["apiserver_crash"]
        example.pass_time(10.0)
        assert example.world.process("website").server == 1
        assert size(example) == "2"


def test_the_request_at_which_it_dies_is_lost() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create", values={"seconds": 30.0})
        example.act({**CREATE, "in_flight": 3})
        assert fired(example) == ["apiserver_crash"]
        assert size(example) is None
        assert finish(example)
        assert size(example) == "2"


def test_the_dead_do_not_die_again() -> None:
    assert struck_by(FAULT) == {"moment", "command", "update", "read"}
    with stage() as example:
        for _ in range(2):
            arm(example, FAULT, values={"server": 1, "seconds": 30.0})
        example.act(CREATE)
        assert fired(example) == ["apiserver_crash"]
