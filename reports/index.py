"""`index.html` over a report folder: all failures grouped by cause, and what it took to find them, as plots.

Made anew from the folders that are there: `schedule.json` (what was decided), the violation in `trace.jsonl`, and, if
there, `report.sarif` (call site) and `search.json` (how it was found). The plots are SVG bars in the page itself, so
that a user's run needs no plotting library. The page needs nothing but itself.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import orjson

from reports.plain import one_line

FIRST = ("report.html", "report.md")
"""Of these the one that is there is what a folder's name links to."""

SHOWN = ("report.html", "report.md", "test_regression.py", "schedule.json")
"""What most people want of a report folder, in this order; the other files are linked below a fold."""

VIOLATION = b'"kind":"violation"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What makes two failures one bug, as far as anybody can tell from outside."""

    trial: str
    claim: str
    kind: str = ""
    """Of object; empty: the whole state."""
    faults: str = ""
    """Kinds of weather that are needed, as "crash+latency"; empty: none."""
    site: str = ""
    """Line of code that sent the wrong write; empty if the report does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One report folder."""

    folder: str
    """Relative to the index."""
    cause: Cause
    reason: str
    weather: tuple[str, ...]
    """Kinds of the faults in the schedule, in order."""
    workload: int
    versions: dict[str, str]
    files: tuple[str, ...]
    examples: int | None = None
    """Until it was found; None: nobody wrote it down."""
    fired: dict[str, int] = field(default_factory=dict)
    """Faults that struck in those examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A page over all reports, HTML, UTF-8."""

    name: str = "index"
    filename: str = "index.html"

    def render(self, report_dir: Path) -> bytes:
        """The page of what is in `report_dir` now. Same folders, same bytes."""
        failures: list[Failure] = []
        unreadable: list[tuple[str, str]] = []
        for folder in sorted(file.parent for file in report_dir.glob("[!.]*/[!.]*/schedule.json")):
            try:
                failures.append(_failure(report_dir, folder))
            except FileNotFoundError:
                continue  # being replaced by another process, which will make the index again
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                unreadable.append((_relative(report_dir, folder), one_line(f"{type(error).__name__}: {error}")))
        page = _template().render(
            groups=_groups(failures),
            total=len(failures),
            unreadable=unreadable,
            versions=_newest(failures),
            plots=list(_plots(failures)),
            href=_href,
        )
        return page.encode("utf-8", errors="replace")


# ------------------------------------------------------------------------------------------------------------- reading


def _failure(report_dir: Path, folder: Path) -> Failure:
    schedule = orjson.loads((folder / "schedule.json").read_bytes())
    weather = tuple(one_line(str(action["do"])) for action in schedule["weather"])
    violation = _violation(folder / "trace.jsonl", schedule.get("expect", {}).get("property"))
    search = _optional(folder / "search.json")
    objects = violation.get("objects") or [violation.get("object") or ""]
    return Failure(
        folder=_relative(report_dir, folder),
        cause=Cause(
            trial=folder.parent.name,
            claim=one_line(str(violation.get("property") or "?")),
            kind=one_line(str(objects[0]).partition("/")[0]),
            faults="+".join(sorted(set(weather))),
            site=one_line(_site(_optional(folder / "report.sarif"))),
        ),
        reason=one_line(str(violation.get("reason") or "")),
        weather=weather,
        workload=len(schedule["workload"]),
        versions={str(name): str(value) for name, value in schedule.get("versions", {}).items()},
        files=tuple(sorted(file.name for file in folder.iterdir())),
        examples=search.get("examples"),
        fired=dict(search.get("faults_fired") or {}),
    )


def _violation(trace: Path, claim: str | None) -> dict[str, Any]:
    """The first violation of this claim, or of any; without parsing what may be a hundred thousand other lines."""
    found: dict[str, Any] = {}
    with trace.open("rb") as lines:
        for line in lines:
            if VIOLATION in line:
                event = orjson.loads(line)
                if event.get("kind") == "violation" and (not found or event.get("property") == claim):
                    found = event
                    if claim is None or event.get("property") == claim:
                        break
    if not found:
        raise ValueError("trace.jsonl holds no violation")
    return found


def _optional(file: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    return found if isinstance(found, dict) else {}


def _site(sarif: dict[str, Any]) -> str:
    for run in sarif.get("runs", ()):
        for result in run.get("results", ()):
            return str(result.get("properties", {}).get("callSite") or "")
    return ""


# ------------------------------------------------------------------------------------------------------------- showing


def _groups(failures: Iterable[Failure]) -> list[tuple[Cause, list[Failure]]]:
    """Most failures first."""
    found: dict[Cause, list[Failure]] = {}
    for failure in failures:
        found.setdefault(failure.cause, []).append(failure)
    return sorted(found.items(), key=lambda group: (-len(group[1]), astuple(group[0])))


def _plots(failures: list[Failure]) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """(title, [(label, length of its bar)]) of what there is something to say about."""
    if not failures:
        return
    yield "Failures, by claim", _counted(failure.cause.claim for failure in failures)
    struck = _counted(name for failure in failures for name in dict.fromkeys(failure.weather))
    yield "Failures that need this weather", struck or [("none: fair weather", len(failures))]
    sizes = Counter(len(failure.weather) + failure.workload for failure in failures)
    yield "Failures, by actions in the shrunk schedule", [(str(size), sizes[size]) for size in sorted(sizes)]
    found = [(failure.folder, failure.examples) for failure in failures if failure.examples is not None]
    if found:
        yield "Examples until it was found", sorted(found, key=lambda one: (-one[1], one[0]))
    fired: Counter[str] = Counter()
    for failure in failures:
        fired.update(failure.fired)
    if fired:
        yield "Times that weather struck in those examples", _by_count(fired)


def _counted(names: Iterable[str]) -> list[tuple[str, int]]:
    return _by_count(Counter(names))


def _by_count(counts: "Counter[str]") -> list[tuple[str, int]]:
    return sorted(((name, count) for name, count in counts.items() if count), key=lambda one: (-one[1], one[0]))


def _newest(failures: Iterable[Failure]) -> dict[str, str]:
    """The newest version of each part that any failure was found with."""
    newest: dict[str, str] = {}
    for failure in failures:
        for name, version in failure.versions.items():
            if name not in newest or _age(version) > _age(newest[name]):
                newest[name] = version
    return dict(sorted(newest.items()))


def _age(version: str) -> tuple[list[int], str]:
    return [int(digits[:9]) for digits in re.findall(r"\d+", version)], version


def _href(folder: str, file: str) -> str:
    return quote(f"{folder}/{file}", errors="replace")


def _relative(report_dir: Path, folder: Path) -> str:
    return folder.relative_to(report_dir).as_posix()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(first=FIRST, shown=SHOWN)
    return environment.get_template("index.html.j2")
