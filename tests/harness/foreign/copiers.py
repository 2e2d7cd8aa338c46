"""A small foreign program on trial: `programs/copier.py`, which keeps a ConfigMap for each Note."""

import sys
from pathlib import Path
from typing import Any

import yaml

from harness.command import Process
from harness.example import Example, run_schedule
from harness.foreign.world import RealTimeWorld
from harness.plan import make_plan
from harness.trial import Trial

PROGRAM = str(Path(__file__).parent / "programs" / "copier.py")
FOLDER = Path(__file__).parents[3] / "examples" / "informer-program"
NOTE = yaml.safe_load((FOLDER / "note.yaml").read_text())
CREATE = {"do": "create", "object": NOTE}
DELETE = {"do": "delete", "api_version": "example.com/v1", "kind": "Note", "name": "front", "namespace": "default"}
COPIED = {
    "do": "wait", "api_version": "v1", "kind": "ConfigMap", "name": "note-front", "namespace": "default",
    "until": "exists", "timeout_s": 20,
}  # fmt: skip
"""On a busy machine silence is not always rest: who has to have done something is waited for."""
FIRST_CREATE = {"verb": "create", "kind": "ConfigMap", "nth": 1}
FIRST_NOTE = {"type": "ADDED", "kind": "Note", "nth": 1}


def copier(*habits: str, patience_s: float = 1.0, **options: Any) -> Process:
    argv = [sys.executable, "-S", "-E", PROGRAM, *habits]
    return Process(argv, patience_s=patience_s, **options)


def trial(*habits: str, process: Process | None = None, **options: Any) -> Trial:
    return Trial([process or copier(*habits)], manifests=[FOLDER / "crd.yaml", FOLDER / "note.yaml"], **options)


def run(on: Trial, *workload: dict[str, Any], weather: list[dict[str, Any]] | None = None) -> Example:
    """One example of the given users and weather, judged."""
    plan = make_plan(on, ("garbage-collector", "namespace"))
    return run_schedule(plan, workload or (CREATE,), weather or [])


def world_of(example: Example) -> RealTimeWorld:
    assert isinstance(example.world, RealTimeWorld)
    return example.world


def copies(example: Example) -> list[str]:
    """What the copies in the store say."""
    return [obj["data"]["text"] for obj in example.world.stored_objects() if obj["kind"] == "ConfigMap"]


def at_request(do: str, **values: Any) -> dict[str, Any]:
    """Weather at the program's first create of a copy, as it arrives."""
    return {"do": do, "at": "request", "component": "copier", "request": dict(FIRST_CREATE), **values}


def at_reply(do: str, **values: Any) -> dict[str, Any]:
    """The same, after it was committed."""
    return {**at_request(do, **values), "at": "after_commit"}


def at_event(do: str, **values: Any) -> dict[str, Any]:
    """Weather at the event that tells the program of the first Note."""
    return {"do": do, "at": "delivery", "component": "copier", "event": dict(FIRST_NOTE), **values}
