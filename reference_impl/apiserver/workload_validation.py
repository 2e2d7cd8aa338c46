"""Validation of Pods, pod templates, and the kinds that make Pods: the rules that controllers run into.

Chosen by what goes wrong in practice: selectors that do not match their template, fields that cannot change, counts
below zero, containers without an image. Everything else about a PodSpec (volumes, probes, security contexts) is stored
as given.

Sources: kubernetes `pkg/apis/{core,apps,batch}/validation/validation.go`.
"""

from collections.abc import Callable
from typing import Any, Final

from reference_impl.apiserver import field_errors
from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.metadata_validation import check_labels, dns_label, undecodable
from reference_impl.apiserver.selectors import match_expressions
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

IMMUTABLE: Final = "field is immutable"
_NOT_NEGATIVE: Final = "must be greater than or equal to 0"
_POD_UPDATE: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_STATEFUL_SET_UPDATE: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_STATEFUL_SET_MUTABLE: Final = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
_JOB_IMMUTABLE: Final = (
    "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy",
)  # fmt: skip
_JOB_SCHEDULING: Final = ("nodeSelector", "affinity", "tolerations", "schedulingGates")


def check_count(info: KindInfo, spec: JsonObject, name: str, causes: list[Cause]) -> None:
    """A field of the spec that must be an integer of at least 0, if it is there. Raises BadRequest for other types."""
    value = spec.get(name)
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise undecodable(info, value, f"{info.kind}Spec.spec.{name}", "int32")
    if value < 0:
        causes.append(field_errors.invalid_value(f"spec.{name}", value, _NOT_NEGATIVE))


# ------------------------------------------------------------------ pods


def check_pod(info: KindInfo, pod: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    """A Pod on create, or its spec on update."""
    spec = pod.get("spec")
    if not isinstance(spec, dict):
        causes.append(field_errors.required("spec.containers"))
        return
    check_pod_spec(spec, "spec", causes)
    if old is not None:
        before = old.get("spec") or {}
        _check_lists(spec, before, causes)
        if _frozen(spec) != _frozen(before):
            causes.append(field_errors.forbidden("spec", _POD_UPDATE))


def _frozen(spec: JsonObject) -> JsonObject:
    """The spec without what may change; `_check_lists` says how the two lists may."""
    kept = _without(spec, ("activeDeadlineSeconds", "tolerations", "schedulingGates"))
    for key in ("containers", "initContainers"):
        if isinstance(kept.get(key), list):
            kept[key] = [{**container, "image": None} for container in kept[key]]
    return kept


def _check_lists(spec: JsonObject, old: JsonObject, causes: list[Cause]) -> None:
    """Tolerations may be added and scheduling gates removed, never the other way round."""
    if any(toleration not in (spec.get("tolerations") or []) for toleration in old.get("tolerations") or []):
        causes.append(field_errors.forbidden("spec", _POD_UPDATE))
    for index, gate in enumerate(spec.get("schedulingGates") or []):
        if gate not in (old.get("schedulingGates") or []):
            why = f"only deletion is allowed, but found new scheduling gate '{gate.get('name')}'"
            causes.append(field_errors.forbidden(f"spec.schedulingGates[{index}].name", why))


def check_pod_spec(spec: JsonObject, field: str, causes: list[Cause]) -> None:
    """Containers and policies of a Pod or a pod template."""
    containers = spec.get("containers")
    if not containers:
        causes.append(field_errors.required(f"{field}.containers"))
    seen: dict[str, str] = {}
    for key in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(key) or ()):
            _check_container(container, f"{field}.{key}[{index}]", seen, causes)
    policy = spec.get("restartPolicy")
    if policy not in (None, "Always", "OnFailure", "Never"):
        allowed = ["Always", "OnFailure", "Never"]
        causes.append(field_errors.not_supported(f"{field}.restartPolicy", policy, allowed))
    grace = spec.get("terminationGracePeriodSeconds")
    if isinstance(grace, int) and grace < 0:
        causes.append(field_errors.invalid_value(f"{field}.terminationGracePeriodSeconds", grace, _NOT_NEGATIVE))


def _check_container(container: JsonObject, field: str, seen: dict[str, str], causes: list[Cause]) -> None:
    name = container.get("name")
    if not name:
        causes.append(field_errors.required(f"{field}.name"))
    else:
        causes.extend(field_errors.invalid_value(f"{field}.name", name, why) for why in dns_label(name))
        if name in seen:
            causes.append(field_errors.duplicate(f"{field}.name", name))
        seen[name] = field
    if not container.get("image"):
        causes.append(field_errors.required(f"{field}.image"))


def check_template(spec: JsonObject, causes: list[Cause], *, always: bool = True) -> None:
    """The pod template of a workload. `always`: Pods of this kind are restarted for ever."""
    template = spec.get("template")
    pod_spec = template.get("spec") if isinstance(template, dict) else None
    if not isinstance(pod_spec, dict):
        causes.append(field_errors.required("spec.template.spec.containers"))
        return
    check_labels(_labels_of(spec), "spec.template.labels", causes)
    check_pod_spec(pod_spec, "spec.template.spec", causes)
    policy, field = pod_spec.get("restartPolicy"), "spec.template.spec.restartPolicy"
    if always and policy not in (None, "Always"):
        causes.append(field_errors.not_supported(field, policy, ["Always"]))


def _labels_of(spec: JsonObject) -> dict[str, str]:
    template = spec.get("template")
    metadata = template.get("metadata") if isinstance(template, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else {}


# ------------------------------------------------------------------ workloads of apps/v1


def _check_selector(info: KindInfo, spec: JsonObject, causes: list[Cause]) -> None:
    selector, labels = spec.get("selector"), _labels_of(spec)
    if selector is None:
        causes.append(field_errors.required("spec.selector"))
        return
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        why = f"empty selector is invalid for {info.kind.lower()}"
        causes.append(field_errors.invalid_value("spec.selector", selector, why))
        return
    try:
        selects = match_expressions(selector)
    except BadRequest as error:
        causes.append(field_errors.invalid_value("spec.selector", selector, error.message))
        return
    if not selects(labels):
        why = "`selector` does not match template `labels`"
        causes.append(field_errors.invalid_value("spec.template.metadata.labels", labels, why))


def _check_workload(info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> JsonObject | None:
    """What the kinds of apps/v1 have in common; returns the spec if it can be looked at further."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        causes.append(field_errors.required("spec.selector"))
        return None
    for name in ("replicas", "minReadySeconds", "revisionHistoryLimit"):
        check_count(info, spec, name, causes)
    _check_selector(info, spec, causes)
    check_template(spec, causes)
    return spec


def _check_fixed_selector(spec: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    if old is not None and spec.get("selector") != (old.get("spec") or {}).get("selector"):
        causes.append(field_errors.invalid_value("spec.selector", spec.get("selector"), IMMUTABLE))


def check_replica_set(info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    """Also DaemonSets."""
    spec = _check_workload(info, obj, old, causes)
    if spec is not None:
        _check_fixed_selector(spec, old, causes)


def check_deployment(info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    spec = _check_workload(info, obj, old, causes)
    if spec is None:
        return
    _check_fixed_selector(spec, old, causes)
    strategy = spec.get("strategy") or {}
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind not in ("RollingUpdate", "Recreate"):
        causes.append(field_errors.not_supported("spec.strategy.type", kind, ["Recreate", "RollingUpdate"]))
    elif kind == "Recreate" and rolling is not None:
        why = "may not be specified when strategy `type` is 'Recreate'"
        causes.append(field_errors.forbidden("spec.strategy.rollingUpdate", why))
    elif kind == "RollingUpdate" and all((rolling or {}).get(n) in (0, "0%") for n in ("maxUnavailable", "maxSurge")):
        why = "may not be 0 when `maxSurge` is 0"
        value = (rolling or {}).get("maxUnavailable")
        causes.append(field_errors.invalid_value("spec.strategy.rollingUpdate.maxUnavailable", value, why))
    deadline = spec.get("progressDeadlineSeconds")
    if isinstance(deadline, int) and deadline <= (spec.get("minReadySeconds") or 0):
        why = "must be greater than minReadySeconds"
        causes.append(field_errors.invalid_value("spec.progressDeadlineSeconds", deadline, why))


def check_stateful_set(info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    spec = _check_workload(info, obj, old, causes)
    if spec is None:
        return
    policy = spec.get("podManagementPolicy")
    if policy not in ("OrderedReady", "Parallel"):
        allowed = ["OrderedReady", "Parallel"]
        causes.append(field_errors.not_supported("spec.podManagementPolicy", policy, allowed))
    before = (old or {}).get("spec") or {}
    if old is not None and _without(spec, _STATEFUL_SET_MUTABLE) != _without(before, _STATEFUL_SET_MUTABLE):
        causes.append(field_errors.forbidden("spec", _STATEFUL_SET_UPDATE))


def _without(value: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {key: item for key, item in value.items() if key not in names}


# ------------------------------------------------------------------ jobs


def check_job(info: KindInfo, job: JsonObject, old: JsonObject | None, causes: list[Cause]) -> None:
    spec = job.get("spec")
    if not isinstance(spec, dict):
        causes.append(field_errors.required("spec.template.spec.containers"))
        return
    for name in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        check_count(info, spec, name, causes)
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        causes.append(field_errors.required("spec.completions", "when completion mode is Indexed"))
    _check_job_template(spec, causes)
    if old is not None:
        _check_job_update(spec, old, causes)


def _check_job_template(spec: JsonObject, causes: list[Cause]) -> None:
    check_template(spec, causes, always=False)
    template = spec.get("template")
    policy = (template.get("spec") or {}).get("restartPolicy") if isinstance(template, dict) else None
    if policy in (None, "Always"):
        why = 'valid values: "OnFailure", "Never"'
        causes.append(field_errors.required("spec.template.spec.restartPolicy", why))
    selector = spec.get("selector")
    if selector and not match_expressions(selector)(_labels_of(spec)):
        why = "`selector` does not match template `labels`"
        causes.append(field_errors.invalid_value("spec.template.metadata.labels", _labels_of(spec), why))


def _check_job_update(spec: JsonObject, old: JsonObject, causes: list[Cause]) -> None:
    before = old.get("spec") or {}
    for name in _JOB_IMMUTABLE:
        if spec.get(name) != before.get(name):
            causes.append(field_errors.invalid_value(f"spec.{name}", spec.get(name), IMMUTABLE))
    completions = spec.get("completions")
    if completions != before.get("completions"):
        elastic = spec.get("completionMode") == "Indexed" and completions == spec.get("parallelism")
        if spec.get("completionMode") != "Indexed":
            causes.append(field_errors.invalid_value("spec.completions", completions, IMMUTABLE))
        elif not elastic:
            why = f"can only be modified in tandem with spec.parallelism: {completions} != {spec.get('parallelism')}"
            causes.append(field_errors.invalid_value("spec.completions", completions, why))
    started = (old.get("status") or {}).get("startTime")
    relaxed = bool(before.get("suspend")) and not started
    if _job_template(spec, relaxed=relaxed) != _job_template(before, relaxed=relaxed):
        causes.append(field_errors.invalid_value("spec.template", spec.get("template"), IMMUTABLE))


def _job_template(spec: JsonObject, *, relaxed: bool) -> Any:
    """The template; of a suspended Job that never started, without what schedulers may still change."""
    template = spec.get("template")
    if not relaxed or not isinstance(template, dict):
        return template
    metadata = _without(template.get("metadata") or {}, ("labels", "annotations"))
    return {**template, "metadata": metadata, "spec": _without(template.get("spec") or {}, _JOB_SCHEDULING)}


def check_cron_job(info: KindInfo, obj: JsonObject, _: JsonObject | None, causes: list[Cause]) -> None:
    spec = obj.get("spec")
    if not isinstance(spec, dict) or not spec.get("schedule"):
        causes.append(field_errors.required("spec.schedule"))
        return
    job_spec = (spec.get("jobTemplate") or {}).get("spec")
    inner: list[Cause] = []
    _check_job_template(job_spec if isinstance(job_spec, dict) else {}, inner)
    causes.extend({**cause, "field": f"spec.jobTemplate.{cause['field']}"} for cause in inner)


Validator = Callable[[KindInfo, JsonObject, JsonObject | None, list[Cause]], None]
VALIDATORS: Final[dict[tuple[str, str], Validator]] = {
    ("", "Pod"): check_pod,
    ("apps", "ReplicaSet"): check_replica_set,
    ("apps", "DaemonSet"): check_replica_set,
    ("apps", "Deployment"): check_deployment,
    ("apps", "StatefulSet"): check_stateful_set,
    ("batch", "Job"): check_job,
    ("batch", "CronJob"): check_cron_job,
}
