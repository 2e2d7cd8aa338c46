from harness.faults.watch_gap import WatchGap
from tests.harness.faults.scene import (
    CREATE,
    PATCH,
    arm,
    cached_size,
    finish,
    fired,
    seen,
    size,
    stage,
    struck_by,
)

FAULT = WatchGap()


def test_states_in_the_gap_are_never_seen() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, "event", component="website", kind="Website", values={"seconds": 10.0})
        example.act(PATCH)
        example.act({**PATCH, "body": {"spec": {"size": 4}}})
        assert fired(example) == ["watch_gap"]
        assert cached_size(example) == 2
        assert finish(example)
        assert seen(example, "Website") == [("ADDED", "front")]
        assert cached_size(example) == 4
        assert size(example) == "4"


def test_between_messages_a_stream_is_chosen() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "kind": "Website"})
        example.act(CREATE)
        assert fired(example) == ["watch_gap"]
        assert finish(example)
        assert size(example) == "2"


def test_it_never_strikes_a_command() -> None:
    assert struck_by(FAULT) == {"event", "moment"}
