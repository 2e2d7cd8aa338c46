"""A sweep tries every fault at every point, says what it has ruled out, and loses nothing."""

import json
import multiprocessing
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from harness.errors import NonDeterminismError, UsageError
from harness.outcome import Outcome
from harness.shrink import Shrinker, Shrunk
from harness.sweep import sweep
from harness.trial import Known, Trial
from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo import ZOO
from tests.harness import trials

KINDS = ("crash", "reply_lost", "refused", "watch_gap")


def gives_up_after_two(client: Client) -> Controller:
    """Wrong, but it takes two faults to see it: whoever fails twice is never tried again."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        for _ in range(2):
            try:
                await client.create(trials.child_of(site, name=request.name))
            except AlreadyExists:
                return
            except ApiError:
                continue
            return

    return Controller(name="website", reconcile=reconcile, watches=[Watch("example.com/v1", "Website")])


def zoo_trial(twin: str = "", **options: Any) -> Trial:
    entry = next(entry for entry in ZOO if entry.id == "two-buckets")
    return Trial([f"zoo:two-buckets{twin}"], entry.manifests, **{**entry.trial_options, **options})


def swept(trial: Trial, folder: Path, **options: Any) -> Outcome:
    return sweep(trial, report_dir=folder, raise_on_failure=False, **{"jobs": 1, **options})


def told(outcome: Outcome) -> dict[str, Any]:
    """All of an outcome that does not depend on the clock of the wall."""
    return {key: value for key, value in outcome.to_json().items() if key != "wall_s"}


@pytest.mark.slow
def test_it_finds_what_one_fault_shows_and_says_at_how_many_points(tmp_path: Path) -> None:
    outcome = swept(trials.trial(trials.forgetful, faults=KINDS, workload=[]), tmp_path)
    assert outcome.verdict == "violated"
    assert outcome.violations[0].actions == 2
    assert Path(outcome.violations[0].schedule_path).exists()
    assert any(line.startswith("one fault shows converges: at ") for line in outcome.scope)


@pytest.mark.slow
def test_it_says_what_it_has_ruled_out_and_how_much_it_tried(tmp_path: Path) -> None:
    outcome = swept(trials.trial(trials.steady, faults=KINDS, workload=[]), tmp_path)
    assert outcome.verdict == "holds"
    assert outcome.scope[0].startswith("swept: one workload of 1 user actions")
    assert outcome.scope[-1].startswith("ruled out: that a single watch_gap or refused or ")
    assert set(outcome.faults_fired) == set(KINDS)


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing_and_a_killed_one_neither(tmp_path: Path) -> None:
    trial = zoo_trial(faults=("crash", "external_reply_lost", "late_commit"))
    killed: list[int] = []

    def kill_one(_done: int, _total: int, _found: int = 0) -> None:
        for child in multiprocessing.active_children()[: 1 - len(killed)]:
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            killed.append(child.pid)

    alone = swept(trial, tmp_path)
    assert told(swept(trial, tmp_path, jobs=2)) == told(alone)
    assert told(swept(trial, tmp_path, jobs=2, progress=kill_one)) == told(alone)
    assert len(killed) == 1


@pytest.mark.slow
def test_what_was_tried_before_is_not_tried_again(tmp_path: Path) -> None:
    trial = trials.trial(trials.steady, faults=KINDS, workload=[])
    whole = swept(trial, tmp_path)
    kept = tmp_path / "sweep.jsonl"
    half = swept(trial, tmp_path, resume=kept, budget_wall_s=1e-9)
    assert half.verdict == "unknown"
    assert "the budget was spent before every point was tried" in half.warnings
    before = kept.read_bytes()
    kept.write_bytes(before + b'{"what": "attempt", "tried": {"na')  # killed in the middle of a line
    first: list[int] = []
    again = swept(trial, tmp_path, resume=kept, progress=lambda done, _total, _found: first.append(done))
    assert told(again) == told(whole)
    assert kept.read_bytes().startswith(before)
    assert first[0] > before.count(b"\n")


@pytest.mark.slow
def test_two_faults_show_what_one_cannot(tmp_path: Path) -> None:
    trial = trials.trial(gives_up_after_two, faults=("server_error",), workload=[])
    assert swept(trial, tmp_path).verdict == "holds"
    outcome = swept(trial, tmp_path, faults=2)
    assert [violation.faults for violation in outcome.violations] == [2]
    (pairs,) = (line for line in outcome.scope if line.startswith("pairs: "))
    counts = [int(part.rpartition(": ")[2]) for part in pairs.split("; ")[1:]]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] > 0


@pytest.mark.slow
def test_a_find_that_does_not_show_again_is_nondeterminism(tmp_path: Path) -> None:
    trials.ERRED.clear()
    with pytest.raises(NonDeterminismError, match="violated converges and does not do so when it is run again"):
        swept(trials.trial(trials.wrong_once, faults=("reply_lost",), workload=[]), tmp_path)


@pytest.mark.slow
def test_ctrl_c_is_heard_while_others_work_and_what_was_found_is_kept(tmp_path: Path) -> None:
    def interrupt(_done: int, _total: int, found: int) -> None:
        if found:
            signal.raise_signal(signal.SIGINT)

    kinds = ("crash", "late_commit", "latency", "refused", "reply_lost", "time_travel")
    outcome = swept(zoo_trial(faults=kinds), tmp_path, jobs=2, progress=interrupt)
    assert (outcome.exit_code, outcome.verdict) == (130, "violated")
    tried, points = re.findall(r"(\d+) of (\d+) points tried", outcome.scope[0])[0]
    assert int(tried) < int(points)


def press_ctrl_c_at_shrink(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it begins; the first is number 1."""
    begun: list[Shrinker] = []
    shrink = Shrinker.shrink

    def interrupted(self: Shrinker) -> Shrunk:
        begun.append(self)
        if len(begun) == number:
            signal.raise_signal(signal.SIGINT)
        return shrink(self)

    monkeypatch.setattr(Shrinker, "shrink", interrupted)


@pytest.mark.slow
def test_ctrl_c_while_finds_are_shrunk_keeps_what_was_shrunk_and_writes_the_others_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_ctrl_c_at_shrink(2, monkeypatch)
    useless = {"do": "sleep", "seconds": 5.0}
    outcome = swept(zoo_trial(faults=("external_reply_lost",), workload=[useless]), tmp_path)
    assert outcome.exit_code == 130
    assert [violation.property for violation in outcome.violations] == ["one_external_object_per_owner", "converges"]
    assert [useless in violation.schedule["workload"] for violation in outcome.violations] == [False, True]
    assert len(list(tmp_path.rglob("schedule.json"))) == 2


@pytest.mark.slow
def test_ctrl_c_while_a_failure_in_fair_weather_is_shrunk_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_ctrl_c_at_shrink(1, monkeypatch)
    outcome = swept(trials.trial(trials.restless), tmp_path)
    assert (outcome.exit_code, outcome.verdict, outcome.fair_weather) == (130, "violated", True)
    assert Path(outcome.violations[0].schedule_path).exists()


@pytest.mark.slow
def test_what_is_accepted_is_so_in_other_processes_too(tmp_path: Path) -> None:
    names = ("converges", "one_external_object_per_owner")
    known = [Known(property=name, kind="*", reason="r") for name in names]
    trial = zoo_trial(faults=("external_reply_lost",), ignore=known)
    alone = swept(trial, tmp_path)
    assert told(swept(trial, tmp_path, jobs=2)) == told(alone)
    assert not [warning for warning in alone.warnings if "matched nothing" in warning]


@pytest.mark.slow
def test_a_file_of_another_sweep_is_refused(tmp_path: Path) -> None:
    trial = trials.trial(trials.steady, faults=("crash",), workload=[])
    kept = tmp_path / "sweep.jsonl"
    swept(trial, tmp_path, resume=kept)
    with pytest.raises(UsageError, match="is of another trial"):
        swept(trials.trial(trials.steady, faults=("refused",), workload=[]), tmp_path, resume=kept)
    header = json.loads(kept.read_bytes().splitlines()[0])
    kept.write_text(json.dumps({**header, "code_digest": "0"}) + "\n")
    with pytest.raises(UsageError, match="is of another version of the controller"):
        swept(trial, tmp_path, resume=kept)
    other = {**header, "versions": {**header["versions"], "trio": "0.1"}}
    kept.write_text(json.dumps(other) + "\n")
    with pytest.raises(UsageError, match=r"is of another version of trio \(0\.1, now "):
        swept(trial, tmp_path, resume=kept)
    kept.write_text("once upon a time\n")
    with pytest.raises(UsageError, match="is no file of a sweep"):
        swept(trial, tmp_path, resume=kept)
    with pytest.raises(UsageError, match="cannot be written"):
        swept(trial, tmp_path, resume=tmp_path / "nowhere" / "sweep.jsonl")


@pytest.mark.parametrize(("options", "why"), [({"faults": 3}, "faults=3 cannot work"), ({"jobs": 0}, "jobs=0")])
def test_numbers_that_cannot_work_are_refused(options: dict[str, int], why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        swept(trials.trial(), tmp_path, **options)
