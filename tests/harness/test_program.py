"""A workload that is a program: `async def workload(user)`."""

from pathlib import Path

import pytest

from harness.check import check
from reference_impl.errors import NotFound
from reference_impl.runtime import Client
from tests.harness import trials

SEEN: list[str] = []


async def impatient(user: Client) -> None:
    """Edits the site, waits for its page, deletes both."""
    await user.patch("example.com/v1", "Website", "front", "default", body={"spec": {"size": 4}})
    for _ in range(60):
        try:
            page = await user.live.get("v1", "ConfigMap", "front", "default")
        except NotFound:
            await user.sleep(1)
        else:
            SEEN.append(page["data"]["size"])
            return


@pytest.mark.slow
def test_the_users_own_program_runs_in_every_example_and_is_part_of_fair_weather(tmp_path: Path) -> None:
    SEEN.clear()
    trial = trials.trial(workload=impatient, faults=("crash", "reply_lost"))
    outcome = check(trial, examples=15, report_dir=tmp_path, raise_on_failure=False)
    assert outcome.violations == []
    assert len(SEEN) > 15


@pytest.mark.slow
def test_a_bug_found_under_a_program_is_shrunk_and_written_down(tmp_path: Path) -> None:
    trial = trials.trial(trials.forgetful, workload=impatient, faults=("reply_lost",))
    outcome = check(trial, examples=40, report_dir=tmp_path, raise_on_failure=False)
    assert outcome.verdict == "violated"
    assert outcome.violations[0].faults == 1
