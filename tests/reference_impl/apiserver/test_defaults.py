"""Defaults of built-in kinds."""

from typing import Any

from reference_impl.apiserver.defaults import default
from reference_impl.builtin_kinds import BUILTIN_KINDS
from reference_impl.objects import copy_json

_KINDS = {(info.group, info.kind): info for info in reversed(BUILTIN_KINDS)}


def _defaulted(group: str, kind: str, old: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    obj = {"metadata": {"name": "a", "namespace": "default", "uid": "u-1"}, **fields}
    before = copy_json(obj)
    result = default(_KINDS[group, kind], obj, old)
    assert obj == before, "defaulting changed its input"
    assert default(_KINDS[group, kind], result, old) == result, "defaulting twice is not defaulting once"
    return result


def _template() -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


def test_a_pod_gets_policies_and_its_containers_too() -> None:
    spec = _defaulted("", "Pod", spec={"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 1}]}]})[
        "spec"
    ]
    assert (spec["restartPolicy"], spec["dnsPolicy"], spec["schedulerName"]) == (
        "Always",
        "ClusterFirst",
        "default-scheduler",
    )
    assert spec["terminationGracePeriodSeconds"] == 30
    container = spec["containers"][0]
    assert container["terminationMessagePath"] == "/dev/termination-log"
    assert container["imagePullPolicy"] == "Always"
    assert container["ports"] == [{"containerPort": 1, "protocol": "TCP"}]


def test_the_pull_policy_follows_the_tag() -> None:
    images = ["r:5000/a", "r:5000/a:1", "a:latest", "a@sha256:00"]
    pod = _defaulted(
        "", "Pod", spec={"containers": [{"name": f"c{i}", "image": image} for i, image in enumerate(images)]}
    )
    policies = [container["imagePullPolicy"] for container in pod["spec"]["containers"]]
    assert policies == ["Always", "IfNotPresent", "Always", "IfNotPresent"]


def test_requests_default_to_limits_in_pods() -> None:
    container = {
        "name": "c",
        "image": "i",
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m"}},
    }
    resources = _defaulted("", "Pod", spec={"containers": [container]})["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"cpu": "100m", "memory": "1Gi"}


def test_admission_adds_the_service_account_and_five_minutes_on_a_lost_node() -> None:
    spec = _defaulted("", "Pod", spec={"containers": []})["spec"]
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "default"
    assert [(t["key"], t["tolerationSeconds"]) for t in spec["tolerations"]] == [
        ("node.kubernetes.io/not-ready", 300),
        ("node.kubernetes.io/unreachable", 300),
    ]


def test_a_toleration_of_everything_is_left_alone() -> None:
    tolerations = [{"operator": "Exists"}]
    assert (
        _defaulted("", "Pod", spec={"containers": [], "tolerations": tolerations})["spec"]["tolerations"] == tolerations
    )


def test_a_deployment_rolls_a_quarter_at_a_time() -> None:
    spec = _defaulted("apps", "Deployment", spec={"template": _template()})["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)
    assert spec["template"]["spec"]["restartPolicy"] == "Always"
    assert "tolerations" not in spec["template"]["spec"]


def test_an_explicit_value_and_zero_are_kept_and_null_is_not() -> None:
    spec = {"replicas": 0, "revisionHistoryLimit": None, "strategy": {"type": "Recreate"}, "template": _template()}
    done = _defaulted("apps", "Deployment", spec=spec)["spec"]
    assert (done["replicas"], done["revisionHistoryLimit"], done["strategy"]) == (0, 10, {"type": "Recreate"})


def test_a_stateful_set_is_ordered_and_keeps_its_claims() -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    spec = _defaulted("apps", "StatefulSet", spec={"template": _template(), "volumeClaimTemplates": [claim]})["spec"]
    assert spec["podManagementPolicy"] == "OrderedReady"
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["volumeClaimTemplates"][0]["spec"]["volumeMode"] == "Filesystem"


def test_a_job_gets_its_selector_and_labels_from_its_uid() -> None:
    spec = _defaulted("batch", "Job", spec={"template": _template()})["spec"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)
    assert (spec["completionMode"], spec["suspend"]) == ("NonIndexed", False)
    assert spec["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}}
    labels = spec["template"]["metadata"]["labels"]
    assert labels["batch.kubernetes.io/job-name"] == labels["job-name"] == "a"
    assert labels["app"] == "a"


def test_a_job_with_a_work_queue_has_no_completions() -> None:
    spec = _defaulted("batch", "Job", spec={"parallelism": 3, "template": _template()})["spec"]
    assert "completions" not in spec


def test_a_manual_selector_is_left_to_the_user() -> None:
    spec = _defaulted("batch", "Job", spec={"manualSelector": True, "template": _template()})["spec"]
    assert "selector" not in spec


def test_a_service_gets_a_cluster_ip_that_stays() -> None:
    service = _defaulted("", "Service", spec={"ports": [{"port": 80}]})
    spec = service["spec"]
    assert (spec["type"], spec["sessionAffinity"]) == ("ClusterIP", "None")
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert spec["clusterIP"].startswith("10.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    again = _defaulted("", "Service", old=service, spec={"ports": [{"port": 81}]})
    assert again["spec"]["clusterIP"] == spec["clusterIP"]


def test_headless_and_external_services_get_no_address() -> None:
    assert _defaulted("", "Service", spec={"clusterIP": "None"})["spec"]["clusterIP"] == "None"
    assert "clusterIP" not in _defaulted("", "Service", spec={"type": "ExternalName", "externalName": "e.com"})["spec"]


def test_a_load_balancer_gets_node_ports() -> None:
    spec = _defaulted("", "Service", spec={"type": "LoadBalancer", "ports": [{"port": 80}]})["spec"]
    assert 30_000 <= spec["ports"][0]["nodePort"] <= 32_767


def test_string_data_of_a_secret_is_encoded_into_data() -> None:
    secret = _defaulted("", "Secret", stringData={"a": "hi"}, data={"b": "aGk="})
    assert secret["data"] == {"a": "aGk=", "b": "aGk="}
    assert "stringData" not in secret
    assert secret["type"] == "Opaque"


def test_a_namespace_is_labelled_with_its_name() -> None:
    assert _defaulted("", "Namespace")["metadata"]["labels"] == {"kubernetes.io/metadata.name": "a"}


def test_a_complete_object_is_returned_as_it_is() -> None:
    info = _KINDS["apps", "Deployment"]
    done = default(info, {"metadata": {"name": "a"}, "spec": {"template": _template()}}, None)
    assert default(info, done, done) == done
    lease = {"metadata": {"name": "a"}, "spec": {}}
    assert default(_KINDS["coordination.k8s.io", "Lease"], lease, None) is lease
