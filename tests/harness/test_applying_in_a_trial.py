"""Server-side apply in a trial: controllers that apply live as in a cluster, and the judges are not disturbed."""

from pathlib import Path
from typing import Any

from harness.canonical import canonical_state
from harness.check import check
from harness.fair_weather import dry_run
from harness.recorder import changed_paths
from harness.trial import Trial
from reference_impl.errors import Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from tests.harness.trials import CRD, SITE, child_of


def applier(client: Client) -> Controller:
    """Keeps one ConfigMap by applying it at every pass; whoever holds a field against it is told so."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        if site["metadata"].get("deletionTimestamp"):
            return
        body = child_of(site)
        try:
            await client.patch(
                "v1", "ConfigMap", request.name, request.namespace, body=body, type="apply", field_manager="applier"
            )
        except Conflict:
            await client.patch(
                "v1", "ConfigMap", request.name, request.namespace, body=body, type="apply", field_manager="applier",
                force=True,
            )  # fmt: skip

    watches = [Watch("example.com/v1", "Website"), Watch("v1", "ConfigMap", owner="Website")]
    return Controller(name="applier", reconcile=reconcile, watches=watches)


def _config_map(world: Any) -> Any:
    return world.store.get(("configmaps", "default", "front"))


def test_an_object_that_a_controller_applies_has_its_claims() -> None:
    world = dry_run(Trial([applier], [CRD, SITE])).example.world
    entries = _config_map(world)["metadata"]["managedFields"]
    assert [(entry["manager"], entry["operation"]) for entry in entries] == [("applier", "Apply")]
    assert entries[0]["fieldsV1"]["f:data"] == {"f:size": {}}


def test_neither_the_trace_nor_a_canonical_state_speaks_of_claims() -> None:
    world = dry_run(Trial([applier], [CRD, SITE])).example.world
    changed = [event.data["changed"] for event in world.trace.events if "changed" in event.data]
    assert changed
    assert "managedFields" not in repr([lines() if callable(lines) else lines for lines in changed])
    claimed = _config_map(world)
    other = {**claimed, "metadata": {**claimed["metadata"], "managedFields": []}, "data": {"size": "3"}}
    assert changed_paths(claimed, other) == ["data.size: 2 -> 3"]
    assert "managedFields" not in repr(canonical_state([_config_map(world)], {}))


def test_a_controller_that_applies_survives_bad_weather(tmp_path: Path) -> None:
    outcome = check(Trial([applier], [CRD, SITE]), examples=25, raise_on_failure=False, report_dir=str(tmp_path))
    assert [(violation.property, violation.reason) for violation in outcome.violations] == []
    assert outcome.verdict == "holds"
