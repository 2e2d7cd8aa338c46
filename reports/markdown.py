"""`report.md`: the verdict, how to see it again, and the story, for a terminal, a pull request or a chat window.

No pictures and no links outward: whatever a reader needs to act stands in the first screenful. The whole run is in
`trace.jsonl` beside it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.facts import Facts, facts_of, label_sentence, verdict_sentence
from reports.narrative import sentences

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
        facts = facts_of(trace)
        story = sentences(trace)
        parts = [
            f"# {_title(facts)}",
            verdict_sentence(facts),
            _promise(facts),
            label_sentence(facts),
            _replay(facts),
            "## What happened",
            "Times are virtual seconds since the run began.",
            fenced("\n".join(story) or "Nothing worth telling.", "text"),
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


def _facts_table(facts: Facts, trace: "Trace") -> str:
    rows: list[tuple[str, object]] = [*facts.settings.items()]
    if facts.under_test:
        rows.append(("under test", ", ".join(facts.under_test)))
    rows.append(("events", len(trace.events)))
    if trace.events:
        rows.append(("virtual time", f"{trace.events[-1].time_s:,.3f} s"))
    rows.extend((f"{name} version", version) for name, version in sorted(facts.versions.items()))
    rows.append(("trace sha256", trace.sha256()))
    return "\n".join(
        ["| fact | value |", "|---|---|", *(f"| {_cell(name)} | {_cell(value)} |" for name, value in rows)]
    )


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
