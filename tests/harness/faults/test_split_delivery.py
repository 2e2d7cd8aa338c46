from harness.faults.split_delivery import SplitDelivery
from tests.harness.faults.scene import CREATE, PATCH, arm, cached_size, finish, fired, size, stage, struck_by

FAULT = SplitDelivery()


def test_the_cache_changes_before_handlers_are_told() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "seconds": 5.0})
        example.act(CREATE)
        assert fired(example) == ["split_delivery"]
        assert cached_size(example) == 2
        assert size(example) is None
        example.pass_time(5.0)
        assert size(example) == "2"


def test_it_ends_with_the_storm() -> None:
    with stage() as example:
        arm(example, FAULT, values={"component": "website", "seconds": 5.0})
        example.act(CREATE)
        assert finish(example)
        example.act(PATCH)
        assert size(example) == "3"


def test_it_never_strikes_a_command() -> None:
    assert struck_by(FAULT) == {"event", "moment"}
