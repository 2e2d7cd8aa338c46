import sys
from pathlib import Path

import pytest

from harness.command import Process, process_from
from harness.errors import UsageError


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ([sys.executable, "-S", "a/Operator_1.py", "x"], "operator-1"),
        ([sys.executable, "-m", "kopf", "run"], "kopf"),
        (["/bin/sleep", "1"], "sleep"),
    ],
)
def test_a_process_is_called_after_its_program(argv: list[str], name: str) -> None:
    assert Process(argv).called == name


def test_a_process_may_be_given_a_name() -> None:
    assert Process(["sleep", "1"], name="operator").called == "operator"


def test_what_a_schedule_holds_gives_the_same_process_again(tmp_path: Path) -> None:
    process = Process(["sleep", "1"], env={"A": "b"}, cwd=tmp_path, ready_after_s=1.5, patience_s=7, instances=2)

    again = process_from(process.describe())

    assert again.describe() == process.describe()
    assert again.env == {"A": "b"}
    assert again.cwd == str(tmp_path)


def test_defaults_are_not_written_down() -> None:
    assert Process(["sleep", "1"]).describe() == {"argv": ["sleep", "1"], "name": "sleep"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"argv": "sleep 1"}, "is no command line"),
        ({"argv": []}, "is no command line"),
        ({"argv": ["no-such-program-anywhere"]}, "is no program that can be started"),
        ({"argv": ["sleep"], "cwd": "/no/such/folder"}, "is no folder"),
        ({"argv": ["sleep"], "patience_s": -1}, "patience_s=-1"),
        ({"argv": ["sleep"], "ready_after_s": "soon"}, "ready_after_s='soon'"),
        ({"argv": ["sleep"], "instances": 0}, "instances=0"),
        ({"argv": ["sleep"], "name": "My Operator"}, "is no name"),
        ({"argv": ["sleep"], "env": {"A": 1}}, "cannot be set"),
    ],
)
def test_what_cannot_work_is_refused_in_a_line(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        process_from(arguments)


def test_what_is_no_process_is_not_taken_for_one() -> None:
    with pytest.raises(UsageError, match="is no process"):
        process_from({"argv": ["sleep"], "retries": 3})
