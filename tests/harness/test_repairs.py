"""`Trial(repairs=...)`: what controllers promise to restore is vandalized, and only that is judged."""

from pathlib import Path
from typing import Any

import pytest

from harness.check import check
from harness.plan import faults_of
from harness.session import Session
from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from tests.harness import trials


def restoring(client: Client) -> Controller:
    """Keeps the page's data, owner and all, whatever users do to it."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        if site["metadata"].get("deletionTimestamp"):
            return
        wanted = trials.child_of(site, name=request.name)
        try:
            page = await client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            await client.create(wanted)
            return
        owners = wanted["metadata"]["ownerReferences"]
        if (page.get("data"), page["metadata"].get("ownerReferences")) != (wanted["data"], owners):
            page["data"] = wanted["data"]
            page["metadata"]["ownerReferences"] = owners
            await client.update(page)

    watches = [
        Watch("example.com/v1", "Website"),
        Watch("v1", "ConfigMap", map=lambda obj: [Request("default", obj["metadata"]["name"])]),
    ]
    return Controller(name="restoring", reconcile=reconcile, watches=watches)


def test_vandalism_is_off_until_something_is_promised() -> None:
    def names(**options: Any) -> list[str]:
        return [fault.name for fault in faults_of(trials.trial(**options))]

    assert "vandalism" not in names()
    assert "vandalism" in names(repairs=["ConfigMap"])


def _violated(tmp_path: Path, factory: Any, **options: Any) -> list[str]:
    trial = trials.trial(factory, faults=("vandalism",), properties=("converges",), **options)
    outcome = check(trial, examples=60, report_dir=tmp_path, raise_on_failure=False)
    assert outcome.faults_fired.get("vandalism")
    return [violation.property for violation in outcome.violations]


@pytest.mark.slow
def test_who_breaks_the_promise_is_found_and_who_keeps_it_is_not(tmp_path: Path) -> None:
    assert "converges" in _violated(tmp_path, trials.steady, repairs=["ConfigMap"])
    assert _violated(tmp_path, restoring, repairs=["ConfigMap"]) == []


@pytest.mark.slow
def test_without_a_promise_nobody_is_blamed_for_what_users_vandalized(tmp_path: Path) -> None:
    assert "converges" not in _violated(tmp_path, trials.steady)


def test_nobody_is_blamed_for_what_was_taken_from_an_owner_that_went_before_it_had_it_back() -> None:
    session = Session(trials.trial(restoring, properties=("converges",), repairs=["ConfigMap"]))
    create = session.workloads[0][0]
    delete = {"do": "delete", "api_version": "example.com/v1", "kind": "Website", "name": "front"}
    delete["namespace"] = "default"
    taken = {"do": "vandalism", "at": "step", "step": 1, "child": "ConfigMap/default/front", "what": "ownerReferences"}
    pause = {"do": "pause", "at": "step", "step": 1, "component": "restoring", "seconds": 30.0}
    example = session.run([create, delete], [pause, taken])
    assert [action["do"] for action in example.weather] == ["pause", "vandalism"]
    assert example.violations == []
