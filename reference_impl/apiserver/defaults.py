"""What the API server fills into built-in objects before it stores them, kind by kind.

Only defaults that a controller can trip over: it writes an object, reads it back, and finds more in it than it wrote.
Nothing is changed in place. Allocated values (cluster IPs, node ports) are derived from the object's uid instead of
from an allocator's bitmap: deterministic without shared state; two Services may get the same address.

Sources: kubernetes `pkg/apis/*/v1/defaults.go`; the strategies under `pkg/registry` (Job selectors, Service
allocation, Secret stringData).
"""

import base64
import zlib
from collections.abc import Callable
from typing import Final

from reference_impl.apiserver import webhook_configurations
from reference_impl.apiserver.crd import default_crd
from reference_impl.apiserver.pod_defaults import changed, default_pod, default_template, filled
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

Defaulter = Callable[[JsonObject, JsonObject | None], JsonObject]
"""(object, what is stored or None) -> the object defaulted."""


def default(info: KindInfo, obj: JsonObject, old: JsonObject | None) -> JsonObject:
    """The object with the defaults of its built-in kind; the same object if nothing is missing."""
    defaulter = _DEFAULTERS.get((info.group, info.kind))
    return obj if defaulter is None else defaulter(obj, old)


def _of_spec(defaults: JsonObject, then: Callable[[JsonObject], JsonObject] | None = None) -> Defaulter:
    def defaulter(obj: JsonObject, _: JsonObject | None) -> JsonObject:
        spec = obj.get("spec")
        if not isinstance(spec, dict):
            return obj
        spec = filled(spec, defaults)
        return changed(obj, "spec", then(spec) if then is not None else spec)

    return defaulter


def _of_object(defaults: JsonObject) -> Defaulter:
    return lambda obj, _: filled(obj, defaults)


# ------------------------------------------------------------------ workloads


def _deployment_spec(spec: JsonObject) -> JsonObject:
    strategy = filled(spec.get("strategy") or {}, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        rolling = filled(strategy.get("rollingUpdate") or {}, {"maxUnavailable": "25%", "maxSurge": "25%"})
        strategy = changed(strategy, "rollingUpdate", rolling)
    return default_template(changed(spec, "strategy", strategy))


def _stateful_set_spec(spec: JsonObject) -> JsonObject:
    strategy = filled(spec.get("updateStrategy") or {}, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        strategy = changed(strategy, "rollingUpdate", filled(strategy.get("rollingUpdate") or {}, {"partition": 0}))
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    retention = filled(retention, {"whenDeleted": "Retain", "whenScaled": "Retain"})
    spec = changed(spec, "updateStrategy", strategy)
    spec = changed(spec, "persistentVolumeClaimRetentionPolicy", retention)
    claims = spec.get("volumeClaimTemplates")
    if claims:
        spec = {**spec, "volumeClaimTemplates": [_claim_template(claim) for claim in claims]}
    return default_template(spec)


def _claim_template(claim: JsonObject) -> JsonObject:
    claim = filled(claim, {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}})
    return changed(claim, "spec", filled(claim.get("spec") or {}, {"volumeMode": "Filesystem"}))


def _daemon_set_spec(spec: JsonObject) -> JsonObject:
    strategy = filled(spec.get("updateStrategy") or {}, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        rolling = filled(strategy.get("rollingUpdate") or {}, {"maxUnavailable": 1, "maxSurge": 0})
        strategy = changed(strategy, "rollingUpdate", rolling)
    return default_template(changed(spec, "updateStrategy", strategy))


def _job_spec(spec: JsonObject) -> JsonObject:
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec = {**spec, "completions": 1}
    per_index = spec.get("backoffLimitPerIndex") is not None
    spec = filled(
        spec,
        {
            "parallelism": 1,
            "backoffLimit": 2**31 - 1 if per_index else 6,
            "completionMode": "NonIndexed",
            "suspend": False,
            "manualSelector": False,
            "podReplacementPolicy": "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed",
        },
    )
    return default_template(spec)


def _default_job(job: JsonObject, old: JsonObject | None) -> JsonObject:
    spec = job.get("spec")
    if not isinstance(spec, dict):
        return job
    spec = _job_spec(spec)
    if old is None and not spec["manualSelector"]:
        spec = _with_selector(job, spec)
    return changed(job, "spec", spec)


def _with_selector(job: JsonObject, spec: JsonObject) -> JsonObject:
    """The selector and the labels that tie a Job to its Pods, made from its uid (`job.generateSelector`)."""
    uid, name = job["metadata"].get("uid", ""), job["metadata"].get("name", "")
    template = spec.get("template")
    if not isinstance(template, dict):
        return spec
    metadata = template.get("metadata") or {}
    labels = {
        "controller-uid": uid,
        "job-name": name,
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
    }
    metadata = {**metadata, "labels": {**(metadata.get("labels") or {}), **labels}}
    selector = spec.get("selector") or {}
    matched = {**(selector.get("matchLabels") or {}), "batch.kubernetes.io/controller-uid": uid}
    return {**spec, "template": {**template, "metadata": metadata}, "selector": {**selector, "matchLabels": matched}}


def _cron_job_spec(spec: JsonObject) -> JsonObject:
    job = spec.get("jobTemplate")
    if not isinstance(job, dict) or not isinstance(job.get("spec"), dict):
        return spec
    return changed(spec, "jobTemplate", changed(job, "spec", default_template(job["spec"])))


# ------------------------------------------------------------------ services, configuration, cluster


def cluster_ip(obj: JsonObject) -> str:
    """An address in 10.96.0.0/12 for a Service, from its uid."""
    number = 10 + zlib.crc32(str(obj["metadata"].get("uid", "")).encode()) % (2**20 - 20)
    return f"10.{96 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}"


def _node_port(obj: JsonObject, port: JsonObject) -> int:
    text = f"{obj['metadata'].get('uid', '')}/{port.get('port')}/{port.get('protocol')}"
    return 30_000 + zlib.crc32(text.encode()) % 2_768


def _default_service(service: JsonObject, old: JsonObject | None) -> JsonObject:
    spec = service.get("spec")
    if not isinstance(spec, dict):
        return service
    spec = filled(spec, {"type": "ClusterIP", "sessionAffinity": "None"})
    if spec["type"] == "ExternalName":
        return changed(service, "spec", spec)
    before = (old or {}).get("spec") or {}
    spec = filled(spec, {"internalTrafficPolicy": "Cluster", "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]})
    if not spec.get("clusterIP"):
        spec = {**spec, "clusterIP": before.get("clusterIP") or cluster_ip(service)}
    if not spec.get("clusterIPs"):
        spec = {**spec, "clusterIPs": [spec["clusterIP"]]}
    published = spec["type"] in ("NodePort", "LoadBalancer")
    if published:
        spec = filled(spec, {"externalTrafficPolicy": "Cluster"})
    if spec["type"] == "LoadBalancer":
        spec = filled(spec, {"allocateLoadBalancerNodePorts": True})
    ports = spec.get("ports")
    if isinstance(ports, list) and all(isinstance(port, dict) for port in ports):
        known = {(p.get("port"), p.get("protocol")): p.get("nodePort") for p in before.get("ports") or ()}
        allocates = published and spec.get("allocateLoadBalancerNodePorts") is not False
        filled_ports = [_service_port(service, port, known, allocates=allocates) for port in ports]
        spec = spec if filled_ports == ports else {**spec, "ports": filled_ports}
    return changed(service, "spec", spec)


def _service_port(
    service: JsonObject, port: JsonObject, known: dict[tuple[object, object], object], *, allocates: bool
) -> JsonObject:
    port = filled(port, {"protocol": "TCP", "targetPort": port.get("port")})
    if allocates and not port.get("nodePort"):
        port = {**port, "nodePort": known.get((port.get("port"), port["protocol"])) or _node_port(service, port)}
    return port


def _default_namespace(namespace: JsonObject, _: JsonObject | None) -> JsonObject:
    metadata = namespace["metadata"]
    labels = metadata.get("labels") or {}
    name = metadata.get("name")
    if not name or labels.get("kubernetes.io/metadata.name") == name:
        return namespace
    return {**namespace, "metadata": {**metadata, "labels": {**labels, "kubernetes.io/metadata.name": name}}}


def _default_secret(secret: JsonObject, _: JsonObject | None) -> JsonObject:
    secret = filled(secret, {"type": "Opaque"})
    plain = secret.get("stringData")
    if not isinstance(plain, dict):
        return secret
    encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
    kept = {key: value for key, value in secret.items() if key != "stringData"}
    return {**kept, "data": {**(secret.get("data") or {}), **encoded}}


def _default_role_ref(binding: JsonObject, _: JsonObject | None) -> JsonObject:
    reference = binding.get("roleRef")
    if not isinstance(reference, dict):
        return binding
    return changed(binding, "roleRef", filled(reference, {"apiGroup": "rbac.authorization.k8s.io"}))


def _default_slice(obj: JsonObject, _: JsonObject | None) -> JsonObject:
    ports = obj.get("ports")
    if not isinstance(ports, list):
        return obj
    done = [filled(port, {"name": "", "protocol": "TCP"}) for port in ports]
    return obj if done == ports else {**obj, "ports": done}


_WORKLOAD: Final[JsonObject] = {"replicas": 1}
_DEFAULTERS: Final[dict[tuple[str, str], Defaulter]] = {
    ("", "Pod"): lambda pod, _: default_pod(pod),
    ("", "ReplicationController"): _of_spec(_WORKLOAD, default_template),
    ("", "Namespace"): _default_namespace,
    ("", "Secret"): _default_secret,
    ("", "Service"): _default_service,
    ("", "PersistentVolumeClaim"): _of_spec({"volumeMode": "Filesystem"}),
    ("", "PersistentVolume"): _of_spec({"volumeMode": "Filesystem", "persistentVolumeReclaimPolicy": "Retain"}),
    (webhook_configurations.GROUP, "MutatingWebhookConfiguration"): lambda obj, _: webhook_configurations.default(
        obj, mutating=True
    ),
    (webhook_configurations.GROUP, "ValidatingWebhookConfiguration"): lambda obj, _: webhook_configurations.default(
        obj, mutating=False
    ),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): lambda crd, _: default_crd(crd),
    ("apps", "ReplicaSet"): _of_spec(_WORKLOAD, default_template),
    ("apps", "Deployment"): _of_spec(
        {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}, _deployment_spec
    ),
    ("apps", "StatefulSet"): _of_spec(
        {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady"}, _stateful_set_spec
    ),
    ("apps", "DaemonSet"): _of_spec({"revisionHistoryLimit": 10}, _daemon_set_spec),
    ("autoscaling", "HorizontalPodAutoscaler"): _of_spec({"minReplicas": 1}),
    ("batch", "Job"): _default_job,
    ("batch", "CronJob"): _of_spec(
        {"concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1},
        _cron_job_spec,
    ),
    ("discovery.k8s.io", "EndpointSlice"): _default_slice,
    ("networking.k8s.io", "NetworkPolicy"): _of_spec({"policyTypes": ["Ingress"]}),
    ("rbac.authorization.k8s.io", "RoleBinding"): _default_role_ref,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _default_role_ref,
    ("scheduling.k8s.io", "PriorityClass"): _of_object({"preemptionPolicy": "PreemptLowerPriority"}),
    ("storage.k8s.io", "StorageClass"): _of_object({"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}),
}
