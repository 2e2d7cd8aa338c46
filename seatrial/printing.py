"""An outcome on stdout, as text for a person or as one JSON object for a machine, and errors on stderr in one line."""

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.outcome import Outcome, Violation

UNKNOWN = 2

HEADLINES = {
    "holds": "HOLDS: every applicable property",
    "violated": "VIOLATED",
    "unknown": "UNKNOWN: not enough was seen to say that it holds",
    "error": "ERROR",
}


def exit_code_of(outcome: "Outcome", *, allow_unknown: bool = False) -> int:
    """The outcome's own code; 0 for unknown where that is allowed."""
    if allow_unknown and outcome.exit_code == UNKNOWN:
        return 0
    return outcome.exit_code


def print_json(value: dict[str, Any]) -> None:
    print_text(json.dumps(value, ensure_ascii=False))


def print_text(text: str) -> None:
    """To stdout, now. Who reads may have gone (`| head`): then the exit code is all that is left to give."""
    try:
        click.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_outcome(outcome: "Outcome", *, as_json: bool, quiet: bool = False, allow_unknown: bool = False) -> int:
    """Print, and return the exit code."""
    code = exit_code_of(outcome, allow_unknown=allow_unknown)
    if as_json:
        print_json({**outcome.to_json(), "exit": code})
    elif quiet:
        print_text(headline(outcome))
    else:
        print_text("\n".join(outcome_lines(outcome)))
    return code


def headline(outcome: "Outcome") -> str:
    """The verdict in one line."""
    text = HEADLINES[outcome.verdict]
    claims = list(dict.fromkeys(violation.property for violation in outcome.violations))
    if claims:
        text = f"{text}: {', '.join(claims)}"
    if outcome.interrupted:
        text = f"INTERRUPTED, so far {text}"
    return f"{text} ({_effort(outcome)})"


def outcome_lines(outcome: "Outcome") -> list[str]:
    """The whole outcome, most important first."""
    lines = [headline(outcome)]
    if outcome.fair_weather and outcome.violations:
        lines.append("It fails in fair weather: no fault was needed.")
    lines += [f"warning: {warning}" for warning in outcome.warnings]
    for number, violation in enumerate(outcome.violations, 1):
        lines += ["", *violation_lines(violation, number)]
    lines += ["", *_table([(p.name, p.verdict, p.reason) for p in outcome.properties])]
    if outcome.not_applicable:
        lines.append(f"not applicable: {', '.join(outcome.not_applicable)}")
    struck = [f"{name} {count}" for name, count in outcome.faults_fired.items() if count]
    lines.append(f"weather that struck: {', '.join(struck) or 'none'}")
    lines += outcome.scope
    return lines


def violation_lines(violation: "Violation", number: int) -> list[str]:
    """One violation: what, how bad, the story, and how to see it again."""
    label = "legal" if violation.legal else "HOSTILE: real Kubernetes does not do this"
    if violation.legal:
        label += " and obliged" if violation.obliged else ", not obliged to recover"
    size = f"{violation.actions} actions: {violation.workload} by users, {violation.faults} of the weather"
    lines = [f"{number}. {violation.property} violated on {violation.kind or 'the whole state'} ({label}; {size})"]
    lines += [f"   {line}" for line in (violation.narrative or violation.reason).splitlines()]
    if violation.met:
        where = f", at {violation.call_site}" if violation.call_site else ""
        times = f"{violation.met} example{'s' * (violation.met != 1)}"
        lines.append(
            f"   met in {times}, first in number {violation.first_example}: by {violation.fault or 'users'}{where}"
        )
    if violation.report_path:
        lines.append(f"   report: {violation.report_path}")
    if violation.replay:
        lines.append(f"   replay: {violation.replay}")
    return lines


def print_error(message: str, code: int, *, as_json: bool) -> int:
    """One line on stderr, and in JSON mode the error object on stdout. Returns `code`."""
    line = " ".join(message.split())
    click.echo(f"seatrial: {line}", err=True)
    if as_json:
        print_json({"seatrial": 1, "verdict": "error", "exit": code, "message": line})
    return code


def print_table(rows: Sequence[Sequence[str]]) -> None:
    print_text("\n".join(_table(rows)))


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as they need; the last one runs free, one line a row."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    ]


def _effort(outcome: "Outcome") -> str:
    parts = [f"{outcome.examples} example{'s' * (outcome.examples != 1)}"]
    swept = any(line.startswith("swept: ") for line in outcome.scope)  # those runs are no sample
    if outcome.verdict == "holds" and outcome.examples > 1 and not swept:
        from harness.outcome import upper_bound_95

        parts.append(f"at 95 % fewer than {upper_bound_95(outcome.examples):.2%} of such examples fail")
    parts.append(f"{outcome.wall_s:.1f} s, {outcome.virtual_s:,.0f} virtual seconds")
    return ", ".join(parts)
