"""The rules of Kubernetes that the reference keeps: `rules/*.toml`, a subject a file, edited by hand.

    [[rule]]
    rule = "Dry run answers and stores nothing"
    source = "Kubernetes API concepts, \\"Dry-run\\""
    test = "reference_impl/apiserver/test_creation.py::test_a_dry_run_answers_and_stores_nothing"
    clients = ["kubectl: dry run"]    # real clients that see it kept: CLIENT: BEHAVIOUR of tests/wire/behaviours.py
    suites = ["RFC 7396, appendix A"] # published cases that the test runs
    runs = ["HTTP", "SQLite"]         # of a test that starts a server as a process of its own: what runs there
    limit = { etcd = "why it does not hold there" }

Where the test passes is not written here but measured (`python -m tests.conformance.fidelity`), so that nobody can
claim what was not run; only `runs`, which a process of its own keeps from being measured, and `limit` are said by hand.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).with_name("rules")
PLANES: Final = ("in process", "HTTP", "SQLite", "etcd")
"""Where a rule is checked: the columns of docs/fidelity.md."""
_KEYS: Final = frozenset({"rule", "source", "test", "clients", "suites", "runs", "limit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. `test` is a path below `tests/` and the test's name; of a contract, where the contract stands."""

    subject: str
    rule: str
    source: str
    test: str
    clients: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    limit: dict[str, str] = field(default_factory=dict)


class BadRule(Exception):
    """An entry that cannot be used, in one line."""


def subjects() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def rules(subject: str) -> tuple[Rule, ...]:
    """Raises BadRule."""
    path = FOLDER / f"{subject}.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadRule(f"{path.name} is no TOML: {error}. Mend the line that it names.") from None
    return tuple(_rule(subject, number, entry) for number, entry in enumerate(found.get("rule", []), 1))


def all_rules() -> tuple[Rule, ...]:
    return tuple(rule for subject in subjects() for rule in rules(subject))


def _rule(subject: str, number: int, entry: dict[str, Any]) -> Rule:
    where = f"{subject}.toml, rule {number}"
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise BadRule(f"{where}: {unknown[0]!r} is no key of a rule. Use {', '.join(sorted(_KEYS))}.")
    for key in ("rule", "source", "test"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise BadRule(f"{where}: {key} = {entry.get(key)!r} says nothing. Write it as a string.")
    limit, runs = entry.get("limit", {}), entry.get("runs", [])
    for plane in (*limit, *runs):
        if plane not in PLANES:
            raise BadRule(f"{where}: {plane!r} is no plane. Use {', '.join(PLANES)}.")
    listed = {key: tuple(entry.get(key, ())) for key in ("clients", "suites", "runs")}
    return Rule(**{**entry, **listed, "limit": limit, "subject": subject})
