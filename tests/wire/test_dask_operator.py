"""Dask's operator as released (dask-kubernetes: kopf, and kr8s for its calls), unmodified, with its own CRDs."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.wire.behaviours import CUSTOM, OWNED
from tests.wire.binaries import missing
from tests.wire.served import Served, wait_until

BEHAVIOURS: Final = (CUSTOM, OWNED)
GROUP: Final = "/apis/kubernetes.dask.org/v1/namespaces/default"
CHART: Final = "operator/deployment/helm/dask-kubernetes-operator"
DEFINITIONS: Final = ("daskcluster", "daskworkergroup", "daskjob", "daskautoscaler")
OWNED_PATHS: Final = (f"{GROUP}/daskworkergroups", "/apis/apps/v1/namespaces/default/deployments")
LABEL: Final = "?labelSelector=dask.org%2Fcluster-name%3Dsum"


def cluster(workers: int) -> dict[str, Any]:
    container = {"image": "dask", "resources": {"requests": {"cpu": "100m"}}}
    ports = [{"name": "tcp-comm", "protocol": "TCP", "port": 8786}]
    service = {"type": "ClusterIP", "selector": {"dask.org/cluster-name": "sum"}, "ports": ports}
    scheduler = {"spec": {"containers": [{"name": "scheduler", **container}]}, "service": service}
    worker = {"replicas": workers, "spec": {"containers": [{"name": "worker", **container}]}}
    return {
        "apiVersion": "kubernetes.dask.org/v1",
        "kind": "DaskCluster",
        "metadata": {"name": "sum"},
        "spec": {"scheduler": scheduler, "worker": worker},
    }


@pytest.mark.slow
def test_dasks_operator_makes_grows_and_removes_a_cluster(served: Served) -> None:
    found = importlib.util.find_spec("dask_kubernetes")
    if found is None or found.origin is None:
        missing("dask-kubernetes", "install seatrial[wire]")
    for name in DEFINITIONS:
        text = (Path(found.origin).parent / CHART / "crds" / f"{name}.yaml").read_text()
        served.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", yaml.safe_load(text))

    def running_pods() -> int:
        pods = served.ask("GET", f"/api/v1/namespaces/default/pods{LABEL}")["items"]
        return sum(pod["status"].get("phase") == "Running" for pod in pods)

    command = [sys.executable, "-m", "kopf", "run", "--standalone", "-A", "-m", "dask_kubernetes.operator.controller"]
    log = (served.folder / "dask.log").open("w+")
    with log, subprocess.Popen(command, env=served.environment, stdout=log, stderr=log) as operator:
        try:
            served.ask("POST", f"{GROUP}/daskclusters", cluster(workers=2))
            wait_until(lambda: running_pods() == 3, "a scheduler and two workers run")
            wait_until(
                lambda: served.ask("GET", f"{GROUP}/daskclusters/sum")["status"]["phase"] == "Running",
                "the cluster is said to be running",
            )
            scale = f"{GROUP}/daskworkergroups/sum-default"
            group = served.ask("GET", scale)
            group["spec"]["worker"]["replicas"] = 3
            served.ask("PUT", scale, group)
            wait_until(lambda: running_pods() == 4, "a third worker runs")
            served.ask("DELETE", f"{GROUP}/daskclusters/sum")
            wait_until(
                lambda: (
                    served.gone(f"{GROUP}/daskclusters/sum")
                    and not any(served.ask("GET", path + LABEL)["items"] for path in OWNED_PATHS)
                    and running_pods() == 0
                ),
                "the cluster and all that it owns are gone",
            )
        except AssertionError as error:
            log.seek(0)
            raise AssertionError(f"{error}\n{log.read()}") from None
        finally:
            operator.terminate()
            operator.wait(timeout=60)
