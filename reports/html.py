"""`report.html`: one file that explains a violation in a minute, from disk, without network or server.

Everything is inlined, and a content security policy of hashes lets nothing else run or load. What a trace brings is
text: escaped by the template, JSON for the script, and in the browser never anything but text nodes.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.cycle import cycle_of
from reports.diagram import data_of
from reports.facts import clock_sentence, label_sentence, verdict_sentence
from reports.fair import end_state_of
from reports.labels import label_of, plainly, wrong_tag
from reports.ownership import ownership_of
from reports.printed import timed
from reports.run import run_of
from reports.shown import shown

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent
    from reports.facts import Facts
    from reports.run import Run

TEMPLATES = "templates"

SCRIPTS = ("report.js", "marks.js", "diagram.js", "beliefs.js", "boot.js")
"""One script element, in this order."""

TABLE_MAX = 300
"""Rows of the table that stands for the diagram where there is no JavaScript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Html:
    """A report as a single HTML page, UTF-8."""

    name: str = "html"
    suffix: str = ".html"

    def render(self, trace: "Trace") -> bytes:
        """The report of one trace. Same trace, same bytes."""
        run = run_of(trace)
        environment = Environment(
            loader=PackageLoader("reports", TEMPLATES),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.filters["shown"] = shown
        environment.filters["plainly"] = plainly
        environment.filters["spoken"] = _spoken
        environment.filters["seconds"] = _seconds
        environment.globals["timed"] = timed
        style, script = _asset("report.css"), "\n".join(_asset(name) for name in SCRIPTS)
        data, left_out = data_of(run)
        page = environment.get_template("report.html.j2").render(
            run=run,
            facts=run.facts,
            verdict=shown(verdict_sentence(run.facts), 1200),
            label=shown(label_sentence(run.facts), 600),
            clock=clock_sentence(run.facts),
            badge=_badge(run.facts),
            replay=_replay(run.facts),
            wrong_tag=wrong_tag(run),
            rows=_fact_rows(run),
            table=_table(run),
            cycle=cycle_of(run),
            ownership=ownership_of(run),
            end_state=end_state_of(trace),
            left_out=left_out,
            style=Markup(style),  # our own file
            script=Markup(script),  # our own files
            data=Markup(data),  # escaped for a script element by `script_json`
            policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
            "base-uri 'none'; form-action 'none'",
        )
        return page.encode("utf-8", "replace")


@lru_cache
def _asset(name: str) -> str:
    source, _, _ = PackageLoader("reports", TEMPLATES).get_source(Environment(), name)
    assert "</s" not in source.lower(), f"{name} would end its own element"
    return source


def _digest(text: str) -> str:
    """As a content security policy names an inline element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _badge(facts: "Facts") -> tuple[str, str]:
    """(class, words) of the label."""
    if facts.violation is None:
        return "quiet", "nothing violated"
    if not facts.faults:
        return "alarm", "fair weather"
    if facts.legal and facts.obliged is False:
        return "warn", "legal, not obliged"
    if facts.legal:
        return "alarm", "legal in Kubernetes"
    return ("quiet", "hostile") if facts.legal is False else ("quiet", "not labelled")


def _replay(facts: "Facts") -> str | None:
    """A trace read from disk does not say where its folder is, but the schedule lies beside it and beside this page."""
    return facts.replay or ("seatrial replay schedule.json" if facts.violation is not None else None)


def _fact_rows(run: "Run") -> list[tuple[str, str]]:
    """What identifies the run: (name, value)."""
    facts, events = run.facts, run.trace.events
    rows: list[tuple[str, object]] = [*facts.settings.items()]
    if facts.under_test:
        rows.append(("under test", ", ".join(facts.under_test)))
    rows.append(("events", f"{len(events):,}, of which {len(run.slice):,} explain the violation"))
    if events:
        rows.append(("real time" if facts.real_time else "virtual time", _seconds(events[-1].time_s)))
    rows.extend((f"{name} version", version) for name, version in sorted(facts.versions.items()))
    rows.append(("trace sha256", _sha256(run.trace)))
    return [(shown(name), shown(value)) for name, value in rows]


def _sha256(trace: "Trace") -> str:
    try:
        return trace.sha256()
    except TypeError:  # half a surrogate pair, in a trace that was never written
        return "none: the trace holds text that is not Unicode"


def _table(run: "Run") -> "list[tuple[TraceEvent, str]]":
    """The causal slice in words; of a long one its end, which is nearest to the violation."""
    return [(run.trace.events[step], shown(label_of(run.trace.events[step]), 400)) for step in run.slice[-TABLE_MAX:]]


def _spoken(sentence: str) -> Markup:
    """A sentence whose names in backticks are set as code."""
    parts = sentence.split("`")
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if place % 2 else part for place, part in enumerate(parts))


def _seconds(time_s: float) -> str:
    return f"{time_s:,.3f} s"
