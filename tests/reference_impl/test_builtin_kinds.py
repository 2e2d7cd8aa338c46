"""The table of built-in kinds: complete, without contradictions, and honest about controllers."""

from reference_impl.builtin_kinds import BUILTIN_KINDS, CONTROLLER_OF, OFF_BY_DEFAULT

_BY_KIND = {(info.api_version, info.kind): info for info in BUILTIN_KINDS}


def test_no_kind_is_listed_twice() -> None:
    assert len(_BY_KIND) == len(BUILTIN_KINDS)
    assert not {(info.api_version, info.kind) for info in OFF_BY_DEFAULT} & _BY_KIND.keys()


def test_the_table_has_every_api_group_of_a_default_cluster() -> None:
    assert {info.group for info in BUILTIN_KINDS} == {
        "", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps",
        "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io",
        "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io", "node.k8s.io", "policy", "rbac.authorization.k8s.io", "resource.k8s.io",
        "scheduling.k8s.io", "storage.k8s.io",
    }  # fmt: skip


def test_scope_names_and_subresources_are_read_from_the_table() -> None:
    deployment, node = _BY_KIND["apps/v1", "Deployment"], _BY_KIND["v1", "Node"]
    assert (deployment.resource, deployment.namespaced, deployment.short_names) == (
        "deployments.apps",
        True,
        ("deploy",),
    )
    assert deployment.subresources == {"status", "scale"}
    assert (node.resource, node.namespaced) == ("nodes", False)
    assert {"binding", "eviction", "status"} <= _BY_KIND["v1", "Pod"].subresources


def test_the_preferred_version_comes_first() -> None:
    versions = [info.version for info in BUILTIN_KINDS if info.kind == "HorizontalPodAutoscaler"]
    assert versions == ["v2", "v1"]


def test_every_kind_with_a_controller_is_served() -> None:
    served = {(info.group, info.kind) for info in BUILTIN_KINDS}
    assert CONTROLLER_OF.keys() <= served
    assert CONTROLLER_OF["", "Pod"] == ("scheduler", "kubelet")
