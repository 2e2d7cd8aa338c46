from typing import Any

import pytest

from reports.facts import facts_of, label_sentence, verdict_sentence
from tests.reports.traces import trace_of, website_trace


def fault(**labels: Any) -> dict[str, Any]:
    return {"kind": "fault", "name": "storm", **labels}


def test_the_verdict_names_the_claim_and_the_reason() -> None:
    assert verdict_sentence(facts_of(website_trace())) == (
        "converges is violated: Website default/front has no Service"
    )


def test_a_run_without_violation_says_so() -> None:
    facts = facts_of(trace_of(fault(legal=True)))
    assert verdict_sentence(facts) == "Nothing was violated in this run."
    assert facts.claim is None


@pytest.mark.parametrize(
    ("labels", "begins"),
    [
        ({"legal": True, "obliged": True}, "Legal and obliged"),
        ({"legal": True, "obliged": False}, "Legal, not obliged"),
        ({"legal": False, "obliged": False}, "Hostile"),
        ({}, "Weather: storm (not labelled)"),
    ],
)
def test_the_label_of_the_weather_is_spelled_out(labels: dict[str, bool], begins: str) -> None:
    assert label_sentence(facts_of(trace_of(fault(**labels)))).startswith(begins)


def test_one_hostile_fault_makes_the_whole_run_hostile() -> None:
    assert facts_of(trace_of(fault(legal=True), fault(legal=False))).legal is False


def test_no_fault_is_fair_weather() -> None:
    assert label_sentence(facts_of(trace_of())) == "Fair weather: no fault was needed."


def test_the_header_and_notes_supply_settings() -> None:
    facts = facts_of(trace_of({"kind": "note", "seed": 7}, header={"target": "website:website", "seed": 1}))
    assert facts.settings == {"target": "website:website", "seed": 7}
