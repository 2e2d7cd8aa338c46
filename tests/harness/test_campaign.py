"""A campaign finds the same whoever works for it, keeps what it finds apart, and loses nothing."""

import importlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import dask_workers
from harness.bugs import Failure, Sort, confirmed
from harness.campaign import Played, _Campaign, campaign
from harness.dask_workers import DaskCluster
from harness.errors import NonDeterminismError, SeatrialError, UsageError
from harness.findings import write_down
from harness.outcome import Outcome
from harness.overrides import OVERRIDES
from harness.sweep import sweep
from harness.trial import Known, Trial
from harness.workers import Results
from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo import ZOO
from tests.harness import trials

campaigns = importlib.import_module("harness.campaign")  # `harness.campaign` is also the function of that name

KINDS = ("external_reply_lost", "late_commit")

pytestmark = pytest.mark.slow


def zoo_trial(twin: str = "", **options: Any) -> Trial:
    entry = next(entry for entry in ZOO if entry.id == "two-buckets")
    small = {"faults": KINDS, "properties": ["converges"], "workload": []}
    return Trial([f"zoo:two-buckets{twin}"], entry.manifests, **{**entry.trial_options, **small, **options})


def run(trial: Trial, folder: Path, **options: Any) -> Outcome:
    return campaign(trial, report_dir=folder, raise_on_failure=False, **{"workers": 1, "examples": 36, **options})


def told(outcome: Outcome) -> dict[str, Any]:
    """All of an outcome that does not depend on the clock of the wall."""
    return {key: value for key, value in outcome.to_json().items() if key != "wall_s"}


def two_children(client: Client) -> Controller:
    """Wrong in two lines: each generates a child's name, so that a create whose reply was lost is done twice."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        made = site["metadata"].get("annotations", {})
        if "first" not in made:
            await client.create(trials.child_of(site, generateName="first-"))
            await note(request, "first")
        if "second" not in made:
            await client.create(trials.child_of(site, generateName="second-"))
            await note(request, "second")

    async def note(request: Request, what: str) -> None:
        body = {"metadata": {"annotations": {what: "made"}}}
        await client.patch("example.com/v1", "Website", request.name, request.namespace, body=body)

    return Controller(name="website", reconcile=reconcile, watches=[Watch("example.com/v1", "Website")])


def startled(client: Client) -> Controller:
    """Wrong in any weather: panics at the first request of its life."""
    met: list[str] = []

    async def reconcile(request: Request) -> None:
        met.append(request.name)
        if len(met) == 1:
            raise ValueError("at the first request")

    return Controller(name="website", reconcile=reconcile, watches=[Watch("example.com/v1", "Website")])


# -------------------------------------------------------------------------------------------- whoever works, finds that


def test_the_number_of_workers_changes_nothing_and_a_killed_one_neither(tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one(*_: Any, **__: Any) -> None:
        for child in multiprocessing.active_children()[: 1 - len(killed)]:
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            killed.append(child.pid)

    alone = told(run(zoo_trial(), tmp_path))
    assert alone["verdict"] == "violated"
    assert told(run(zoo_trial(), tmp_path, workers=3)) == alone
    assert told(run(zoo_trial(), tmp_path, workers=2, progress=kill_one)) == alone
    assert len(killed) == 1


def test_a_dask_cluster_finds_the_same_and_so_it_does_when_a_worker_is_killed(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    killed: list[int] = []

    def kill_one(*_: Any, **__: Any) -> None:
        if not killed:
            killed.append(cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    alone = told(run(zoo_trial(), tmp_path))
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        assert told(run(zoo_trial(), tmp_path, workers=None, dask=address)) == alone
        assert told(run(zoo_trial(), tmp_path, workers=None, dask=address, progress=kill_one)) == alone
    assert killed


LEFT: list[str] = []


@contextmanager
def begin_and_leave(text: str) -> Iterator[str]:
    yield text
    LEFT.append(text)


def same(begun: str) -> str:
    return begun


def test_a_dask_worker_leaves_the_campaign_when_it_is_over() -> None:
    distributed = pytest.importorskip("distributed")
    LEFT.clear()
    # In this process, so that we see it.
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as local:
        cluster = DaskCluster(local.scheduler_address, begin_and_leave, ("begun",))
        assert list(cluster.results(same, [(), ()])) == ["begun", "begun"]
        assert LEFT == []
        cluster.close()
    assert LEFT == ["begun"]


def test_other_seeds_find_other_schedules(tmp_path: Path) -> None:
    one, other = (run(zoo_trial(seed=seed), tmp_path) for seed in (0, 1))
    assert [v.first_example for v in one.violations] != [v.first_example for v in other.violations]


# ------------------------------------------------------------------------------------------------------ kept apart


def test_failures_are_told_apart_by_the_line_that_sent_the_write_and_counted(tmp_path: Path) -> None:
    trial = trials.trial(two_children, faults=("reply_lost",), properties=["converges"], workload=[])
    outcome = run(trial, tmp_path)
    sites = {violation.call_site for violation in outcome.violations}
    assert len(sites) == len(outcome.violations) == 2
    assert all(site.startswith("tests/harness/test_campaign.py:") and site.endswith(" in reconcile") for site in sites)
    assert {violation.fault for violation in outcome.violations} == {"reply_lost"}
    assert [violation.actions for violation in outcome.violations] == [2, 2]
    assert sum(violation.met for violation in outcome.violations) > 2
    folders = sorted(Path(violation.schedule_path).parent for violation in outcome.violations)
    assert folders == sorted(folders[0].parent.iterdir())


def test_a_test_that_holds_one_replays_a_schedule_when_pytest_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = zoo_trial()
    found = run(trial, tmp_path, enough=1)
    monkeypatch.setattr(OVERRIDES, "replay", found.violations[0].schedule_path)
    again = run(trial, tmp_path)
    assert (again.verdict, again.examples) == ("violated", 1)
    assert sweep(trial, report_dir=tmp_path, raise_on_failure=False).examples == 1


def test_it_ends_when_it_has_found_enough(tmp_path: Path) -> None:
    outcome = run(zoo_trial(), tmp_path, enough=1, workers=2)
    assert outcome.examples == outcome.violations[0].first_example


def test_a_controller_that_is_right_passes(tmp_path: Path) -> None:
    outcome = run(zoo_trial(".fixed"), tmp_path, examples=36)
    assert (outcome.verdict, outcome.examples) == ("holds", 36)
    assert set(outcome.faults_fired) == set(KINDS)


def test_one_that_fails_in_fair_weather_needs_no_search(tmp_path: Path) -> None:
    outcome = run(trials.trial(startled), tmp_path)
    assert (outcome.fair_weather, outcome.examples) == (True, 0)
    assert (outcome.violations[0].fault, outcome.violations[0].first_example) == ("", 0)


def test_what_fails_in_fair_weather_is_shrunk(tmp_path: Path) -> None:
    sleep, create = {"do": "sleep", "seconds": 1}, {"do": "create", "object": trials.SITE}
    options: Any = {"properties": ["no_panic"], "workload": [sleep, sleep, create, sleep]}
    outcome = run(trials.trial(startled, **options), tmp_path)
    assert (outcome.violations[0].workload, outcome.violations[0].first_example) == (1, 0)


def test_what_is_accepted_is_no_failure_in_other_processes_either(tmp_path: Path) -> None:
    outcome = run(zoo_trial(ignore=[Known(property="converges", kind="*", reason="r")]), tmp_path, workers=2)
    assert outcome.violations == []
    assert not [warning for warning in outcome.warnings if "matched nothing" in warning]


def test_what_is_accepted_in_fair_weather_only_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play_nothing(decider: Any, _batch: Any) -> list[Played]:
        decider.session.accepted.clear()
        return []

    monkeypatch.setattr(campaigns, "play", play_nothing)
    accepted = [Known(property="no_panic", kind="*", reason="r")]
    options: Any = {"properties": ["no_panic"], "faults": ("crash",), "workload": []}
    outcome = run(trials.trial(startled, ignore=accepted, **options), tmp_path, examples=4)
    assert not [warning for warning in outcome.warnings if "matched nothing" in warning]


def test_what_does_not_show_again_is_nondeterminism(tmp_path: Path) -> None:
    trials.ERRED.clear()
    trial = trials.trial(trials.wrong_once, faults=("reply_lost",), workload=[])
    with pytest.raises(NonDeterminismError, match="does not do so when its schedule is run again"):
        run(trial, tmp_path)


# -------------------------------------------------------------------------------------------------------- nothing lost


def test_ctrl_c_writes_what_was_found(tmp_path: Path) -> None:
    def interrupt(_done: int, _total: int, found: int, **_: Any) -> None:
        if found:
            signal.raise_signal(signal.SIGINT)

    outcome = run(zoo_trial(), tmp_path, workers=2, progress=interrupt)
    assert (outcome.exit_code, outcome.verdict) == (130, "violated")
    assert all(Path(violation.schedule_path).exists() for violation in outcome.violations)


def failure(claim: str) -> Failure:
    return Failure(number=0, claim=claim, key="k", workload=[], weather=[])


class OnlyTheLast:
    """Workers who had done the last piece when Ctrl-C was pressed, and none before it."""

    def results(self, _function: Any, pieces: Any) -> Results:
        sort, failures = pieces[-1]
        sort.in_vain = 1
        yield (failures[0].claim, failures[0].key), sort
        raise KeyboardInterrupt

    def close(self) -> None:
        pass


def test_what_comes_back_at_ctrl_c_is_taken_for_what_it_is(tmp_path: Path) -> None:
    search = _Campaign(trials.trial(), tmp_path, 1, None, None, None)
    search.found.failures = [failure("first"), failure("last")]
    with pytest.raises(KeyboardInterrupt):
        search._look_into(OnlyTheLast())
    assert search.found.sorts == {("last", "k"): Sort(in_vain=1)}
    assert search.found.failures == [failure("first")]


def two_wrong_lines() -> Trial:
    return trials.trial(two_children, faults=("reply_lost",), properties=["converges"], workload=[])


def test_ctrl_c_while_a_report_is_written_loses_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def interrupted_once(*arguments: Any) -> Any:
        calls.append("write")
        if len(calls) == 1:
            raise KeyboardInterrupt
        return write_down(*arguments)

    monkeypatch.setattr(campaigns, "write_down", interrupted_once)
    outcome = run(two_wrong_lines(), tmp_path, examples=16)
    assert outcome.exit_code == 130
    assert len({violation.call_site for violation in outcome.violations}) == 2
    assert all(Path(violation.schedule_path).exists() for violation in outcome.violations)


def test_an_error_in_the_middle_leaves_reports_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when one of the failures does not show again."""
    calls: list[int] = []

    def die(_done: int, _total: int, found: int, **_: Any) -> None:
        if found and len(calls) == 0:
            raise SeatrialError("a worker died.")

    def wrong_at_first(session: Any, found: Failure) -> Any:
        calls.append(found.number)
        if len(calls) == 1:
            raise NonDeterminismError("does not show again")
        return confirmed(session, found)

    monkeypatch.setattr(campaigns, "confirmed", wrong_at_first)
    with pytest.raises(SeatrialError, match=r"^a worker died\. What was found by then is in .*reports\.$"):
        run(two_wrong_lines(), tmp_path / "reports", examples=16, progress=die)
    assert list((tmp_path / "reports").rglob("schedule.json"))
    assert len(set(calls)) > 1


SCRIPT = """
import json, multiprocessing, sys
from seatrial import campaign
from tests.harness.test_campaign import zoo_trial

def tell(done, total, found, **more):
    print(done, found, *[child.pid for child in multiprocessing.active_children()], flush=True)

if __name__ == "__main__":
    outcome = campaign(zoo_trial(), workers=2, budget_wall_s=600, progress=tell, report_dir=sys.argv[1],
                       raise_on_failure=False)
    print(json.dumps(outcome.to_json()), flush=True)
"""


def test_a_process_of_its_own_survives_a_killed_worker_and_ends_at_ctrl_c_with_what_it_found(tmp_path: Path) -> None:
    script = tmp_path / "search.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "reports")], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        _done, _found, *workers = map(int, process.stdout.readline().split())
        os.kill(workers[0], signal.SIGKILL)
        for line in process.stdout:
            _done, found, *now = map(int, line.split())
            if found and set(now) - set(workers):  # another has taken its place
                break
        process.send_signal(signal.SIGINT)
        *_, last = process.stdout
    outcome = json.loads(last)
    assert (outcome["exit"], outcome["verdict"]) == (130, "violated")
    assert all(Path(violation["schedule"]).exists() for violation in outcome["violations"])


def test_a_budget_ends_it_and_nothing_was_judged_if_it_is_too_small(tmp_path: Path) -> None:
    outcome = run(zoo_trial(".fixed"), tmp_path, examples=None, budget_wall_s=1e-9)
    assert (outcome.verdict, outcome.examples) == ("unknown", 0)


# ----------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"workers": 0}, "workers=0 does nothing"),
        ({"examples": 0}, "examples=0 does nothing"),
        ({"enough": 0}, "enough=0 does nothing"),
        ({"dask": "tcp://127.0.0.1:1"}, "exclude each other"),
    ],
)
def test_numbers_that_cannot_work_are_refused(options: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        run(trials.trial(), tmp_path, **options)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", ""])
def test_an_address_that_nobody_answers_is_refused(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(dask_workers, "ANSWER_WALL_S", 1)
    with pytest.raises(UsageError, match="nobody answers at the Dask address"):
        run(trials.trial(), tmp_path, workers=None, dask=address)


def test_without_dask_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"install 'seatrial\[dask\]'"):
        run(trials.trial(), tmp_path, workers=None, dask="tcp://127.0.0.1:8786")


def test_code_without_a_name_is_refused_for_other_processes_and_runs_in_this_one(tmp_path: Path) -> None:
    trial = trials.trial(lambda client: trials.steady(client), faults=("crash",), workload=[])
    with pytest.raises(UsageError, match="cannot be sent to other processes: it holds controllers: "):
        run(trial, tmp_path, workers=2)
    assert run(trial, tmp_path, workers=None, examples=8).examples == 8
