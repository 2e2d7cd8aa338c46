import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from harness.report_folder import write_report
from harness.trace import Trace
from reports.index import Index
from tests.reports.browser import PHONE, chromium, opened
from tests.reports.kept import NASTY
from tests.reports.traces import trace_of


class Page(HTMLParser):
    """Tags, links and texts of a page, as a browser would read them."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.titles: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = tag
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._inside == "h3":
            self.titles.append(data.strip())


def schedule(number: int, *faults: str, claim: str = "converges", **versions: str) -> dict[str, Any]:
    return {
        "seatrial_schedule": 1,
        "trial": {"number": number},
        "workload": [{"do": "create"}],
        "weather": [{"do": fault, "component": "website"} for fault in faults],
        "expect": {"property": claim},
        "versions": {"seatrial": "0.1.0", **versions},
    }


def trace(reason: str = "no Service", claim: str = "converges", on: str = "Website/default/front") -> Trace:
    return trace_of(
        {"kind": "note", "target": "website:website"},
        {"kind": "violation", "property": claim, "reason": reason, "objects": [on]},
    )


def page(report_dir: Path) -> Page:
    return Page((report_dir / "index.html").read_bytes())


def test_failures_of_one_cause_are_one_group_and_the_largest_comes_first(tmp_path: Path) -> None:
    write_report(tmp_path, "website", schedule(1, "crash"), trace())
    write_report(tmp_path, "website", schedule(2, "pause"), trace())
    write_report(tmp_path, "website", schedule(3, "pause"), trace("another object"))
    found = page(tmp_path)
    assert "3 failures of 2 causes" in found.text
    assert re.findall(r"(\d) reports? · weather: (\w+)", found.text) == [("2", "pause"), ("1", "crash")]


@pytest.mark.parametrize(
    "other",
    [
        (schedule(2, "crash", claim="idempotent"), trace(claim="idempotent")),
        (schedule(2, "crash", "pause"), trace()),
        (schedule(2, "crash"), trace(on="Secret/default/x")),
    ],
    ids=["claim", "weather", "kind"],
)
def test_another_claim_weather_or_kind_is_another_cause(tmp_path: Path, other: tuple[dict[str, Any], Trace]) -> None:
    write_report(tmp_path, "website", schedule(1, "crash"), trace())
    write_report(tmp_path, "website", *other)
    assert "2 failures of 2 causes" in page(tmp_path).text


def test_every_file_of_a_report_is_linked_and_nothing_else(tmp_path: Path) -> None:
    folder = write_report(tmp_path, "website", schedule(1, "crash"), trace())
    links = page(tmp_path).links
    assert all((tmp_path / link).is_file() for link in links)
    assert {(tmp_path / link).name for link in links} == {file.name for file in folder.iterdir()}


def test_four_files_of_a_report_are_in_sight_and_the_others_below_a_fold(tmp_path: Path) -> None:
    write_report(tmp_path, "website", schedule(1, "crash"), trace(), search={"examples": 7})
    shown, _, folded = (tmp_path / "index.html").read_text().partition("<details>")
    named = [link.rpartition("/")[2] for link in Page(shown.encode()).links]
    assert named == ["report.html", "report.html", "report.md", "test_regression.py", "schedule.json"]
    assert "trace.jsonl" in folded.partition("</details>")[0]


def test_the_newest_versions_are_named(tmp_path: Path) -> None:
    for number, version in enumerate(("0.9.0", "0.10.0", "0.2.0")):
        write_report(tmp_path, "website", schedule(number, seatrial=version), trace())
    assert "seatrial 0.10.0." in page(tmp_path).text


def test_the_plots_count_claims_weather_and_sizes(tmp_path: Path) -> None:
    write_report(
        tmp_path, "w", schedule(1, "crash", "crash"), trace(), search={"examples": 7, "faults_fired": {"x": 3}}
    )
    write_report(tmp_path, "w", schedule(2, "crash"), trace())
    found = page(tmp_path)
    assert found.tags.count("svg") == 5
    assert re.search(r"Failures that need this weather\s+crash\s*(crash)?\s*2", found.text)
    assert re.search(r"Times that weather struck in those examples\s+x\s*(x)?\s*3", found.text)


def test_hostile_names_are_text_and_the_page_loads_nothing(tmp_path: Path) -> None:
    write_report(tmp_path, NASTY, schedule(1, NASTY, claim=NASTY, seatrial=NASTY), trace(NASTY, NASTY, NASTY))
    folder = tmp_path / "w" / "<img src=x onerror=alert(1)>"
    folder.mkdir(parents=True)
    (folder / "schedule.json").write_text("{}")
    content = (Index().render(tmp_path)).decode()
    found = Page(content.encode())
    assert not {"script", "img", "link", "iframe"} & set(found.tags)
    assert "<script>alert(1)</script>" in found.text
    assert "<img src=x onerror=alert(1)>" in found.text
    assert not any(re.match(r"[a-z]+:|//", link) for link in found.links)
    assert "default-src 'none'" in content


def test_a_folder_that_cannot_be_read_is_named_and_the_others_are_shown(tmp_path: Path) -> None:
    broken = write_report(tmp_path, "website", schedule(1, "crash"), trace())
    (broken / "trace.jsonl").write_bytes(b"\x89PNG")
    write_report(tmp_path, "website", schedule(2, "crash"), trace())
    found = page(tmp_path)
    assert "1 failure of 1 cause" in found.text
    assert f"website/{broken.name}" in found.text
    assert "holds no violation" in found.text


def test_the_same_folders_give_the_same_bytes(tmp_path: Path) -> None:
    write_report(tmp_path, "website", schedule(1, "crash"), trace())
    assert Index().render(tmp_path) == (tmp_path / "index.html").read_bytes()


REPORTER = """
import sys
from pathlib import Path
from harness.report_folder import write_report
from tests.reports.test_index import schedule, trace
for number in range(8):
    write_report(Path(sys.argv[1]), f"trial-{sys.argv[2]}", schedule(number, "crash"), trace())
"""


@pytest.mark.slow
def test_two_processes_that_report_at_once_are_both_in_the_index(tmp_path: Path) -> None:
    command = [sys.executable, "-c", REPORTER, str(tmp_path)]
    running = [subprocess.Popen([*command, name], stderr=subprocess.PIPE) for name in ("a", "b")]
    assert [process.communicate()[1] for process in running] == [b"", b""]
    assert "16 failures of 2 causes" in page(tmp_path).text
    merged = json.loads((tmp_path / "seatrial.sarif").read_bytes())
    assert len(merged["runs"][0]["results"]) == 16
    assert not [file.name for file in tmp_path.rglob(".*")]


@pytest.mark.slow
def test_in_a_browser_no_label_of_a_bar_is_cut(tmp_path: Path) -> None:
    longest = "creates_stay_within_what_the_writer_could_know"
    write_report(
        tmp_path, "zoo-adopted-under-deletion", schedule(1, "crash", claim=longest), trace(claim=longest),
        search={"examples": 1_000, "faults_fired": {"dependency_corrupted": 1_234_567}},
    )  # fmt: skip
    boxes = """texts => texts.map(text => [text.getBBox(), text.closest("svg").viewBox.baseVal.width])
        .map(([box, width]) => box.x >= 0 && box.x + box.width <= width)"""
    with chromium() as browser, opened(browser, tmp_path / "index.html") as seen:
        inside = seen.page.eval_on_selector_all("svg text", boxes)
        assert len(inside) >= 10
        assert all(inside)
        assert longest in seen.page.locator("figure").first.inner_text()


@pytest.mark.slow
def test_in_a_browser_the_page_is_harmless_and_links_to_the_report(tmp_path: Path) -> None:
    folder = write_report(tmp_path, "website", schedule(1, NASTY, claim=NASTY), trace(NASTY, NASTY, NASTY))
    with chromium() as browser, opened(browser, tmp_path / "index.html", size=PHONE) as seen:
        assert seen.page.locator("section.cause").count() == 1
        assert seen.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "wider than a phone"
        names = seen.page.eval_on_selector_all("a", "links => links.map(link => link.getAttribute('href'))")
        assert f"website/{folder.name}/report.md" in names
        seen.assert_harmless()
