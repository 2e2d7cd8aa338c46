"""Values that a schedule recorded, or somebody typed into one."""

import random
from typing import Any

import pytest

from harness.errors import UsageError
from harness.faults.watch_lag import WatchLag
from harness.weather import Drawing, armed_from
from tests.harness.faults.scene import CREATE, arm_again, stage

FAULT = WatchLag()


def drawing(**values: Any) -> Drawing:
    return Drawing(values, random.Random(0), action="weather[3] (pause)")


def test_recorded_values_are_kept_outside_the_usual_range_too() -> None:
    assert drawing(seconds=0).seconds("seconds", 1.0, 60.0) == 0.0
    assert drawing(seconds=600).seconds("seconds", 1.0, 60.0) == 600.0
    assert drawing(keep=99).integer("keep", 0, 20) == 99


@pytest.mark.parametrize("value", ["x", "5", -1, -0.5, None, True, [], float("nan"), float("inf")])
def test_what_is_no_time_is_refused_by_name(value: Any) -> None:
    with pytest.raises(UsageError, match=r"weather\[3\] \(pause\): 'seconds' is .* 0 or more: correct it") as caught:
        drawing(seconds=value).seconds("seconds", 1.0, 60.0)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", ["x", 1.5, None, True, {}, -1])
def test_what_is_no_whole_number_is_refused_by_name(value: Any) -> None:
    with pytest.raises(UsageError, match=r"weather\[3\] \(pause\): 'keep' is .* a whole number"):
        drawing(keep=value).integer("keep", 0, 20)


def test_an_armed_action_says_which_it_is() -> None:
    armed = armed_from({"do": "watch_lag", "at": "delivery", "seconds": "x"}, FAULT, 7, 0)
    with pytest.raises(UsageError, match=r"weather\[7\] \(watch_lag\): 'seconds' is 'x'"):
        armed.drawing.seconds("seconds", 1.0, 2.0)


def test_the_refusal_leaves_a_running_world_as_it_is() -> None:
    with stage() as example:
        arm_again(example, FAULT, {"do": "watch_lag", "at": "delivery", "seconds": "x"})
        with pytest.raises(UsageError, match="'seconds' is 'x'"):
            example.act(CREATE)
