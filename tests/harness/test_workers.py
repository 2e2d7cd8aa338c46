"""Work comes back in the order in which it was given, whoever did it and whoever died of it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import SeatrialError, UsageError
from harness.schedule import code_digest
from harness.trial import Trial, trial_from_description
from harness.watchdog import interruptible
from harness.workers import Here, Processes, arguments_for, trial_at_work, unsendable_parts
from tests.harness import trials

pytestmark = pytest.mark.slow


@contextmanager
def begin(text: str) -> Iterator[str]:
    yield text


def with_number(begun: str, number: int) -> tuple[str, int]:
    return begun, number


def process_id(_begun: str) -> int:
    return os.getpid()


def refused(_begun: str) -> None:
    raise UsageError("this cannot be done")


def killed_until(_begun: str, sign: str) -> str:
    """Dies the first time, and leaves a sign."""
    if not Path(sign).exists():
        Path(sign).write_text("died once")
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def deadly(_begun: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def two() -> Iterator[Processes]:
    processes = Processes(2, begin, ("ready",))
    yield processes
    processes.close()


def test_results_come_in_the_order_of_the_pieces(two: Processes) -> None:
    pieces = [(number,) for number in range(9)]
    expected = [("ready", number) for number in range(9)]
    assert list(two.results(with_number, pieces)) == expected
    assert list(Here("ready").results(with_number, pieces)) == expected
    assert list(two.results(with_number, [])) == []


def test_processes_are_kept_for_the_next_work_and_are_others_than_this_one(two: Processes) -> None:
    first = set(two.results(process_id, [()] * 6))
    assert os.getpid() not in first
    assert set(two.results(process_id, [()] * 6)) == first


def test_the_piece_of_a_killed_process_is_done_again(two: Processes, tmp_path: Path) -> None:
    pieces = [(str(tmp_path / name),) for name in "abc"]
    assert list(two.results(killed_until, pieces)) == ["done"] * 3
    assert len(list(tmp_path.iterdir())) == 3


def test_a_piece_that_kills_whoever_takes_it_is_given_up(two: Processes) -> None:
    with pytest.raises(SeatrialError, match="died 3 times at the same work"):
        list(two.results(deadly, [()]))


@contextmanager
def begin_deadly(*_load: bytes) -> Iterator[str]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield "never"


@pytest.mark.parametrize("load", [b"", bytes(2**24)], ids=["a small piece", "a piece that no pipe holds"])
def test_who_dies_before_it_has_begun_is_told_as_such_and_not_hired_for_ever(load: bytes) -> None:
    processes = Processes(1, begin_deadly, ())
    try:
        with pytest.raises(SeatrialError, match="could not start: 3 died before they had begun"):
            list(processes.results(with_number, [(load,)]))
    finally:
        processes.close()


def test_who_dies_with_nothing_to_do_is_replaced_and_no_piece_is_blamed(two: Processes) -> None:
    for _ in range(4):
        (worker,) = set(two.results(process_id, [()]))
        os.kill(worker, signal.SIGKILL)
        os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
    assert list(two.results(with_number, [(1,)])) == [("ready", 1)]


def test_what_goes_wrong_over_there_is_raised_here_and_work_goes_on_afterwards(two: Processes) -> None:
    with pytest.raises(UsageError, match="this cannot be done"):
        list(two.results(refused, [()] * 3))
    assert list(two.results(with_number, [(1,)])) == [("ready", 1)]


def test_nobody_does_what_nobody_waits_for(two: Processes) -> None:
    results = two.results(with_number, [(number,) for number in range(9)])
    assert next(results) == ("ready", 0)
    results.close()
    assert list(two.results(with_number, [(7,)])) == [("ready", 7)]


def test_ctrl_c_is_heard_while_others_work(two: Processes) -> None:
    def interrupted() -> None:
        with interruptible():
            signal.raise_signal(signal.SIGINT)
            list(two.results(with_number, [(1,)]))

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_a_worker_with_other_code_refuses() -> None:
    description, paths, digest = arguments_for(trials.trial())
    assert digest == code_digest(trials.trial())
    with trial_at_work(description, paths, digest) as made:
        assert made.describe() == description
    with (
        pytest.raises(UsageError, match="a worker has other code than the one that sends the work"),
        trial_at_work(description, paths, "0"),
    ):
        pass


def test_a_worker_that_has_loaded_what_was_changed_since_refuses(tmp_path: Path) -> None:
    factory = "def factory(client):\n    return None\n"
    module = tmp_path / "edited_between.py"
    module.write_text(factory)
    description = {**trials.trial().describe(), "controllers": ["edited_between:factory"]}

    def work() -> None:
        with trial_at_work(description, [str(tmp_path)], code_digest(trial_from_description(description))):
            pass

    sys.path.append(str(tmp_path))
    try:
        work()
        work()
        module.write_text(factory + "# edited\n")
        with pytest.raises(UsageError, match=r"changed since a worker loaded it.* restart the Dask workers"):
            work()
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("edited_between", None)


def test_code_without_a_name_cannot_be_sent() -> None:
    assert unsendable_parts(trials.trial()) == []
    lambda_trial = trials.trial(lambda client: trials.steady(client))
    assert [part.partition(":")[0] for part in unsendable_parts(lambda_trial)] == ["controllers"]
    # A schedule can do without them (`Trial.portable`); who makes workloads cannot.
    edited: Trial = trials.trial(edits={"Website.spec.size": object()})
    assert edited.portable
    assert unsendable_parts(edited) == ["edits: object"]
