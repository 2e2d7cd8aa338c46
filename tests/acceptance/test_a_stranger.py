"""What a user of the released package does, with a controller that lives outside the repository."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_correct_controller_passes_and_a_wrong_one_is_found(project: Project) -> None:
    right = project.check_json("website:website", "--examples", "60")
    assert (right["verdict"], right["violations"]) == ("holds", [])
    found = project.check_json("website:wrong", "--examples", "200")
    assert (found["verdict"], found["exit"]) == ("violated", 1)
    assert found["violations"][0]["actions"] <= 4


def test_what_was_found_is_replayed_byte_for_byte_and_a_fix_semantically(project: Project) -> None:
    violation = project.check_json("website:wrong", "--examples", "200", "--fault", "reply_lost")["violations"][0]
    again = project.seatrial("replay", violation["schedule"], "--format", "json", PYTHONHASHSEED="77")
    assert again.returncode == 1, again.stderr
    assert json.loads(again.stdout)["violations"][0]["trace_sha256"] == violation["trace_sha256"]
    fixed = project.seatrial("replay", violation["schedule"], "website:website", "--format", "json")
    assert fixed.returncode in (0, 2), fixed.stderr
    schedule = project.folder / violation["schedule"]
    edited = json.loads(schedule.read_text())
    edited["expect"]["trace_sha256"] = "0" * 64
    schedule.write_text(json.dumps(edited))
    assert project.seatrial("replay", str(schedule)).returncode == 3


def test_check_in_a_pytest_file_fails_with_the_story_and_the_replay_command(project: Project) -> None:
    project.write(
        "test_website.py",
        "from seatrial import Trial, check\nfrom website import website, wrong\n\n"
        "def test_website_survives():\n"
        "    check(Trial(controllers=[website], manifests=['crd.yaml', 'site.yaml']), examples=40)\n\n"
        "def test_wrong_does_not():\n"
        "    check(Trial(controllers=[wrong], manifests=['crd.yaml', 'site.yaml']), examples=200)\n",
    )
    done = _pytest(project)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "VIOLATED" in done.stdout
    assert "replay: " in done.stdout


def test_a_machine_with_a_rule_of_its_own_runs_under_plain_pytest(project: Project) -> None:
    project.write(
        "test_machine.py",
        "from hypothesis import settings, HealthCheck\n"
        "from hypothesis.stateful import invariant, rule\n"
        "from seatrial import ControlPlaneMachine, Trial\nfrom website import website\n\n"
        "class Sites(ControlPlaneMachine):\n"
        "    trial = Trial(controllers=[website], manifests=['crd.yaml', 'site.yaml'])\n\n"
        "    @rule()\n"
        "    def impatient_user(self):\n"
        "        for site in self.world.list('example.com/v1', 'Website'):\n"
        "            body = {'metadata': {'labels': {'seen': str(int(self.world.now_s))}}}\n"
        "            name = site['metadata']['name']\n"
        "            self.world.user.patch('example.com/v1', 'Website', name, 'default', body=body)\n\n"
        "    @invariant()\n"
        "    def one_page_a_site(self):\n"
        "        if hasattr(self, 'world'):\n"
        "            assert len(self.world.list('v1', 'ConfigMap', 'default')) <= 1\n\n"
        "TestSites = Sites.TestCase\n"
        "TestSites.settings = settings(max_examples=15, stateful_step_count=8, deadline=None, database=None, "
        "suppress_health_check=list(HealthCheck))\n",
    )
    done = _pytest(project)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def _pytest(project: Project) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
