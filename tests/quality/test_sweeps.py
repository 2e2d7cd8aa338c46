"""The table of what sweeps find. The whole of it: `python -m tests.quality.sweeps`."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from reference_impl.zoo import DEMO, ZOO
from tests.quality.sweeps import Rows, Swept, kept_promises, main, sweep_all, swept, table

ENTRY = next(entry for entry in ZOO if entry.id == DEMO)


def _row(entry_id: str, faults: int, found: bool, finished: bool = True) -> Swept:
    return Swept(
        id=entry_id,
        faults=faults,
        found=found,
        instead=(),
        runs=400,
        wall_s=20.0,
        actions=2 if found else 0,
        finished=finished,
    )


def test_a_sweep_that_its_budget_cuts_short_is_no_miss_without_a_word(tmp_path: Path) -> None:
    row = swept(ENTRY, 1, 0.0, str(tmp_path))
    assert not row.finished
    assert 0 < row.runs < 100
    assert row.found or "not within the budget" in table([row])


def test_shares_are_of_what_was_swept_and_a_promise_that_is_broken_is_told() -> None:
    rows = [_row("a", 1, True), _row("b", 1, True), _row("c", 1, False), _row("c", 2, True, finished=False)]
    assert "One fault at a time finds 2 of 3 entries." in table(rows)
    assert "pairs find 1 of 1; 1 sweeps were cut short" in table(rows)
    assert kept_promises(rows)
    assert not kept_promises(rows[1:3])
    assert not kept_promises([*rows[:3], _row("c", 2, False)])


def test_rows_that_are_there_are_not_swept_again(tmp_path: Path) -> None:
    kept = tmp_path / "rows.jsonl"
    before = [_row(DEMO, 1, False), _row(DEMO, 2, True)]
    kept.write_text("".join(json.dumps(asdict(row)) + "\n" for row in before))
    again = sweep_all([ENTRY], Rows(kept), pairs_budget_s=600.0, jobs=1, report_dir=str(tmp_path))
    assert again == before


def test_an_entry_that_is_not_there_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["no-such-entry"])
    assert ended.value.code == 2
    assert "'no-such-entry' cannot be swept: choose from " in capsys.readouterr().err
