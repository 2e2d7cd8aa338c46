"""`check_regression`: the bug, its fix, its return in another form, and a test that means nothing any more."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import Outcome, TrialFailed, TrialInconclusive, UsageError, check_regression
from harness.overrides import OVERRIDES
from harness.trial import Trial
from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from tests.harness import trials
from tests.harness.test_neighbourhood import LOST, schedule_of

pytestmark = pytest.mark.slow


def forgets_secrets(client: Client) -> Controller:
    """`forgetful`, which a hasty fix has left as wrong as it was, with a Secret in place of the ConfigMap."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        if not site["metadata"].get("annotations", {}).get("made"):
            secret = {**trials.child_of(site, generateName="front-"), "kind": "Secret", "data": {}}
            await client.create(secret)
            body = {"metadata": {"annotations": {"made": "yes"}}}
            await client.patch("example.com/v1", "Website", request.name, request.namespace, body=body)

    return Controller(name="forgetful", reconcile=reconcile, watches=[Watch("example.com/v1", "Website")])


def keeps(client: Client) -> Controller:
    """`forgetful`, fixed."""
    return replace(trials.steady(client), name="forgetful")


def does_nothing(client: Client) -> Controller:
    async def reconcile(_: Request) -> None:
        return None

    return Controller(name="forgetful", reconcile=reconcile, watches=[Watch("example.com/v1", "Website")])


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "reports"


@pytest.fixture
def schedule(tmp_path: Path) -> Path:
    path = tmp_path / "schedule.json"
    path.write_text(schedule_of(LOST).dumps(), encoding="utf-8")
    return path


def _outcome(schedule: Any, trial: Trial, reports: Path, **options: Any) -> Outcome:
    return check_regression(schedule, trial, report_dir=reports, raise_on_failure=False, **{"examples": 20, **options})


def test_the_bug_fails_with_the_story_and_the_command_that_shows_it_again(schedule: Path, reports: Path) -> None:
    with pytest.raises(TrialFailed) as failure:
        check_regression(schedule, report_dir=reports)
    text = str(failure.value)
    assert text.startswith("converges is violated")
    assert "VIOLATED converges" in text
    assert text.splitlines()[-1] == f"replay: seatrial replay {schedule}"
    assert list(reports.iterdir()) == []


def test_the_bug_fails_although_the_recorded_hash_is_of_another_run(tmp_path: Path, reports: Path) -> None:
    document = schedule_of(LOST).to_json()
    document["expect"]["trace_sha256"] = "0" * 64
    with pytest.raises(TrialFailed):
        check_regression(document, report_dir=reports)


def test_the_fix_holds_and_weather_has_struck_it(schedule: Path, reports: Path) -> None:
    outcome = check_regression(schedule, trials.trial(keeps), report_dir=reports)
    assert (outcome.verdict, outcome.examples) == ("holds", 50)
    assert [(p.name, p.verdict) for p in outcome.properties] == [("converges", "holds")]
    assert outcome.faults_fired["reply_lost"] >= 10
    assert outcome.scope == [f"weather struck in {_struck(outcome)} of 50 examples of the neighbourhood"]


def test_a_bug_that_moved_to_another_request_is_found_nearby_and_reported(schedule: Path, reports: Path) -> None:
    outcome = _outcome(schedule, trials.trial(forgets_secrets), reports)
    assert outcome.verdict == "violated"
    assert any(warning.startswith("never came: reply_lost") for warning in outcome.warnings)
    violation = outcome.violations[0]
    assert violation.property == "converges"
    assert violation.narrative.startswith("The recorded schedule shows it no more; one of its neighbours does:")
    written = json.loads(Path(violation.schedule_path).read_text(encoding="utf-8"))
    assert [action["request"]["kind"] for action in written["weather"]] == ["Secret"]
    assert violation.actions == 2


def test_the_neighbour_that_was_found_is_a_regression_schedule_itself(schedule: Path, reports: Path) -> None:
    found = _outcome(schedule, trials.trial(forgets_secrets), reports).violations[0]
    again = _outcome(found.schedule_path, trials.trial(forgets_secrets), reports)
    assert again.verdict == "violated"
    assert again.violations[0].trace_sha256 == found.trace_sha256
    assert _outcome(found.schedule_path, trials.trial(keeps), reports).verdict == "holds"


def test_two_runs_say_the_same(schedule: Path, tmp_path: Path) -> None:
    outcomes = [_outcome(schedule, trials.trial(forgets_secrets), tmp_path / name) for name in ("one", "two")]
    for outcome in outcomes:
        outcome.wall_s = 0.0
        for violation in outcome.violations:
            violation.schedule_path = violation.trace_path = violation.report_path = violation.replay = ""
    assert outcomes[0] == outcomes[1]


def test_code_that_sends_nothing_which_could_be_struck_is_inconclusive(schedule: Path, reports: Path) -> None:
    with pytest.raises(TrialInconclusive, match="struck in only 0 of 50 examples") as doubt:
        check_regression(schedule, trials.trial(does_nothing), report_dir=reports)
    assert "seatrial check" in str(doubt.value)


def test_a_claim_that_is_never_judged_is_inconclusive(reports: Path) -> None:
    recorded = schedule_of(LOST)
    recorded.expect = {"property": "leader_writes_inside_its_lease"}
    outcome = _outcome(recorded, trials.trial(keeps), reports)
    assert outcome.verdict == "unknown"
    assert outcome.properties[0].reason == "it does not apply any more"


def test_what_breaks_another_claim_does_not_hide_this_one(schedule: Path, reports: Path) -> None:
    recorded = schedule_of(LOST)
    recorded.expect = {"property": "no_panic"}
    outcome = _outcome(recorded, trials.trial(trials.forgetful), reports)
    assert [(p.name, p.verdict) for p in outcome.properties] == [("no_panic", "holds")]
    assert outcome.examples == 20


def test_a_schedule_without_weather_needs_none_to_strike(reports: Path) -> None:
    outcome = _outcome(schedule_of(), trials.trial(trials.steady), reports, examples=5)
    assert (outcome.verdict, _struck(outcome)) == ("holds", 0)


def test_what_fails_in_fair_weather_by_now_fails(reports: Path) -> None:
    recorded = schedule_of()
    recorded.workload, recorded.expect = [], None
    outcome = _outcome(recorded, trials.trial(trials.restless), reports)
    assert (outcome.verdict, outcome.fair_weather) == ("violated", True)
    assert outcome.violations[0].narrative.startswith("The recorded schedule shows it no more; fair weather alone does")


def test_a_hand_written_schedule_is_judged_by_all_claims(reports: Path) -> None:
    recorded = schedule_of(LOST)
    recorded.expect = None
    outcome = _outcome(recorded, trials.trial(keeps), reports, examples=5)
    assert len(outcome.properties) > 5


@pytest.fixture
def three_on_the_command_line() -> Iterator[None]:
    OVERRIDES.examples = 3
    yield
    OVERRIDES.examples = None


@pytest.mark.usefixtures("three_on_the_command_line")
def test_the_command_line_says_how_many_examples(schedule: Path, reports: Path) -> None:
    assert _outcome(schedule, trials.trial(keeps), reports).examples == 3


@pytest.mark.parametrize("examples", [0, -1, True, "many"])
def test_no_examples_is_a_usage_error(schedule: Path, examples: Any) -> None:
    with pytest.raises(UsageError, match=r"examples=.* looks at no neighbour"):
        check_regression(schedule, examples=examples)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("", "is empty"),
        ('{"seatrial_schedule": 1, "trial"', "was cut short"),
        ("[]", "holds a list"),
        ("{}", "has no seatrial_schedule"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "schedule.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message) as error:
        check_regression(path, report_dir=tmp_path / "reports")
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_trial_that_no_file_can_hold_has_to_be_passed(reports: Path) -> None:
    recorded = schedule_of(LOST)
    recorded.trial = trials.trial(lambda client: trials.steady(client)).describe()
    with pytest.raises(UsageError, match=r"no file can hold.*check_regression\(schedule, trial=Trial\(\.\.\.\)\)"):
        check_regression(recorded, report_dir=reports)


def _struck(outcome: Outcome) -> int:
    return int(outcome.scope[0].split()[3])
