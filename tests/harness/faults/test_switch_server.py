from harness.faults.switch_server import SwitchServer
from tests.harness.faults.scene import CREATE, Plane, arm, finish, fired, size, stage, struck_by

FAULT = SwitchServer()


def test_streams_break_and_resume_at_another_server() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "server": 1})
        example.act(CREATE)
        assert fired(example) == ["switch_server"]
        assert finish(example)
        life = example.world.process("website").life
        assert life is not None
        assert [stream.server for stream in life.streams] == [1, 1]
        assert size(example) == "2"


def test_it_strikes_as_an_event_arrives() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="Website")
        example.act(CREATE)
        assert fired(example) == ["switch_server"]
        assert finish(example)
        assert size(example) == "2"


def test_there_must_be_another_server() -> None:
    assert struck_by(FAULT) == {"event"}
    plane = Plane("website")
    plane.servers = 2
    assert struck_by(FAULT, moment=plane) == {"event", "moment"}
