from harness.faults.watch_lag import WatchLag
from tests.harness.faults.scene import CREATE, PATCH, arm, finish, fired, seen, size, stage, struck_by

FAULT = WatchLag()


def test_one_collection_stands_still_while_others_go_on() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="ConfigMap", values={"seconds": 20.0})
        example.act(CREATE)
        example.act(PATCH)
        assert fired(example) == ["watch_lag"]
        assert seen(example, "ConfigMap") == []
        assert seen(example, "Website") == [("ADDED", "front"), ("MODIFIED", "front")]


def test_what_was_held_comes_in_order_when_the_storm_ends() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="Website", values={"seconds": 20.0})
        example.act(CREATE)
        example.act(PATCH)
        assert finish(example)
        assert seen(example, "Website") == [("ADDED", "front"), ("MODIFIED", "front")]
        assert size(example) == "3"


def test_it_holds_nothing_but_events() -> None:
    assert struck_by(FAULT) == {"event"}
