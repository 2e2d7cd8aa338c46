"""One valid object of many kinds, by the path it is created under: what hostile requests are made from."""

from typing import Any, Final

DEFAULT: Final = "/namespaces/default"
LABELS: Final = {"app": "x"}
SELECTOR: Final = {
    "matchLabels": LABELS,
    "matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}],
}
CONTAINER: Final = {
    "name": "a",
    "image": "b",
    "ports": [{"containerPort": 80, "name": "h"}],
    "env": [{"name": "A", "value": "b"}],
    "resources": {"requests": {"cpu": "1"}},
    "livenessProbe": {"httpGet": {"port": 80, "path": "/"}},
}
POD: Final = {
    "containers": [CONTAINER],
    "initContainers": [{"name": "i", "image": "b"}],
    "volumes": [{"name": "v", "emptyDir": {}}],
    "tolerations": [{"key": "a", "operator": "Exists"}],
}
TEMPLATE: Final = {"metadata": {"labels": LABELS}, "spec": POD}
OWNER: Final = {"apiVersion": "v1", "kind": "ConfigMap", "name": "z", "uid": "u", "controller": True}
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "size": {"type": "integer", "default": 1},
                "list": {"type": "array", "items": {"type": "string"}},
            },
            "x-kubernetes-validations": [{"rule": "self.size < 10"}],
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}
VERSION: Final = {
    "name": "v1",
    "served": True,
    "storage": True,
    "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}},
    "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
    "schema": {"openAPIV3Schema": SCHEMA},
}
DEFINITION: Final = {
    "group": "example.com",
    "scope": "Namespaced",
    "names": {"plural": "websites", "singular": "website", "kind": "Website"},
    "versions": [VERSION],
}


def _object(api_version: str, kind: str, name: str = "a", **parts: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **parts}


_WORKLOAD: Final = {"replicas": 1, "selector": SELECTOR, "template": TEMPLATE}
_ROLLING: Final = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}}
_CLAIM: Final = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
_ABOUT: Final = {"kind": "Pod", "name": "a", "namespace": "default"}

TEMPLATES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        f"/api/v1{DEFAULT}/pods",
        {
            **_object("v1", "Pod", spec=POD),
            "metadata": {"name": "a", "labels": LABELS, "finalizers": ["a/b"], "ownerReferences": [OWNER]},
        },
    ),
    (f"/apis/apps/v1{DEFAULT}/deployments", _object("apps/v1", "Deployment", spec={**_WORKLOAD, "strategy": _ROLLING})),
    (
        f"/apis/apps/v1{DEFAULT}/statefulsets",
        _object(
            "apps/v1",
            "StatefulSet",
            spec={**_WORKLOAD, "serviceName": "s", "volumeClaimTemplates": [_object("v1", "Claim", "d", spec=_CLAIM)]},
        ),
    ),
    (
        f"/apis/batch/v1{DEFAULT}/jobs",
        _object("batch/v1", "Job", spec={"completions": 1, "template": {"spec": {**POD, "restartPolicy": "Never"}}}),
    ),
    (
        f"/api/v1{DEFAULT}/services",
        _object(
            "v1", "Service", spec={"selector": LABELS, "ports": [{"port": 80, "targetPort": "h"}], "type": "NodePort"}
        ),
    ),
    (f"/api/v1{DEFAULT}/events", _object("v1", "Event", involvedObject=_ABOUT, reason="x", message="m", count=1)),
    (f"/apis/events.k8s.io/v1{DEFAULT}/events", _object("events.k8s.io/v1", "Event", regarding=_ABOUT, note="m")),
    (
        f"/apis/policy/v1{DEFAULT}/poddisruptionbudgets",
        _object("policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "selector": SELECTOR}),
    ),
    (
        f"/apis/coordination.k8s.io/v1{DEFAULT}/leases",
        _object("coordination.k8s.io/v1", "Lease", spec={"holderIdentity": "x", "renewTime": "2024-01-01T00:00:00.0Z"}),
    ),
    (
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        _object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "websites.example.com", spec=DEFINITION),
    ),
    (f"/apis/example.com/v1{DEFAULT}/websites", _object("example.com/v1", "Website", spec={"size": 2, "list": ["a"]})),
    ("/api/v1/namespaces", _object("v1", "Namespace", spec={"finalizers": ["kubernetes"]})),
    ("/api/v1/nodes", _object("v1", "Node", spec={"taints": [{"key": "a", "effect": "NoSchedule"}]})),
    (f"/api/v1{DEFAULT}/secrets", _object("v1", "Secret", data={"a": "Yg=="}, type="Opaque")),
    (f"/api/v1{DEFAULT}/configmaps", _object("v1", "ConfigMap", data={"a": "b"}, binaryData={"x": "Yg=="})),
    (f"/api/v1{DEFAULT}/bindings", _object("v1", "Binding", target={"kind": "Node", "name": "n"})),
    (
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        _object("authorization.k8s.io/v1", "SelfSubjectAccessReview", spec={"resourceAttributes": {"verb": "get"}}),
    ),
    (
        f"/apis/discovery.k8s.io/v1{DEFAULT}/endpointslices",
        _object("discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4", endpoints=[{"addresses": ["1.2.3.4"]}]),
    ),
    (
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        _object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", roleRef={"kind": "ClusterRole", "name": "a"}),
    ),
    (f"/api/v1{DEFAULT}/persistentvolumeclaims", _object("v1", "PersistentVolumeClaim", spec=_CLAIM)),
    (
        f"/apis/autoscaling/v2{DEFAULT}/horizontalpodautoscalers",
        _object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            spec={"maxReplicas": 3, "scaleTargetRef": {"kind": "X", "name": "a"}},
        ),
    ),
    (
        f"/apis/batch/v1{DEFAULT}/cronjobs",
        _object("batch/v1", "CronJob", spec={"jobTemplate": {"spec": {"template": TEMPLATE}}}),
    ),
)
