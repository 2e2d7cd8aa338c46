"""`report.sarif`: the violations for code-scanning tools, in SARIF 2.1.0 (OASIS).

A result is a violated claim; its place is the line of the controller's code that sent the wrong write. Paths are
relative to the root of the sources (SRCROOT), since a trace knows modules and not where a checkout is. A trace without
call sites gives the name of the component instead, as a logical location.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from reports.facts import datum, label_sentence
from reports.plain import printable
from reports.run import run_of

if TYPE_CHECKING:
    from harness.trace import Trace
    from reports.run import Run

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_SITE = re.compile(r"(?P<place>.+):(?P<line>[1-9]\d*)(?: in (?P<function>.+))?", re.S)
_URL = re.compile(r"https?://[^\s;,()<>\"']+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A line of code, as a trace names it."""

    path: str
    """From the root of the sources, with slashes."""
    line: int
    function: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sarif:
    """A SARIF 2.1.0 log, UTF-8."""

    name: str = "sarif"
    suffix: str = ".sarif"

    def render(self, trace: "Trace") -> bytes:
        """The log of one trace, without results if nothing was violated. Same trace, same bytes."""
        claims = dict.fromkeys(str(datum(event, "property")) for event in trace.events if event.kind == "violation")
        runs = [run_of(trace, claim=claim) for claim in claims]
        versions = run_of(trace).facts.versions
        results = [_result(run, index) for index, run in enumerate(runs)]
        return _log([_rule(run) for run in runs], results, versions.get("seatrial"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SarifOfAll:
    """One log of all reports in a folder: code-scanning services take one run of a tool at a time."""

    name: str = "sarif"
    filename: str = "seatrial.sarif"

    def render(self, report_dir: Path) -> bytes:
        """Merged from the `report.sarif` of each report; one that cannot be read is left out. Same folders, same
        bytes."""
        rules: dict[str, Any] = {}
        results: list[Any] = []
        for file in sorted(report_dir.glob("[!.]*/[!.]*/report.sarif")):
            try:
                run = orjson.loads(file.read_bytes())["runs"][0]
                found = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
                told = [(result, result["ruleId"]) for result in run["results"]]
            except (OSError, ValueError, KeyError, IndexError, TypeError):
                continue
            rules = {**found, **rules}
            results += [result for result, rule in told if rule in rules]
        order = {rule: index for index, rule in enumerate(sorted(rules))}
        placed = [{**result, "ruleIndex": order[result["ruleId"]]} for result in results]
        return _log([rules[rule] for rule in order], placed, None)


def _log(rules: list[Any], results: list[Any], version: str | None) -> bytes:
    driver = {"name": "seatrial", **({"version": version} if version else {}), "rules": rules}
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "Where the controller's code is."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return orjson.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, option=orjson.OPT_INDENT_2) + b"\n"


def site_of(text: str) -> Site | None:
    """A call site, "a/b.py:31 in reconcile" or "a.b:31 in reconcile"; None if it is neither."""
    found = _SITE.fullmatch(text)
    if found is None:
        return None
    place = found["place"].replace("\\", "/")
    path = place if place.endswith(".py") or "/" in place else place.replace(".", "/") + ".py"
    return Site(path=path.lstrip("/"), line=int(found["line"]), function=found["function"] or "")


def _rule(run: "Run") -> dict[str, Any]:
    facts = run.facts
    rule: dict[str, Any] = {"id": facts.claim, "shortDescription": {"text": f"The claim {facts.claim} is violated."}}
    if facts.source:
        rule["help"] = {"text": f"Promised by: {printable(facts.source)}"}
        url = _URL.search(facts.source)
        if url is not None:
            rule["helpUri"] = url[0].rstrip(".")
    return rule


def _result(run: "Run", index: int) -> dict[str, Any]:
    facts, blame = run.facts, run.blame
    told = [facts.reason or f"{facts.claim} is violated.", blame.text, label_sentence(facts)]
    site = site_of(blame.site)
    return {
        "ruleId": facts.claim,
        "ruleIndex": index,
        "kind": "fail",
        # What a controller need not recover from, or what Kubernetes never does, should not stop anybody's merge.
        "level": "warning" if facts.legal is False or facts.obliged is False else "error",
        "message": {"text": printable("\n".join(part for part in told if part))},
        "locations": [_location(run, site)],
        "partialFingerprints": {"seatrialCause/v1": _fingerprint(run, site)},
        "properties": _properties(run),
    }


def _location(run: "Run", site: Site | None) -> dict[str, Any]:
    if site is None:
        name = ", ".join(run.facts.under_test) or str(run.facts.settings.get("target") or "controller")
        return {"logicalLocations": [{"fullyQualifiedName": printable(name), "kind": "module"}]}
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(site.path, errors="surrogatepass"), "uriBaseId": "SRCROOT"},
            "region": {"startLine": site.line},
        }
    }
    if site.function:
        location["logicalLocations"] = [{"name": printable(site.function), "kind": "function"}]
    return location


def _fingerprint(run: "Run", site: Site | None) -> str:
    """Of the cause, so that it survives other line numbers, other values and other names of objects."""
    facts = run.facts
    where = [site.path, site.function] if site is not None else list(facts.under_test)
    return hashlib.sha256(orjson.dumps([facts.claim, sorted(facts.faults), where])).hexdigest()


def _properties(run: "Run") -> dict[str, Any]:
    """What has no place of its own in SARIF; unknown values are left out."""
    facts = run.facts
    found: dict[str, Any] = {
        "weather": list(facts.faults),
        "legal": facts.legal,
        "obliged": facts.obliged,
        "replay": facts.replay,
        "callSite": run.blame.site or None,
        **facts.settings,
        "story": [printable(sentence.text) for sentence in run.story],
    }
    return {name: value for name, value in found.items() if value is not None}
