"""The tables of `docs/fidelity.md`: rules as they are written, and where they were checked as it was measured."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.conformance import fidelity
from tests.conformance.rules import PLANES, Rule, all_rules, rules, subjects
from tests.wire import behaviours

_HEAD: Final = ("rule", "source", "test", *PLANES, "real component")
_OF_A_STORE: Final = ("store", "reading", "watching")
"""Subjects whose rules are about what the store does: etcd says nothing about how lists are merged above it."""


def tables() -> dict[str, Callable[[], str]]:
    """Name of a generated part -> what makes it."""
    found = {f"rules {subject}": partial(_of_subject, subject) for subject in subjects()}
    return {"fidelity summary": _summary, **found}


def _of_subject(subject: str) -> str:
    measured = fidelity.written()["rules"]
    return _table(_HEAD, [_row(rule, measured.get(rule.test, {})) for rule in rules(subject)])


def _row(rule: Rule, cells: dict[str, str]) -> tuple[str, ...]:
    return (
        rule.rule,
        rule.source,
        f"`tests/{rule.test}`",
        *(_cell(rule, plane, cells.get(plane)) for plane in PLANES),
        "; ".join(components(rule, cells)),
    )


def _cell(rule: Rule, plane: str, outcome: str | None) -> str:
    if outcome == fidelity.PASSES:
        return "passes"
    if outcome is None:
        return "–"
    return f"limit: {rule.limit[plane]}" if plane in rule.limit else "**fails**"


def components(rule: Rule, cells: dict[str, str]) -> list[str]:
    """Which real programs and published cases, none of ours, would notice if the rule were broken."""
    is_etcds = rule.subject in _OF_A_STORE and cells.get("etcd") == fidelity.PASSES
    return [*(["etcd"] if is_etcds else []), *_clients(rule), *rule.suites]


def _clients(rule: Rule) -> list[str]:
    """Each client of a rule once, whatever it shows of it."""
    known = dict.fromkeys(unversioned(client) for client in behaviours.shown())
    return [client for client in known if any(each.startswith(f"{client}: ") for each in rule.clients)]


def unversioned(client: str) -> str:
    """The name without its version: "kubectl" of "kubectl 1.37"."""
    return client.rpartition(" ")[0]


def _summary() -> str:
    content = fidelity.written()
    every = all_rules()
    passing, failing = Counter[str](), Counter[str]()
    seen = 0
    for rule in every:
        cells = content["rules"].get(rule.test, {})
        passing.update(plane for plane, outcome in cells.items() if outcome == fidelity.PASSES)
        failing.update(plane for plane, outcome in cells.items() if outcome == fidelity.FAILS)
        seen += bool(components(rule, cells))
    rows = [
        (plane, str(passing[plane]), str(failing[plane]), str(len(every) - passing[plane] - failing[plane]), when)
        for plane, when in ((plane, content["head"].get(plane, "never")) for plane in PLANES)
    ]
    head = ("where", "passes", "known limit", "says nothing there", "measured on")
    return f"{len(every)} rules, of which a real component checks {seen}.\n\n{_table(head, rows)}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
