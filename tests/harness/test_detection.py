"""The detection matrix: what counts as found, as missed and as a false alarm."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.detection import (
    Cell,
    Matrix,
    Silence,
    _actions,
    chosen,
    conclusion,
    entry_trial,
    matrix,
    median_interval,
    rows,
)
from harness.errors import UsageError
from reference_impl.apiserver.server import ApiServer
from tests.seatrial.outcomes import violated

CELL = Cell(
    entry="leak", engine="check", seed=0, found=True, instead="", examples=12, wall_s=1.5, actions=2
)  # fmt: skip
SILENCE = Silence(subject="leak.fixed", seed=1000, examples=200, alarms=(), verdict="holds")


def missing(**changes: Any) -> Cell:
    return replace(CELL, found=False, actions=0, examples=200, **changes)


def test_what_one_engine_misses_another_may_find() -> None:
    cells = [replace(CELL, seed=seed) for seed in range(19)]
    both = Matrix(cells=[*cells, missing(seed=19), replace(CELL, engine="sweep", seed=19)])
    assert (both.missed, both.share, both.succeeded) == ([], 0.95, True)
    alone = Matrix(cells=[*cells, missing(seed=19)])
    assert (alone.missed, alone.succeeded) == (["leak, seed 19"], False)


def test_a_find_of_another_property_is_none_and_is_named() -> None:
    result = Matrix(cells=[CELL, missing(seed=1, instead="no_panic")])
    assert rows(result)[1] == ("leak", "check", "1 of 2, else no_panic", "12", "1.5", "2")
    assert not result.succeeded


def test_one_false_alarm_is_a_failure_and_is_told() -> None:
    alarm = replace(SILENCE, alarms=("converges: it is missing (r/schedule.json)",))
    result = Matrix(cells=[CELL], silences=[SILENCE, alarm])
    assert not result.succeeded
    assert conclusion(result)[-1] == "false alarm: leak.fixed, seed 1000: converges: it is missing (r/schedule.json)"
    assert "at 95 % fewer than" not in "\n".join(conclusion(result))


def test_silence_is_given_its_upper_bound() -> None:
    told = "\n".join(conclusion(Matrix(cells=[CELL], silences=[SILENCE, SILENCE])))
    assert "0 in 400 examples, at 95 % fewer than 0.746% of such examples" in told


def test_json_has_the_names_that_the_interface_promises() -> None:
    cells = [CELL, replace(CELL, seed=1, examples=20, wall_s=2.5, actions=6), missing(seed=2)]
    other = [missing(engine="sweep")]
    alarm = replace(SILENCE, alarms=("converges: it is missing",))
    elsewhere = replace(SILENCE, subject="awkward late", examples=50, alarms=("no_panic: it did",))
    document = Matrix(cells=[*cells, *other], silences=[SILENCE, alarm, elsewhere]).to_json()
    twin = {"twin_alarms": 1, "twin_examples": 400}
    assert document["entries"] == [
        {"id": "leak", "engine": "check", "seeds": 3, "found": 2}
        | {"median_examples": 16, "median_s": 2.0, "median_actions": 4, "actions": 6, **twin},
        {"id": "leak", "engine": "sweep", "seeds": 1, "found": 0}
        | {"median_examples": None, "median_s": None, "median_actions": None, "actions": None, **twin},
    ]
    assert document["cells_found_ratio"] == 2 / 3
    assert (document["false_alarms"], document["false_alarm_examples"]) == (2, 450)


def test_a_find_that_was_not_shrunk_counts_as_large() -> None:
    shrunk, interrupted = violated(), violated(interrupted=True)
    assert [_actions(one.violations[0], one) for one in (shrunk, interrupted)] == [3, 99]
    assert _actions(None, interrupted) == 0


def test_the_ratio_is_of_check_alone() -> None:
    swept = replace(CELL, engine="sweep")
    assert Matrix(cells=[missing(), swept]).to_json()["cells_found_ratio"] == 0.0
    assert Matrix(cells=[swept]).to_json()["cells_found_ratio"] is None


@pytest.mark.parametrize(
    ("values", "interval"),
    [([3.0], (3.0, 3.0)), ([5, 1, 3], (1, 5)), (list(range(1, 11)), (2, 9)), (list(range(1, 21)), (6, 15))],
)
def test_the_median_lies_in_its_interval_with_95_percent_confidence(
    values: list[float], interval: tuple[float, float]
) -> None:
    assert median_interval(values) == interval


def test_each_twin_runs_on_the_plane_that_its_entry_names() -> None:
    server = f"{ApiServer.__module__}:{ApiServer.__qualname__}"
    entry = replace(chosen(["two-buckets"])[0], wrong_plane={"apiserver": server})
    wrong, fixed = entry_trial(entry), entry_trial(entry, "fixed")
    assert (wrong.describe()["plane"], fixed.plane) == ({"apiserver": server}, None)
    assert entry_trial(entry, "fixed", plane={"apiserver": server}).plane == wrong.plane


def test_an_entry_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no 'nonsense' in the zoo"):
        chosen(["nonsense"])


@pytest.mark.slow
def test_cells_are_run_as_users_would_run_them(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    result = matrix(
        chosen(["two-buckets"]),
        engines=("check", "campaign"),
        seeds=1,
        examples=60,
        awkward=False,
        report_dir=str(tmp_path),
        progress=lambda done, total, _found: told.append((done, total)),
    )
    assert [(cell.found, cell.actions > 0) for cell in result.cells] == [(True, True), (True, True)]
    assert [(one.subject, one.verdict, one.examples) for one in result.silences] == [("two-buckets.fixed", "holds", 60)]
    assert result.succeeded
    assert told == [(1, 3), (2, 3), (3, 3)]
