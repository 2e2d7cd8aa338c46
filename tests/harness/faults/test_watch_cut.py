from harness.faults.watch_cut import WatchCut
from tests.harness.faults.scene import CREATE, arm, finish, fired, seen, size, stage, struck_by

FAULT = WatchCut()


def test_the_client_resumes_and_misses_nothing() -> None:
    with stage() as example:
        streams = len(example.world.fabric.stream_log)
        arm(example, FAULT, "event", component="website", kind="Website")
        example.act(CREATE)
        assert fired(example) == ["watch_cut"]
        assert len(example.world.fabric.stream_log) == streams + 1
        assert finish(example)
        assert seen(example, "Website") == [("ADDED", "front")]
        assert size(example) == "2"


def test_between_messages_a_stream_is_chosen() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "kind": "ConfigMap"})
        example.act(CREATE)
        assert [(action["component"], action["kind"]) for action in example.weather] == [("website", "ConfigMap")]


def test_it_cuts_no_commands() -> None:
    assert struck_by(FAULT) == {"event", "moment"}
