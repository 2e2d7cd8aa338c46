"""Quantities are exact, and a pod asks for what Kubernetes says it asks for."""

import pytest

from reference_impl.scheduler.quantities import pod_requests, thousandths


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250m", 250),
        ("2", 2000),
        ("1.5", 1500),
        ("1Ki", 1024 * 1000),
        ("1.5Gi", 3 * 2**29 * 1000),
        ("1k", 10**6),
        ("2e3", 2 * 10**6),
        ("0.0001", 1),
        ("100n", 1),
    ],
)
def test_a_quantity_is_its_thousandths_rounded_up(text: str, value: int) -> None:
    assert thousandths(text) == value


@pytest.mark.parametrize("text", ["", "abc", "1 Gi", "1GiB", "--1"])
def test_what_is_no_quantity_says_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match="250m"):
        thousandths(text)


def container(cpu: str, **more: str) -> dict[str, object]:
    return {"name": "main", "resources": {"requests": {"cpu": cpu}}, **more}


def test_containers_add_up_and_init_containers_do_not() -> None:
    pod = {"spec": {"containers": [container("1"), container("2")], "initContainers": [container("2"), container("4")]}}
    assert pod_requests(pod) == {"cpu": 4000, "pods": 1000}


def test_a_sidecar_counts_with_the_containers() -> None:
    pod = {"spec": {"containers": [container("1")], "initContainers": [container("2", restartPolicy="Always")]}}
    assert pod_requests(pod)["cpu"] == 3000


def test_a_limit_without_request_is_the_request() -> None:
    pod = {"spec": {"containers": [{"name": "main", "resources": {"limits": {"memory": "1Ki"}}}]}}
    assert pod_requests(pod)["memory"] == 1024000


def test_overhead_is_added() -> None:
    pod = {"spec": {"containers": [container("1")], "overhead": {"cpu": "500m"}}}
    assert pod_requests(pod)["cpu"] == 1500
