"""Every reference controller at its work: the trials that must stay silent.

`python -m tests.quality.reference_trials [--examples 1000] [--seeds 3] [--built-ins all] [NAME...]` runs them and
prints a table with the upper bound at 95 %. The test suite runs a bounded, seeded sample.
"""

import argparse
import sys
import tempfile
import time
from typing import Any

from harness.check import check
from harness.outcome import Outcome, upper_bound_95
from harness.trial import Trial
from reference_impl.controllers import CONTROLLERS
from reference_impl.protocol import JsonObject

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


def run(name: str, *, examples: int, seed: int, built_ins: str = "auto") -> Outcome:
    """One trial; its reports go to a temporary folder."""
    controllers = [CONTROLLERS[controller] for controller in UNDER_TEST[name]]
    trial = Trial(controllers, TRIALS[name], seed=seed, built_ins=built_ins)
    with tempfile.TemporaryDirectory() as folder:
        return check(trial, examples=examples, report_dir=folder, raise_on_failure=False)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--built-ins", default="all")
    given = parser.parse_args(arguments)
    alarms = unknown = total = 0
    print("| trial | seed | examples | verdict | violated | examples/s |\n|---|---|---|---|---|---|", flush=True)
    for name in given.names or TRIALS:
        for seed in range(given.seeds):
            began_wall_s = time.monotonic()
            outcome = run(name, examples=given.examples, seed=seed, built_ins=given.built_ins)
            rate = outcome.examples / (time.monotonic() - began_wall_s)
            violated = ", ".join(violation.property for violation in outcome.violations)
            row = (name, seed, outcome.examples, outcome.verdict, violated, f"{rate:.1f}")
            print("| " + " | ".join(map(str, row)) + " |", flush=True)
            alarms += bool(outcome.violations)
            unknown += not outcome.violations and outcome.verdict != "holds"
            total += outcome.examples
    failed = bool(alarms or unknown)
    bound = f"; fewer than {upper_bound_95(total):.3%} of such examples fail at 95 %" if not failed else ""
    print(f"\n{alarms} alarm(s) and {unknown} unknown in {total} examples{bound}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
