"""Tests of what counts as a pod's demand, and of quantities."""

from decimal import Decimal

import pytest

from properties.pod import claims_of, is_active, quantity, requests_of
from tests.properties.fake_view import make


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", "2"),
        (2, "2"),
        ("500m", "0.5"),
        ("1Ki", "1024"),
        ("1k", "1000"),
        ("1.5Gi", "1610612736"),
        ("1e3", "1000"),
        ("nonsense", "0"),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(text: object, value: str) -> None:
    assert quantity(text) == Decimal(value)


def test_a_pod_asks_for_its_containers_or_its_largest_init_container() -> None:
    def container(cpu: str, **more: str) -> dict[str, object]:
        return {"resources": {"requests": {"cpu": cpu}}, **more}

    pod = make("Pod", "a", spec={"containers": [container("1"), container("500m")], "overhead": {"cpu": "100m"}})
    assert requests_of(pod) == {"cpu": Decimal("1.6"), "pods": 1}
    pod["spec"]["initContainers"] = [container("1", restartPolicy="Always"), container("2")]
    assert requests_of(pod)["cpu"] == Decimal("3.1")


def test_a_limit_without_a_request_is_a_request() -> None:
    pod = make("Pod", "a", spec={"containers": [{"resources": {"limits": {"memory": "1Gi"}}}]})
    assert requests_of(pod)["memory"] == 2**30


def test_finished_and_leaving_pods_are_not_active() -> None:
    assert is_active(make("Pod", "a"))
    assert not is_active(make("Pod", "a", status={"phase": "Failed"}))
    assert not is_active(make("Pod", "a", deletionTimestamp="2024-01-01T00:00:00Z"))


def test_claims_are_found_among_other_volumes() -> None:
    volumes = [{"emptyDir": {}}, {"persistentVolumeClaim": {"claimName": "data"}}]
    assert claims_of(make("Pod", "a", spec={"volumes": volumes})) == ["data"]
