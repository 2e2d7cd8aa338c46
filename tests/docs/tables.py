"""The README's generated tables: from the registries behind `seatrial faults` and `properties`, never by hand."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from harness import registry
from harness.contract import Fault
from tests.conformance import page
from tests.wire import behaviours

TOP = Path(__file__).parents[2]
README = TOP / "README.md"
WIRE = TOP / "docs" / "wire.md"
PATTERNS = TOP / "docs" / "patterns.md"
FIDELITY = TOP / "docs" / "fidelity.md"


def faults() -> str:
    """Each kind of weather: its label, what it does in a sentence, who says that it happens."""
    rows = [(f"`{f.name}`", _label(f), _says(f), f.source) for f in registry.faults()]
    return _table(("kind", "label", "what happens", "source"), rows)


def properties() -> str:
    """Each claim: when it is judged, what it says, who promises it."""
    rows = [
        (f"`{p.name}`", f"{p.when}, opt-in" if getattr(p, "opt_in", False) else p.when, _says(p), p.source)
        for p in registry.properties()
    ]
    return _table(("claim", "judged", "what must hold", "source"), rows)


def patterns() -> str:
    """Each pattern: what TARGET is, and its promises."""
    parts = []
    for pattern in registry.patterns():
        weather = ", ".join(f"`{name}`" for name in getattr(pattern, "weather", ()))
        tried = f" Weather: {weather}." if weather else ""
        rows = [(f"`{p.name}`", p.says, p.source, "; ".join(p.voided_by)) for p in pattern.promises]
        table = _table(("promise", "what is promised", "source", "voided by"), rows)
        says = f"{pattern.says[0].upper()}{pattern.says[1:]}."
        parts.append(f"### {pattern.name}\n\n{says} TARGET: {pattern.target}.{tried}\n\n{table}")
    return "\n\n".join(parts)


TABLES: dict[str, Callable[[], str]] = {"faults": faults, "properties": properties}
PATTERN_TABLES: dict[str, Callable[[], str]] = {"patterns": patterns}
WIRE_TABLES: dict[str, Callable[[], str]] = {"clients": behaviours.table}
FIDELITY_TABLES: dict[str, Callable[[], str]] = page.tables()
GENERATED = (
    (README, TABLES),
    (WIRE, WIRE_TABLES),
    (PATTERNS, PATTERN_TABLES),
    (FIDELITY, FIDELITY_TABLES),
)
"""Each file with generated parts, and what makes them."""


def with_tables(text: str, tables: dict[str, Callable[[], str]] = TABLES) -> str:
    """`text` with each generated part made anew. Raises ValueError if a pair of markers is missing."""
    for name, table in tables.items():
        start, end = f"<!-- generated: {name} -->\n", f"<!-- end of generated: {name} -->"
        before, found, rest = text.partition(start)
        _, ended, after = rest.partition(end)
        if not (found and ended):
            raise ValueError(f"the text lacks {start.strip()!r} or {end!r}: put both back, each on a line of its own")
        text = f"{before}{start}\n{table()}\n\n{end}{after}"
    return text


def _label(fault: Fault) -> str:
    words = ["legal", "obliged" if fault.obliged else "not obliged"] if fault.legal else ["hostile"]
    return ", ".join([*words, *(["opt-in"] if getattr(fault, "opt_in", False) else [])])


def _says(plug_in: object) -> str:
    """The first paragraph of its module's docstring, which is one sentence or two."""
    doc = sys.modules[type(plug_in).__module__].__doc__ or ""
    return " ".join(doc.split("\n\n")[0].split())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
