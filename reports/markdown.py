"""`report.md`: the verdict, how to see it again, and the story, for a terminal, a pull request or a chat window.

No pictures and no links outward: whatever a reader needs to act stands in the first screenful. The whole run is in
`trace.jsonl` beside it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.facts import Facts, clock_sentence, datum, label_sentence, verdict_sentence
from reports.ledger import at
from reports.narrative import lines_of, sentences
from reports.plain import one_line
from reports.printed import timed
from reports.run import Run, run_of
from reports.weather_words import label_of, weather_in_words

if TYPE_CHECKING:
    from harness.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Markdown:
    """A report as GitHub-flavoured Markdown, UTF-8."""

    name: str = "md"
    suffix: str = ".md"

    def narrative(self, trace: "Trace", *, claim: str | None = None) -> str:
        """The story alone, as the command and the pytest plugin print it; of one violated claim where there are
        several."""
        return "\n".join(sentences(trace, claim=claim))

    def render(self, trace: "Trace") -> bytes:
        """The report of one trace. Same trace, same bytes."""
        run = run_of(trace)
        facts = run.facts
        story = lines_of(run.story)
        parts = [
            f"# {_title(facts)}",
            verdict_sentence(facts),
            _promise(facts),
            label_sentence(facts),
            _replay(facts),
            "## What happened",
            clock_sentence(facts),
            fenced("\n".join(story) or "Nothing worth telling.", "text"),
            *_why(run),
            *_printed(facts),
            "## Facts",
            _facts_table(facts, trace),
        ]
        return ("\n\n".join(part for part in parts if part) + "\n").encode()


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence no line of `text` can close."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _title(facts: Facts) -> str:
    target = facts.settings.get("target") or ", ".join(facts.under_test)
    claim = f"`{facts.claim}` violated" if facts.violation is not None else "Nothing violated"
    return f"{claim}: {target}" if target else claim


def _promise(facts: Facts) -> str:
    return f"Promised by: {facts.source}" if facts.source and facts.violation is not None else ""


def _replay(facts: Facts) -> str:
    return f"See it again:\n\n{fenced(facts.replay, 'sh')}" if facts.replay else ""


def _why(run: Run) -> list[str]:
    """The wrong write with the line that sent it, and the weather without which it would not have come."""
    blamed = run.blame
    if run.facts.violation is None or not (blamed.text or blamed.faults):
        return []
    rows = []
    if blamed.text:
        name = f"The {'missing' if blamed.missing else 'wrong'} {blamed.noun}"
        site = f" Sent by {_code(blamed.site)}." if blamed.site and not blamed.missing else ""
        site = f" It would follow {_code(blamed.site)}." if blamed.site and blamed.missing else site
        rows.append(f"- **{name}**: {_inline(blamed.text)}{site}")
    if blamed.words:
        rows.append(f"- **Before it**, it had printed: {'; '.join(map(_code, blamed.words))}.")
    for step in blamed.faults:
        fault = run.ledger.by_step[step]
        told = _inline(f"{weather_in_words(fault)} {label_of(fault)}")
        rows.append(f"- **Caused by**, at {at(fault)}: {told}.")
    if not blamed.faults and not any(datum(event, "name") for event in run.trace.events if event.kind == "fault"):
        rows.append("- No weather was needed.")
    return ["## Why", "\n".join(rows)]


def _printed(facts: Facts) -> list[str]:
    """What the process said, of each of its lives."""
    parts = [f"## What {'it' if len(facts.under_test) == 1 else 'they'} printed last"] if facts.printed else []
    for life, (component, time_s, _) in enumerate(facts.printed):
        parts += [f"{_code(component)}, until {time_s:.3f} s:", fenced("\n".join(timed(facts, life)), "text")]
    return parts


def _code(text: str) -> str:
    """In a code span that nothing in it can close."""
    inside = one_line(text).replace("`", "'")
    return f"`{inside}`"


def _inline(text: str) -> str:
    """On one line, and as text: no markup of Markdown or HTML but code spans."""
    return one_line(text).replace("<", "&lt;").replace("*", "\\*").replace("[", "\\[")


def _facts_table(facts: Facts, trace: "Trace") -> str:
    rows: list[tuple[str, object]] = [*facts.settings.items()]
    if facts.under_test:
        rows.append(("under test", ", ".join(facts.under_test)))
    rows.append(("events", len(trace.events)))
    if trace.events:
        rows.append(("real time" if facts.real_time else "virtual time", f"{trace.events[-1].time_s:,.3f} s"))
    rows.extend((f"{name} version", version) for name, version in sorted(facts.versions.items()))
    rows.append(("trace sha256", trace.sha256()))
    return "\n".join(
        ["| fact | value |", "|---|---|", *(f"| {_cell(name)} | {_cell(value)} |" for name, value in rows)]
    )


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
