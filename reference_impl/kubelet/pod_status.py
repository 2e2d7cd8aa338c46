"""What a pod's status ought to say, given what the container runtime says. Pure functions.

Every timestamp comes from a record (when containers started, when they ended) or from the status itself, never from
"now": a status reported twice is the same status, and the second report commits nothing. Fields whose value is None
are to be removed; conditions of others (PodScheduled, readiness gates) are left alone.

Source: `pkg/kubelet/kubelet_pods.go` (generateAPIPodStatus, getPhase), `pkg/kubelet/status/generate.go`.
"""

from typing import Any
from zlib import crc32

from reference_impl.controllers.pods import condition_of
from reference_impl.objects import uid_of
from reference_impl.protocol import JsonObject

_NOT_READY = ("ContainersNotReady", "containers are not ready")


def creating(pod: JsonObject, start_time: str) -> JsonObject:
    """Bound here, containers about to be created."""
    state = {"waiting": {"reason": "ContainerCreating"}}
    return {
        "phase": "Pending",
        "startTime": start_time,
        "conditions": _conditions(pod, ready=False, since=start_time, initialized=start_time, why=_NOT_READY),
        "containerStatuses": _container_statuses(pod, state, ready=False, restarts=0),
    }


def running(pod: JsonObject, record: JsonObject) -> JsonObject:
    """All containers run, and are ready as soon as they do."""
    since = record["startedAt"]
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
    open_gates = all((condition_of(pod, gate) or {}).get("status") == "True" for gate in gates)
    ip = pod_ip(pod)
    conditions = _conditions(pod, ready=True, since=since, initialized=_start_time(pod, since), why=(None, None))
    if not open_gates:
        ready = next(item for item in conditions if item["type"] == "Ready")
        ready.update(status="False", reason="ReadinessGatesNotReady", message="a readiness gate is not open")
    return {
        "phase": "Running",
        "startTime": _start_time(pod, since),
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "conditions": conditions,
        "containerStatuses": _container_statuses(
            pod, {"running": {"startedAt": since}}, ready=True, restarts=record.get("restarts", 0)
        ),
    }


def waiting_to_restart(pod: JsonObject, record: JsonObject) -> JsonObject:
    """Exited, and restarted when the back-off is over."""
    finished = record["finishedAt"]
    status = {
        "phase": "Running",
        "startTime": _start_time(pod, record["startedAt"]),
        "conditions": _conditions(
            pod, ready=False, since=finished, initialized=_start_time(pod, record["startedAt"]), why=_NOT_READY
        ),
    }
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    last = {"terminated": _terminated(record)}
    status["containerStatuses"] = _container_statuses(
        pod, state, ready=False, restarts=record.get("restarts", 0), last=last
    )
    return status


def ended(pod: JsonObject, record: JsonObject) -> JsonObject:
    """Exited for good: Succeeded or Failed."""
    succeeded = record.get("exitCode", 0) == 0
    why = ("PodCompleted", None) if succeeded else ("PodFailed", None)
    start_time = _start_time(pod, record["startedAt"])
    return {
        "phase": "Succeeded" if succeeded else "Failed",
        "startTime": start_time,
        "conditions": _conditions(pod, ready=False, since=record["finishedAt"], initialized=start_time, why=why),
        "containerStatuses": _container_statuses(
            pod, {"terminated": _terminated(record)}, ready=False, restarts=record.get("restarts", 0)
        ),
    }


def pod_ip(pod: JsonObject) -> str:
    """An address that is the pod's own, the same whenever it is asked for."""
    number = crc32(uid_of(pod).encode())
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def already_says(status: JsonObject, wanted: JsonObject) -> bool:
    """Would reporting `wanted` change nothing?"""
    for field, value in wanted.items():
        if field == "conditions":
            have = {item["type"]: item for item in status.get("conditions") or ()}
            if any(_without_none(item) != have.get(item["type"]) for item in value):
                return False
        elif status.get(field) != value:
            return False
    return True


def _start_time(pod: JsonObject, otherwise: str) -> str:
    return str((pod.get("status") or {}).get("startTime") or otherwise)


def _conditions(
    pod: JsonObject, *, ready: bool, since: str, initialized: str, why: tuple[str | None, str | None]
) -> list[JsonObject]:
    known = condition_of(pod, "Initialized")
    if known is not None and known.get("status") == "True":
        initialized = known.get("lastTransitionTime") or initialized
    conditions: list[JsonObject] = [{"type": "Initialized", "status": "True", "lastTransitionTime": initialized}]
    for kind in ("ContainersReady", "Ready"):
        old = condition_of(pod, kind) or {}
        status = "True" if ready else "False"
        stamp = old.get("lastTransitionTime") if old.get("status") == status and not ready else None
        conditions.append(
            {
                "type": kind,
                "status": status,
                "reason": why[0],
                "message": why[1],
                "lastTransitionTime": stamp or since,
            }
        )
    return conditions


def _container_statuses(
    pod: JsonObject, state: JsonObject, *, ready: bool, restarts: int, last: JsonObject | None = None
) -> list[JsonObject]:
    return [
        {
            "name": container["name"],
            "image": container.get("image") or "",
            "imageID": "",
            "ready": ready,
            "started": ready,
            "restartCount": restarts,
            "state": state,
            "lastState": last or {},
        }
        for container in pod["spec"].get("containers") or ()
    ]


def _terminated(record: JsonObject) -> JsonObject:
    code = record.get("exitCode", 0)
    return {
        "exitCode": code,
        "reason": "Error" if code else "Completed",
        "startedAt": record["startedAt"],
        "finishedAt": record["finishedAt"],
    }


def _without_none(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value is not None}
