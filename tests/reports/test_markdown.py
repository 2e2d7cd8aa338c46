import reports
from reports.markdown import Markdown, fenced
from tests.reports.kept import nasty_trace
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
    assert ("md", ".md") in [(form.name, form.suffix) for form in reports.FORMATS]


def test_why_names_the_wrong_write_its_line_and_the_weather() -> None:
    trace = trace_of(
        {"kind": "request", "by": "website", "on": "Pod/d/a", "method": "delete", "site": "website.py:31 in reconcile"},
        {"kind": "commit", "by": "apiserver-0", "peer": "website", "on": "Pod/d/a", "fact": "DELETED", "cause": [0]},
        {"at": 1.0, "kind": "fault", "by": "website", "name": "crash", "sentence": "website crashes"},
        {"kind": "violation", "property": "p", "reason": "r", "cause": [1]},
    )
    why = Markdown().render(trace).decode().partition("## Why\n\n")[2].partition("\n\n")[0]
    assert why.splitlines() == [
        "- **The wrong write**: `website` deleted Pod d/a. Sent by `website.py:31 in reconcile`.",
        "- **Caused by**, at 1.000 s: website crashes \\[crash].",
    ]


def test_names_in_why_are_text_and_no_markup() -> None:
    why = Markdown().render(nasty_trace()).decode().partition("## Why")[2].partition("## Facts")[0]
    spans = [line.rpartition("Sent by ")[2] for line in why.splitlines() if "Sent by " in line]
    assert len(spans) == 1
    assert spans[0].count("`") == 2  # one span of code, in which nothing is markup
    assert "<script" not in why.replace(spans[0], "")


def test_of_a_process_it_says_how_often_it_was_reproduced_and_what_was_printed() -> None:
    trace = website_trace(**HEADER)
    trace.add(0.0, "note", data={"real_time": True})
    trace.add(1.5, "note", "website", data={"output": ["Traceback", "KeyError: 'spec' ```"]})
    trace.add(1.5, "note", data={"reproduced": "2 of 3"})

    page = Markdown().render(trace).decode()

    assert "(reproduced 2 of 3)." in page
    assert "Times are real seconds" in page
    assert "`website`, until 1.500 s:" in page
    assert "````text\nTraceback\nKeyError: 'spec' ```\n````" in page
    assert "it had printed" not in page, "nobody knows when that was"


def test_what_a_process_printed_before_the_wrong_write_is_told_with_it() -> None:
    trace = website_trace(**HEADER)
    trace.add(1.5, "note", "website", data={"output": ["starts", "creates", "is done"], "printed_s": [0.0, 0.3, 0.4]})

    page = Markdown().render(trace).decode()

    assert "It had printed last, at 0.300 s: creates\n" in page
    assert "- **Before it**, it had printed: `0.000 s: starts`; `0.300 s: creates`.\n" in page
    assert "     0.400 s  is done\n" in page
