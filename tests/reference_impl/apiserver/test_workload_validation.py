"""Validation of Pods and of the kinds that make them."""

from typing import Any

import pytest

from reference_impl.apiserver.admission import prepare
from reference_impl.builtin_kinds import BUILTIN_KINDS
from reference_impl.errors import ApiError, BadRequest, Invalid
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject

_KINDS = {(info.group, info.kind): info for info in reversed(BUILTIN_KINDS)}
_GROUPS = {"Pod": "", "Job": "batch", "CronJob": "batch"}


def _prepare(
    kind: str, spec: Any, old: JsonObject | None = None, subresource: str | None = None, **more: Any
) -> JsonObject:
    obj = {"metadata": {"name": "a", "namespace": "default", "uid": "u"}, "spec": spec, **more}
    return prepare(_KINDS[_GROUPS.get(kind, "apps"), kind], obj, old, subresource=subresource)


def _faults(kind: str, spec: Any, old: JsonObject | None = None, **more: Any) -> list[str]:
    try:
        _prepare(kind, spec, old, **more)
    except Invalid as error:
        return [f"{cause['field']}: {cause['message']}" for cause in (error.details or {})["causes"]]
    return []


def _pod(**more: Any) -> JsonObject:
    return {"containers": [{"name": "c", "image": "i"}], **more}


def _workload(**more: Any) -> JsonObject:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": _pod()}
    return {"selector": {"matchLabels": {"app": "a"}}, "template": template, **more}


def _job(**more: Any) -> JsonObject:
    return {"template": {"spec": _pod(restartPolicy="Never")}, **more}


# ------------------------------------------------------------------ pods


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({}, "spec.containers: Required value"),
        ({"containers": []}, "spec.containers: Required value"),
        ({"containers": [{"image": "i"}]}, "spec.containers[0].name: Required value"),
        ({"containers": [{"name": "c"}]}, "spec.containers[0].image: Required value"),
        ({"containers": [{"name": "C", "image": "i"}]}, 'spec.containers[0].name: Invalid value: "C"'),
        ({"containers": [{"name": "c", "image": "i"}, {"name": "c", "image": "i"}]},
         'spec.containers[1].name: Duplicate value: "c"'),
        (_pod(restartPolicy="Sometimes"), 'spec.restartPolicy: Unsupported value: "Sometimes"'),
    ],
)  # fmt: skip
def test_a_faulty_pod_is_refused(spec: JsonObject, fault: str) -> None:
    assert any(text.startswith(fault) for text in _faults("Pod", spec)), _faults("Pod", spec)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"containers": [{"name": "c", "image": "other"}]}, True),
        ({"activeDeadlineSeconds": 5}, True),
        ({"nodeName": "n"}, False),
        ({"containers": [{"name": "c", "image": "i", "env": [{"name": "x"}]}]}, False),
        ({"restartPolicy": "Never"}, False),
        ({"tolerations": []}, True),
    ],
)
def test_little_of_a_pod_spec_may_change(change: JsonObject, allowed: bool) -> None:
    old = _prepare("Pod", _pod())
    faults = _faults("Pod", {**old["spec"], **change}, old)
    if "containers" in change:
        faults = _faults(
            "Pod", {**old["spec"], "containers": [{**old["spec"]["containers"][0], **change["containers"][0]}]}, old
        )
    assert (faults == []) is allowed
    if not allowed:
        assert faults[0].startswith(
            "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`"
        )


def test_tolerations_are_added_and_never_taken_away() -> None:
    old = _prepare("Pod", _pod(tolerations=[{"key": "a", "operator": "Exists"}]))
    assert _faults("Pod", {**old["spec"], "tolerations": [*old["spec"]["tolerations"], {"key": "b"}]}, old) == []
    assert _faults("Pod", {**old["spec"], "tolerations": old["spec"]["tolerations"][1:]}, old) != []


def test_a_resize_may_change_the_spec() -> None:
    old = _prepare("Pod", _pod())
    container = {**old["spec"]["containers"][0], "resources": {"requests": {"cpu": "1"}}}
    assert _faults("Pod", {**old["spec"], "containers": [container]}, old, subresource="resize") == []


# ------------------------------------------------------------------ apps


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"])
def test_the_selector_must_match_the_template(kind: str) -> None:
    assert _faults(kind, _workload()) == []
    assert (
        'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`'
        in _faults(kind, _workload(selector={"matchLabels": {"app": "b"}}))
    )


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"])
def test_a_selector_is_required_and_not_empty(kind: str) -> None:
    assert _faults(kind, _workload(selector=None)) == ["spec.selector: Required value"]
    assert f"empty selector is invalid for {kind.lower()}" in _faults(kind, _workload(selector={}))[0]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "DaemonSet"])
def test_the_selector_is_immutable(kind: str) -> None:
    old = _prepare(kind, _workload())
    new = copy_json(old["spec"])
    new["selector"]["matchLabels"]["tier"] = new["template"]["metadata"]["labels"]["tier"] = "x"
    assert _faults(kind, new, old) == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"a","tier":"x"}}: field is immutable'
    ]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet"])
def test_replicas_are_not_negative_and_integers(kind: str) -> None:
    assert _faults(kind, _workload(replicas=-1)) == [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    ]
    with pytest.raises(BadRequest, match=f"cannot unmarshal string into Go struct field {kind}Spec.spec.replicas"):
        _prepare(kind, _workload(replicas="3"))


def test_pods_of_a_workload_always_restart() -> None:
    spec = _workload()
    spec["template"]["spec"]["restartPolicy"] = "Never"
    assert _faults("Deployment", spec) == [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'
    ]


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"strategy": {"type": "Recreate", "rollingUpdate": {}}}, "spec.strategy.rollingUpdate: Forbidden"),
        ({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}, "may not be 0 when `maxSurge` is 0"),
        ({"strategy": {"type": "Slowly"}}, 'spec.strategy.type: Unsupported value: "Slowly"'),
        (
            {"minReadySeconds": 600},
            "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
        ),
    ],
)
def test_a_faulty_rollout_is_refused(more: JsonObject, fault: str) -> None:
    assert any(fault in text for text in _faults("Deployment", _workload(**more)))


def test_a_stateful_set_may_change_few_fields() -> None:
    old = _prepare("StatefulSet", _workload())
    assert _faults("StatefulSet", {**old["spec"], "replicas": 3, "minReadySeconds": 1}, old) == []
    assert _faults("StatefulSet", {**old["spec"], "serviceName": "x"}, old)[0].startswith(
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template'"
    )


# ------------------------------------------------------------------ jobs


def test_a_job_restarts_never_or_on_failure() -> None:
    assert _faults("Job", _job()) == []
    assert _faults("Job", {"template": {"spec": _pod()}}) == [
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    ]


def test_the_template_and_completions_of_a_job_are_immutable() -> None:
    old = _prepare("Job", _job())
    changed = copy_json(old["spec"])
    changed["template"]["spec"]["containers"][0]["image"] = "other"
    assert _faults("Job", changed, old)[0].startswith("spec.template: Invalid value")
    assert _faults("Job", {**old["spec"], "completions": 2}, old) == [
        "spec.completions: Invalid value: 2: field is immutable"
    ]
    assert _faults("Job", {**old["spec"], "parallelism": 2, "suspend": True}, old) == []


def test_an_indexed_job_is_elastic() -> None:
    old = _prepare("Job", _job(completionMode="Indexed", completions=2, parallelism=2))
    assert _faults("Job", {**old["spec"], "completions": 3, "parallelism": 3}, old) == []
    assert "in tandem" in _faults("Job", {**old["spec"], "completions": 3}, old)[0]


def test_a_suspended_job_that_never_started_may_be_steered_elsewhere() -> None:
    old = _prepare("Job", _job(suspend=True))
    changed = copy_json(old["spec"])
    changed["template"]["spec"]["nodeSelector"] = {"a": "b"}
    assert _faults("Job", changed, old) == []
    started = {**old, "status": {"startTime": "2026-01-01T00:00:00Z"}}
    assert _faults("Job", changed, started) != []


def test_a_cron_job_has_a_schedule_and_a_valid_job() -> None:
    assert _faults("CronJob", {"schedule": "* * * * *", "jobTemplate": {"spec": _job()}}) == []
    assert _faults("CronJob", {"jobTemplate": {"spec": _job()}}) == ["spec.schedule: Required value"]
    faults = _faults("CronJob", {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": _pod()}}}})
    assert faults[0].startswith("spec.jobTemplate.spec.template.spec.restartPolicy: Required value")


def test_an_error_names_the_kind_with_its_group() -> None:
    with pytest.raises(ApiError, match=r'^Deployment\.apps "a" is invalid: spec\.selector: Required value$'):
        _prepare("Deployment", _workload(selector=None))
