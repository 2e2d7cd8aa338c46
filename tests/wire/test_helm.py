"""Helm 4, as released, installs and removes a chart of a served cluster."""

from pathlib import Path
from typing import Final

import pytest

from tests.wire.binaries import binary
from tests.wire.served import Served

MODES: Final = {"client-side": "false", "server-side": "true"}
BEHAVIOURS: Final = tuple(f"install, upgrade, rollback, uninstall ({mode})" for mode in MODES)
CHART: Final = "apiVersion: v2\nname: site\nversion: 0.1.0\n"
VALUES: Final = "replicas: 1\n"
TEMPLATES: Final = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: web, image: nginx}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
"""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text(CHART)
    (tmp_path / "values.yaml").write_text(VALUES)
    (tmp_path / "templates" / "all.yaml").write_text(TEMPLATES)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_a_release_lives_its_life(served: Served, chart: Path, mode: str) -> None:
    helm = str(binary("helm", "1.37"))
    waiting = (f"--server-side={MODES[mode]}", "--wait", "--timeout", "90s")
    deployment = "/apis/apps/v1/namespaces/default/deployments/released"
    served.run(helm, "install", "released", str(chart), *waiting)
    assert served.ask("GET", deployment)["status"]["readyReplicas"] == 1
    served.run(helm, "upgrade", "released", str(chart), "--set", "replicas=2", *waiting)
    assert served.ask("GET", deployment)["status"]["readyReplicas"] == 2
    served.run(helm, "rollback", "released", "1", *waiting)
    assert served.ask("GET", deployment)["spec"]["replicas"] == 1
    assert "Rollback to 1" in served.run(helm, "history", "released")
    served.run(helm, "uninstall", "released", "--wait", "--timeout", "90s")
    names = [each["metadata"]["name"] for each in served.ask("GET", "/apis/apps/v1/deployments")["items"]]
    assert "released" not in names
