"""How long a pod's containers run and how they end: simulated, since nothing is executed here.

A pod runs until it is deleted, unless annotations say otherwise: `seatrial.dev/runs-for-s: "5"` and
`seatrial.dev/exit-code: "1"`. A pod whose controller is a Job ends after 5 s with 0 by default, since a Job whose pods
never end would never complete. Restarts follow `restartPolicy` with the kubelet's back-off, 10 s doubling to 300 s.
Source: `pkg/kubelet/kubelet.go` (MaxContainerBackOff, backOffPeriod).
"""

from datetime import datetime, timedelta

from reference_impl.controllers.meta_time import parse_timestamp
from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject

RUNS_FOR = "seatrial.dev/runs-for-s"
EXIT_CODE = "seatrial.dev/exit-code"
JOB_RUNS_FOR_S = 5.0
START_DELAY_S = 1.0
"""Pulling an image and creating a sandbox, in virtual seconds: arbitrary, but never instantaneous."""
STOP_DELAY_S = 1.0
"""What containers take to react to SIGTERM; never longer than the grace period."""
SIGTERM_EXIT_CODE = 143
INITIAL_RESTART_S = 10.0
MAX_RESTART_S = 300.0


def runs_for_s(pod: JsonObject) -> float | None:
    """Virtual seconds until the containers end by themselves; None: never."""
    text = (pod["metadata"].get("annotations") or {}).get(RUNS_FOR)
    if text is not None:
        try:
            return max(0.0, float(text))
        except ValueError:
            pass
    owner = controller_of(pod)
    return JOB_RUNS_FOR_S if owner is not None and owner["kind"] == "Job" else None


def exit_code(pod: JsonObject) -> int:
    text = (pod["metadata"].get("annotations") or {}).get(EXIT_CODE)
    try:
        return int(text) if text is not None else 0
    except ValueError:
        return 0


def restarts(pod: JsonObject, code: int) -> bool:
    """Does `restartPolicy` want containers that ended with this code to run again?"""
    policy = pod["spec"].get("restartPolicy") or "Always"
    return policy == "Always" or (policy == "OnFailure" and code != 0)


def ends_at(pod: JsonObject, record: JsonObject) -> datetime | None:
    duration_s = runs_for_s(pod)
    return None if duration_s is None else parse_timestamp(record["startedAt"]) + timedelta(seconds=duration_s)


def restarts_at(record: JsonObject) -> datetime:
    """When exited containers are to run again."""
    delay_s = min(INITIAL_RESTART_S * 2.0 ** min(record.get("restarts", 0), 10), MAX_RESTART_S)
    return parse_timestamp(record["finishedAt"]) + timedelta(seconds=delay_s)
