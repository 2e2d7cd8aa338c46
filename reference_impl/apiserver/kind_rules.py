"""What Kubernetes' registry strategies say differently for one kind or another, as tables over resources.

Each table is a fact about built-in kinds; custom resources follow one rule, given with each function. Sources are the
`strategy.go` and `storage.go` files under kubernetes `pkg/registry/`, release 1.34.
"""

from typing import Final

from reference_impl.kinds import KindInfo

PODS: Final = "pods"
NAMESPACES: Final = "namespaces"
CRDS: Final = "customresourcedefinitions.apiextensions.k8s.io"
EVENTS: Final = frozenset({"events", "events.events.k8s.io"})

_GENERATION: Final = frozenset({
    CRDS, PODS, "replicationcontrollers",
    "daemonsets.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps",
    "cronjobs.batch", "jobs.batch", "poddisruptionbudgets.policy", "endpointslices.discovery.k8s.io",
    "ingresses.networking.k8s.io", "ingressclasses.networking.k8s.io", "networkpolicies.networking.k8s.io",
    "flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io", "priorityclasses.scheduling.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "resourceslices.resource.k8s.io", "deviceclasses.resource.k8s.io",
})  # fmt: skip
"""Kinds whose strategy sets `metadata.generation`. Pods since 1.33 (KEP-5067)."""

_NEEDS_RESOURCE_VERSION: Final = frozenset({
    CRDS, "serviceaccounts", "leases.coordination.k8s.io", "poddisruptionbudgets.policy",
    "volumeattachments.storage.k8s.io", "csidrivers.storage.k8s.io", "csinodes.storage.k8s.io",
    "csistoragecapacities.storage.k8s.io", "runtimeclasses.node.k8s.io", "apiservices.apiregistration.k8s.io",
    "flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
})  # fmt: skip
"""Built-in kinds whose strategy has AllowUnconditionalUpdate false."""

_RETURNS_DELETED: Final = frozenset({
    PODS, NAMESPACES, "services", "serviceaccounts", "persistentvolumes", "persistentvolumeclaims", "resourcequotas",
    "podtemplates",
})  # fmt: skip
"""Kinds whose DELETE answers with the object (ReturnDeletedObject) instead of a Status."""

_ORPHANS_BY_DEFAULT: Final = frozenset({"jobs.batch", "replicationcontrollers"})
"""Kinds that orphan their dependents when a delete names no propagation policy, for compatibility with 1.x clients."""

INITIAL_STATUS: Final[dict[str, dict[str, object]]] = {
    PODS: {"phase": "Pending"},
    NAMESPACES: {"phase": "Active"},
    "persistentvolumeclaims": {"phase": "Pending"},
    "persistentvolumes": {"phase": "Pending"},
    "services": {"loadBalancer": {}},
    "deployments.apps": {},
    "replicasets.apps": {"replicas": 0},
    "statefulsets.apps": {"replicas": 0, "availableReplicas": 0},
    "replicationcontrollers": {"replicas": 0},
    "daemonsets.apps": {
        "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
    },
    "jobs.batch": {},
    "cronjobs.batch": {},
    "poddisruptionbudgets.policy": {
        "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0,
    },
    "horizontalpodautoscalers.autoscaling": {"desiredReplicas": 0, "currentMetrics": None},
    "ingresses.networking.k8s.io": {"loadBalancer": {}},
}  # fmt: skip
"""What a fresh object's status reads like over the wire: Go writes counters that have no `omitempty` as 0."""

STATUS_KEEPS_METADATA: Final[dict[str, tuple[str, ...]]] = {
    "deployments.apps": ("labels",),
    PODS: ("ownerReferences",),
}
"""Metadata fields that a write to a built-in kind's /status cannot change. (Others may: labels of a Pod, for one.)"""


def has_generation(info: KindInfo) -> bool:
    """Custom resources always have one."""
    return info.crd is not None or info.resource in _GENERATION


def allows_unconditional_update(info: KindInfo) -> bool:
    """May an update leave out metadata.resourceVersion? Custom resources: never."""
    return info.crd is None and info.resource not in _NEEDS_RESOURCE_VERSION


def returns_deleted_object(info: KindInfo) -> bool:
    """Custom resources: no, a Status."""
    return info.resource in _RETURNS_DELETED


def orphans_by_default(info: KindInfo) -> bool:
    return info.resource in _ORPHANS_BY_DEFAULT


def supports_garbage_collection(info: KindInfo) -> bool:
    """Events refuse garbage collection finalizers (rest.Unsupported)."""
    return info.resource not in EVENTS
