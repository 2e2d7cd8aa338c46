import json
from pathlib import Path
from typing import Any

import pytest
from sarif_kit.validate import validation_errors

import reports.run
from harness.trace import Trace
from reports.blame import Blame
from reports.sarif import Sarif, SarifOfAll, Site, site_of
from tests.reports.kept import all_traces
from tests.reports.traces import trace_of, website_trace

SITE = "operators/website.py:31 in reconcile"


@pytest.fixture
def blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong write was sent from SITE."""
    monkeypatch.setattr(reports.run, "blame", lambda run: Blame(step=3, text="That was wrong.", site=SITE))


def log_of(trace: Trace) -> dict[str, Any]:
    """As read by others; it satisfies the JSON schema of SARIF 2.1.0, which comes with sarif-kit."""
    log: dict[str, Any] = json.loads(Sarif().render(trace))
    assert validation_errors(log) == []
    return log["runs"][0]


@all_traces
def test_every_log_satisfies_the_schema_and_has_a_result(trace: Trace) -> None:
    run = log_of(trace)
    assert [result["ruleId"] for result in run["results"]] == [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(run["results"]) == 1


def test_the_schema_is_one_that_can_be_broken() -> None:
    assert validation_errors({"version": "2.1.0", "runs": [{"results": []}]})


def test_without_violation_there_is_no_result() -> None:
    assert log_of(trace_of({"kind": "note"}))["results"] == []


@pytest.mark.usefixtures("blamed")
def test_a_result_is_at_the_line_that_sent_the_wrong_write() -> None:
    (location,) = log_of(website_trace())["results"][0]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "operators/website.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 31},
    }
    assert location["logicalLocations"] == [{"name": "reconcile", "kind": "function"}]


def test_without_a_call_site_the_component_is_named() -> None:
    (location,) = log_of(website_trace(under_test=["website"]))["results"][0]["locations"]
    assert location == {"logicalLocations": [{"fullyQualifiedName": "website", "kind": "module"}]}


@pytest.mark.usefixtures("blamed")
def test_a_fingerprint_survives_another_line_and_not_another_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def fingerprint(site: str) -> str:
        monkeypatch.setattr(reports.run, "blame", lambda run: Blame(site=site))
        found: str = log_of(website_trace())["results"][0]["partialFingerprints"]["seatrialCause/v1"]
        return found

    assert fingerprint(SITE) == fingerprint(SITE.replace("31", "44"))
    assert fingerprint(SITE) != fingerprint(SITE.replace("reconcile", "finalize"))


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("Anvil (OSDI'24); https://example.org/a#b", "https://example.org/a#b"),
        ("https://example.org/x; more", "https://example.org/x"),
        ("a book", None),
    ],
)
def test_a_rule_links_to_who_promises_it(source: str, url: str | None) -> None:
    (rule,) = log_of(website_trace(source=source))["tool"]["driver"]["rules"]
    assert rule.get("helpUri") == url
    assert source in rule["help"]["text"]


@pytest.mark.parametrize(("labels", "level"), [((True, True), "error"), ((True, False), "warning")])
def test_only_what_must_be_survived_is_an_error(labels: tuple[bool, bool], level: str) -> None:
    legal, obliged = labels
    assert log_of(website_trace(legal=legal, obliged=obliged))["results"][0]["level"] == level


@pytest.mark.parametrize(
    ("text", "site"),
    [
        (SITE, Site(path="operators/website.py", line=31, function="reconcile")),
        ("operators.website:31 in reconcile", Site(path="operators/website.py", line=31, function="reconcile")),
        ("main.py:7", Site(path="main.py", line=7)),
        ("", None),
        ("somewhere", None),
    ],
)
def test_a_call_site_is_read_with_slashes_and_with_dots(text: str, site: Site | None) -> None:
    assert site_of(text) == site


def test_the_reports_of_a_folder_make_one_log_with_each_rule_once(tmp_path: Path) -> None:
    for number, claim in enumerate(("b", "a", "b")):
        folder = tmp_path / "website" / str(number)
        folder.mkdir(parents=True)
        violation = {"kind": "violation", "property": claim, "reason": f"reason {number}"}
        (folder / "report.sarif").write_bytes(Sarif().render(trace_of(violation)))
    (tmp_path / "website" / "9").mkdir()
    (tmp_path / "website" / "9" / "report.sarif").write_bytes(b"\x89PNG")
    log = json.loads(SarifOfAll().render(tmp_path))
    assert validation_errors(log) == []
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["a", "b"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == ["b", "a", "b"]
