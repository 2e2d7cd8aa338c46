from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOW = Path(__file__).parents[2] / "examples" / "github-actions" / "seatrial.yml"


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    """As YAML 1.1 has it: the key `on` is read as true."""
    found: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return found


def step(workflow: dict[Any, Any], action: str) -> dict[str, Any]:
    (found,) = [one for one in workflow["jobs"]["chaos"]["steps"] if one.get("uses", "").startswith(f"{action}@")]
    return dict(found)


def test_the_workflow_has_what_github_needs(workflow: dict[Any, Any]) -> None:
    assert set(workflow[True]) == {"pull_request", "push"}
    job = workflow["jobs"]["chaos"]
    assert job["runs-on"]
    assert all(("uses" in one) != ("run" in one) for one in job["steps"])
    assert workflow["permissions"]["security-events"] == "write"


def test_reports_are_kept_where_pytest_writes_them_also_when_it_fails(workflow: dict[Any, Any]) -> None:
    (command,) = [one["run"] for one in workflow["jobs"]["chaos"]["steps"] if "pytest -n" in one.get("run", "")]
    assert "--seatrial-report-dir seatrial-reports " in command
    upload = step(workflow, "actions/upload-artifact")
    assert upload["with"]["path"] == "seatrial-reports/"
    assert "!cancelled()" in upload["if"]


def test_alerts_are_raised_from_the_log_of_all_reports(workflow: dict[Any, Any]) -> None:
    from reports.sarif import SarifOfAll

    alerts = step(workflow, "github/codeql-action/upload-sarif")
    assert alerts["with"]["sarif_file"] == f"seatrial-reports/{SarifOfAll().filename}"
    assert alerts["with"]["sarif_file"] in alerts["if"]
    assert "!cancelled()" in alerts["if"]
