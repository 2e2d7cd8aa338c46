"""Traces written by hand: the shape of the harness's own, small enough to read."""

from typing import Any

from harness.trace import Trace


def trace_of(*events: dict[str, Any], header: dict[str, Any] | None = None) -> Trace:
    """Each event: `at` (virtual seconds), `kind`, `by`, `on` (object), `cause` (steps), and its data."""
    trace = Trace(header)
    for event in events:
        data = {name: value for name, value in event.items() if name not in ("at", "kind", "by", "peer", "on", "cause")}
        trace.add(
            event.get("at", 0.0),
            event["kind"],
            event.get("by", ""),
            object=event.get("on", ""),
            peer=event.get("peer", ""),
            caused_by=tuple(event.get("cause", ())),
            data=data,
        )
    return trace


def website_trace(**header: Any) -> Trace:
    """A crash between two writes leaves a Website without its Service."""
    site, deployment = "Website/default/front", "Deployment/default/front"
    return trace_of(
        {"at": 0.0, "kind": "workload", "by": "user", "on": site, "sentence": "user creates Website default/front"},
        {"at": 0.1, "kind": "commit", "by": "user", "on": site, "fact": "CREATED", "cause": [0]},
        {"at": 0.2, "kind": "commit", "by": "kubelet", "on": "Lease/kube-node-lease/node-0", "fact": "UPDATED"},
        {"at": 0.3, "kind": "commit", "by": "website", "on": deployment, "fact": "CREATED", "cause": [1]},
        {
            "at": 0.3,
            "kind": "fault",
            "by": "website",
            "name": "crash",
            "legal": True,
            "obliged": True,
            "sentence": "website crashes after its create committed",
            "cause": [3],
        },
        {"at": 0.4, "kind": "commit", "by": "stranger", "on": "ConfigMap/default/x", "fact": "CREATED"},
        {"at": 1.3, "kind": "restart", "by": "website"},
        {
            "at": 3001.5,
            "kind": "violation",
            "on": site,
            "property": "converges",
            "reason": "Website default/front has no Service",
            "cause": [3],
        },
        header=header,
    )
