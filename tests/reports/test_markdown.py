import reports
from reports.markdown import Markdown, fenced
from tests.reports.traces import trace_of, website_trace

HEADER = {
    "target": "website:website",
    "seed": 0,
    "source": "controllers are level-triggered",
    "replay": "seatrial replay r/schedule.json",
    "versions": {"seatrial": "0.1.0"},
}


def test_the_first_screen_has_all_that_a_reader_needs() -> None:
    page = Markdown().render(website_trace(**HEADER)).decode()
    opening = page[: page.index("## What happened")]
    for expected in (
        "# `converges` violated: website:website",
        "Website default/front has no Service",
        "Promised by: controllers are level-triggered",
        "Legal and obliged",
        "seatrial replay r/schedule.json",
    ):
        assert expected in opening


def test_facts_close_the_report() -> None:
    trace = website_trace(**HEADER)
    page = Markdown().render(trace).decode()
    assert "| seatrial version | 0.1.0 |" in page
    assert f"| trace sha256 | {trace.sha256()} |" in page


def test_the_same_trace_gives_the_same_bytes() -> None:
    assert Markdown().render(website_trace(**HEADER)) == Markdown().render(website_trace(**HEADER))


def test_an_empty_trace_still_renders() -> None:
    assert b"Nothing worth telling" in Markdown().render(trace_of())


def test_nothing_in_a_story_can_close_its_fence() -> None:
    assert fenced("a\n```\nb").startswith("````")


def test_the_format_is_registered() -> None:
    assert [(form.name, form.suffix) for form in reports.FORMATS] == [("md", ".md")]
