"""Tests of the claim that whoever is not answered asks less and less often."""

from collections.abc import Iterable

import pytest

from harness.contract import RequestRecord
from properties.retries_back_off import RetriesBackOff
from tests.properties.fake_view import FakeView

PROPERTY = RetriesBackOff()
EVERY_SECOND_FIFTH = [0.2 * number for number in range(150)]
DOUBLING = [0.005 * 2**number for number in range(14)]


def asked(
    times_s: Iterable[float], *, code: int = 0, name: str = "Site/default/front", heard: int = 0, during: str = ""
) -> list[RequestRecord]:
    """One request, again and again, each answered at once."""
    return [
        RequestRecord(
            incarnation=0, verb="get", object=name, subresource="", sent_s=time_s, step=0, during=during, heard=heard,
            answered_s=time_s, code=code, error=None if code == 200 else "Unreachable",
        )
        for time_s in times_s
    ]  # fmt: skip


def verdict(*requests: list[RequestRecord]) -> str:
    view = FakeView()
    view.starts("website")
    view.requests_sent["website"] = sorted((each for some in requests for each in some), key=lambda each: each.sent_s)
    return PROPERTY.judge(view.rests()).verdict


def test_a_fixed_interval_in_an_outage_is_a_violation() -> None:
    view = FakeView()
    view.starts("website")
    view.requests_sent["website"] = asked(EVERY_SECOND_FIFTH)
    assert PROPERTY.judge(view.rests()).reason == (
        "website sent the get of Site/default/front 75 times in the last 15 s of an outage of 30 s, hardly less often "
        "than in the first: it does not back off"
    )


@pytest.mark.parametrize("code", [0, 429, 500, 503, 504])
def test_whatever_says_try_later_is_part_of_an_outage(code: int) -> None:
    assert verdict(asked(EVERY_SECOND_FIFTH, code=code)) == "violated"


def test_doubling_holds_for_one_loop_and_for_a_hundred() -> None:
    assert verdict(asked(DOUBLING)) == "holds"
    # Not in passes, so that nothing tells them apart.
    assert verdict(*(asked([0.003 * loop + each for each in DOUBLING]) for loop in range(100))) == "holds"


def test_many_objects_are_not_one_request() -> None:
    assert verdict(*(asked(DOUBLING, name=f"Site/default/s{number}") for number in range(200))) == "holds"


def test_passes_over_different_keys_that_ask_the_same_are_not_one_request() -> None:
    slow = list(range(0, 60, 2))
    assert verdict(*(asked(slow, name="Pod/default", during=f"sites default/s{n}") for n in range(50))) == "holds"


def test_every_two_seconds_holds_as_client_go_asks_for_leases() -> None:
    assert verdict(asked(range(0, 120, 2))) == "holds"


@pytest.mark.parametrize("between", [asked([15.01], code=200), asked([15.01], code=409)], ids=["answered", "conflict"])
def test_an_answer_in_between_makes_two_shorter_outages(between: list[RequestRecord]) -> None:
    short = [0.2 * number for number in range(45)]
    assert verdict(asked(short), between, asked([15.1 + each for each in short])) == "unknown"


def test_who_hears_something_may_ask_again() -> None:
    """An event in between each: each repetition may have a reason."""
    assert verdict(*(asked([each], heard=number) for number, each in enumerate(EVERY_SECOND_FIFTH))) == "unknown"


def test_a_poll_goes_on_as_it_did() -> None:
    before = asked([each - 100 for each in EVERY_SECOND_FIFTH], code=200)
    assert verdict(before, asked(EVERY_SECOND_FIFTH)) == "holds"
    assert verdict(before[::10], asked(EVERY_SECOND_FIFTH)) == "violated"


def test_short_outages_and_other_components_prove_nothing() -> None:
    assert verdict(asked(EVERY_SECOND_FIFTH[:40])) == "unknown"
    view = FakeView()
    view.starts("kubelet-node-0", under_test=False)
    view.requests_sent["kubelet-node-0"] = asked(EVERY_SECOND_FIFTH)
    assert PROPERTY.judge(view.rests()).verdict == "unknown"
