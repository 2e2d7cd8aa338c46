"""The tables of `docs/fidelity.md`: rules as they are written, and where they were checked as it was measured."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from tests.conformance import fidelity
from tests.conformance.rules import PLANES, REAL, Rule, all_rules, rules, subjects
from tests.wire import behaviours

_HEAD: Final = ("rule", "source", "test", *PLANES, "real component")
_NAMES: Final = {"etcd": "etcd", REAL: "kube-apiserver 1.34.3"}


def tables() -> dict[str, Callable[[], str]]:
    """Name of a generated part -> what makes it."""
    found: dict[str, Callable[[], str]] = {
        f"rules {subject}": lambda subject=subject: _of_subject(subject)
        for subject in subjects()  # type: ignore[misc]
    }
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
    """Which real programs, none of ours, see the rule kept."""
    found = [_NAMES[each] for each in (REAL, "etcd") if cells.get(each) == fidelity.PASSES]
    if cells.get(REAL) == fidelity.FAILS:
        found.append(f"{_NAMES[REAL]} is not asked: {rule.limit.get(REAL, 'its test fails there')}")
    return [*found, *_clients(rule), *rule.suites]


def _clients(rule: Rule) -> list[str]:
    """Each client of a rule once, whatever it shows of it."""
    known = dict.fromkeys(unversioned(client) for client in behaviours.shown())
    return [client for client in known if any(each.startswith(f"{client}: ") for each in rule.clients)]


def unversioned(client: str) -> str:
    """ "kubectl 1.37" -> "kubectl"."""
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
        seen += any(cells.get(each) == fidelity.PASSES for each in (REAL, "etcd")) or bool(rule.clients)
    rows = [
        (plane, str(passing[plane]), str(failing[plane]), str(len(every) - passing[plane] - failing[plane]), when)
        for plane, when in content["head"].items()
    ]
    head = ("where", "passes", "known limit", "says nothing there", "measured on")
    return f"{len(every)} rules, of which a real component checks {seen}.\n\n{_table(head, rows)}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
