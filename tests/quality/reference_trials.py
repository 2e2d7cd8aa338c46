"""Every reference controller at its work: the trials that must stay silent.

    python -m tests.quality.reference_trials [NAME...] [--examples 1000] [--seeds 3] [--jobs 2] [--write FILE]

runs them and prints a table with the upper bound at 95 %. The test suite runs a bounded, seeded sample. Exit code 1 if
anything is violated, or cannot be told.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from harness.check import check
from harness.outcome import Outcome, upper_bound_95
from harness.trial import Trial
from reference_impl.controllers import CONTROLLERS
from reference_impl.protocol import JsonObject
from tests.quality.machine import machine

TEMPLATE: JsonObject = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "web:1"}]},
}
SELECTOR: JsonObject = {"matchLabels": {"app": "web"}}


def _object(api_version: str, kind: str, name: str = "web", **spec: Any) -> JsonObject:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": spec}


REPLICASET = _object("apps/v1", "ReplicaSet", replicas=2, selector=SELECTOR, template=TEMPLATE)
_CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
_JOB_POD = {"spec": {"restartPolicy": "Never", "containers": [{"name": "work", "image": "work:1"}]}}

TRIALS: dict[str, list[JsonObject]] = {
    "deployment": [_object("apps/v1", "Deployment", replicas=2, selector=SELECTOR, template=TEMPLATE)],
    "replicaset": [REPLICASET],
    "statefulset": [
        _object(
            "apps/v1",
            "StatefulSet",
            replicas=2,
            serviceName="web",
            selector=SELECTOR,
            template=TEMPLATE,
            volumeClaimTemplates=[_CLAIM],
        )
    ],
    "job": [_object("batch/v1", "Job", completions=3, parallelism=2, template=_JOB_POD)],
    "service": [
        _object("v1", "Service", type="LoadBalancer", selector={"app": "web"}, ports=[{"port": 80}]),
        REPLICASET,
    ],
    "disruption": [_object("policy/v1", "PodDisruptionBudget", minAvailable=1, selector=SELECTOR), REPLICASET],
    "namespace": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        {**REPLICASET, "metadata": {"name": "web", "namespace": "shop"}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "prices", "namespace": "shop"},
            "data": {"a": "1"},
        },
    ],
}  # fmt: skip
"""By what they are about."""

UNDER_TEST: dict[str, tuple[str, ...]] = {
    "deployment": ("deployment",),
    "replicaset": ("replicaset", "scheduler"),
    "statefulset": ("statefulset",),
    "job": ("job",),
    "service": ("endpointslice", "load-balancer"),
    "disruption": ("disruption", "node-lifecycle"),
    "namespace": ("namespace", "garbage-collector"),
}
"""Who is judged as strictly as a stranger's controller (idempotence included); together every built-in controller. The
others run beside them, and so do the kubelets, which are never restarted for idempotence (design section 4.6)."""


def run(name: str, *, examples: int, seed: int, built_ins: str = "auto", report_dir: str | None = None) -> Outcome:
    """One trial; its reports go to a temporary folder unless one is given."""
    controllers = [CONTROLLERS[controller] for controller in UNDER_TEST[name]]
    trial = Trial(controllers, TRIALS[name], seed=seed, built_ins=built_ins)
    with tempfile.TemporaryDirectory() as folder:
        return check(trial, examples=examples, report_dir=report_dir or folder, raise_on_failure=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What came of one trial under one seed."""

    name: str
    seed: int
    examples: int
    verdict: str
    told: str
    wall_s: float

    def row(self) -> str:
        rate = f"{self.examples / self.wall_s:.1f}"
        return f"| {self.name} | {self.seed} | {self.examples} | {self.verdict} | {self.told} | {rate} |"


def cell(name: str, seed: int, examples: int, built_ins: str, report_dir: str | None) -> Cell:
    """Run one trial and keep what the table says of it."""
    began_wall_s = time.monotonic()
    outcome = run(name, examples=examples, seed=seed, built_ins=built_ins, report_dir=report_dir)
    wall_s = time.monotonic() - began_wall_s
    unknown = [f"{claim.name} unknown" for claim in outcome.properties if claim.verdict == "unknown"]
    told = [f"{violation.property}: {violation.reason} ({violation.schedule_path})" for violation in outcome.violations]
    return Cell(
        name=name,
        seed=seed,
        examples=outcome.examples,
        verdict=outcome.verdict,
        told="; ".join(told or unknown),
        wall_s=wall_s,
    )


def summary(cells: Sequence[Cell]) -> str:
    """What the cells come to, with the upper bound at 95 % if nothing was raised."""
    alarms = sum(one.verdict == "violated" for one in cells)
    unknown = sum(one.verdict == "unknown" for one in cells)
    total = sum(one.examples for one in cells)
    bound = "" if alarms or unknown else f"; fewer than {upper_bound_95(total):.3%} of such examples fail at 95 %"
    return f"{alarms} alarm(s) and {unknown} unknown in {total} examples{bound}"


HEAD = "| trial | seed | examples | verdict | violated or unknown | examples/s |\n|---|---|---|---|---|---|"


def _document(cells: Sequence[Cell], wall_s: float) -> str:
    return "\n".join(
        [
            "# False alarms on the reference controllers",
            "",
            "Made by `python -m tests.quality.reference_trials --write docs/false-alarms.md` on "
            f"{date.today().isoformat()} in {wall_s / 60:.0f} minutes: {machine()}.",
            'Profile `kubernetes`, all default weather, `built_ins="all"`. Who is under test in which trial:',
            "`tests/quality/reference_trials.py`.",
            "",
            HEAD,
            *(one.row() for one in cells),
            "",
            summary(cells) + ".",
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.reference_trials", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: {' '.join(TRIALS)}")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0 to so many, exclusive")
    parser.add_argument("--built-ins", default="all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (as many as cores)")
    parser.add_argument("--report-dir", help="keep the reports of violations here")
    parser.add_argument("--write", metavar="FILE", help="also write the table to this file")
    given = parser.parse_args(arguments)
    began_wall_s = time.monotonic()
    cells = []
    print(HEAD, flush=True)
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        futures = [
            pool.submit(cell, name, seed, given.examples, given.built_ins, given.report_dir)
            for name in given.names or TRIALS
            for seed in range(given.seeds)
        ]
        for future in futures:
            cells.append(future.result())
            print(cells[-1].row(), flush=True)
    print(f"\n{summary(cells)}")
    if given.write:
        Path(given.write).write_text(_document(cells, time.monotonic() - began_wall_s), encoding="utf-8")
    return 1 if any(one.verdict != "holds" for one in cells) else 0


if __name__ == "__main__":
    sys.exit(main())
