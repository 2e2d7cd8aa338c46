"""kubectl, as released, against a served cluster: one behaviour a test."""

import subprocess
from collections.abc import Callable
from typing import Final

import pytest

from tests.wire.binaries import WHEELS, binary
from tests.wire.served import Served

VERSIONS: Final = tuple(WHEELS)
SITE: Final = "apiVersion: example.com/v1\nkind: Website\nmetadata: {{name: {name}}}\nspec: {{size: {size}}}\n"
DEPLOYMENT: Final = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1"}]}
"""


class Kubectl:
    """Calls kubectl in a namespace of the test's own."""

    def __init__(self, served: Served, version: str, namespace: str) -> None:
        self.served = served
        self.path = str(binary("kubectl", version))
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        return self.served.run(self.path, "--namespace", self.namespace, *arguments, stdin=stdin)

    def fails(self, *arguments: str, stdin: str = "") -> tuple[int, str]:
        done = subprocess.run(
            [self.path, "--namespace", self.namespace, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.served.environment,
            check=False,
        )
        assert done.returncode != 0, done.stdout
        return done.returncode, done.stdout + done.stderr


def apply(kubectl: Kubectl) -> None:
    site = SITE.format(name="front", size=2)
    assert "created" in kubectl("apply", "-f", "-", stdin=site)
    assert "unchanged" in kubectl("apply", "-f", "-", stdin=site)
    assert "configured" in kubectl("apply", "-f", "-", stdin=SITE.format(name="front", size=3))
    assert kubectl("get", "ws", "front", "-o", "jsonpath={.spec.size}") == "3"


def server_side_apply(kubectl: Kubectl) -> None:
    apply_ = ("apply", "--server-side", "-f", "-")
    assert "serverside-applied" in kubectl(*apply_, stdin=DEPLOYMENT)
    other = DEPLOYMENT.replace("replicas: 2", "replicas: 5")
    _, refused = kubectl.fails(*apply_, "--field-manager=other", stdin=other)
    assert 'conflict with "kubectl"' in refused
    kubectl(*apply_, "--field-manager=other", "--force-conflicts", stdin=other)
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "5"
    managers = kubectl("get", "deploy", "web", "--show-managed-fields", "-o", "jsonpath={..managedFields[*].manager}")
    assert {"kubectl", "other"} <= set(managers.split())


def get(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SITE.format(name="front", size=2))
    head, row = kubectl("get", "websites").splitlines()
    assert head.split() == ["NAME", "SIZE"]
    assert row.split() == ["front", "2"]
    kubectl("create", "configmap", "a", "--from-literal=x=1")
    assert [line.split()[:2] for line in kubectl("get", "cm").splitlines()] == [["NAME", "DATA"], ["a", "1"]]
    assert "kind: ConfigMap" in kubectl("get", "cm", "a", "-o", "yaml")
    assert "node-0" in kubectl("get", "nodes", "-o", "wide")


def diff(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SITE.format(name="front", size=2))
    code, shown = kubectl.fails("diff", "-f", "-", stdin=SITE.format(name="front", size=5))
    assert code == 1, shown
    assert "+  size: 5" in shown
    assert kubectl("get", "ws", "front", "-o", "jsonpath={.spec.size}") == "2"


def patch(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    kubectl("patch", "deploy", "web", "-p", '{"spec":{"template":{"spec":{"containers":[{"name":"b","image":"b"}]}}}}')
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={..containers[*].name}") == "b web"
    kubectl("patch", "deploy", "web", "--type=merge", "-p", '{"metadata":{"labels":{"a":"b"}}}')
    kubectl("patch", "deploy", "web", "--type=json", "-p", '[{"op":"replace","path":"/spec/replicas","value":0}]')
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas} {.metadata.labels.a}") == "0 b"
    kubectl("patch", "deploy", "web", "--subresource=status", "--type=merge", "-p", '{"status":{"collisionCount":7}}')
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.status.collisionCount}") == "7"


def rollout(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web", "--timeout=90s")
    kubectl("set", "image", "deploy/web", "web=nginx:2")
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web", "--timeout=90s")
    kubectl("rollout", "undo", "deploy/web")
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={..containers[0].image}") == "nginx:1"


def scale_and_wait(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    kubectl("scale", "deploy/web", "--replicas=3")
    kubectl("wait", "deploy/web", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=90s")
    kubectl("scale", "deploy/web", "--replicas=0")
    kubectl("wait", "pod", "-l", "app=web", "--for=delete", "--timeout=90s")
    kubectl("apply", "-f", "-", stdin=SITE.format(name="front", size=2))
    kubectl("scale", "ws/front", "--replicas=4")
    assert kubectl("get", "ws", "front", "-o", "jsonpath={.spec.size}") == "4"


def delete(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "a")
    kubectl("delete", "cm", "a", "--timeout=60s")
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    kubectl("delete", "deploy", "web", "--cascade=foreground", "--timeout=90s")
    assert kubectl("get", "rs,pods", "-o", "name") == ""
    kubectl("create", "configmap", "b")
    kubectl("delete", "cm", "--all")
    assert kubectl("get", "cm", "-o", "name") == ""


def describe(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    assert "StrategyType:           RollingUpdate" in kubectl("describe", "deploy", "web")
    assert "Taints:" in kubectl("describe", "node", "node-0")


def explain(kubectl: Kubectl) -> None:
    assert "How many." in kubectl("explain", "websites.spec.size")
    assert "containers" in kubectl("explain", "deployment.spec.template.spec")


def auth(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods").strip() == "yes"
    assert "kubernetes-admin" in kubectl("auth", "whoami")


def protobuf(kubectl: Kubectl) -> None:
    """These send protobuf: an explicit zero must arrive, and the zeros that Go writes must not."""
    kubectl("create", "deployment", "none", "--image=nginx", "--replicas=0")
    spec = kubectl("get", "deploy", "none", "-o", "jsonpath={.spec.replicas} {.spec.minReadySeconds}")
    assert spec == "0 "
    kubectl("create", "secret", "generic", "s", "--from-literal=key=value")
    assert kubectl("get", "secret", "s", "-o", "jsonpath={.data.key} {.type}") == "dmFsdWU= Opaque"
    kubectl("create", "job", "j", "--image=busybox", "--", "true")
    assert kubectl("get", "job", "j", "-o", "jsonpath={..containers[0].command[0]} {.spec.backoffLimit}") == "true 6"
    kubectl("create", "service", "clusterip", "svc", "--tcp=80:8080")
    assert kubectl("get", "svc", "svc", "-o", "jsonpath={.spec.ports[0].targetPort}") == "8080"


def dry_run(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "a", "--dry-run=server")
    kubectl.fails("get", "cm", "a")


def logs(kubectl: Kubectl) -> None:
    kubectl("run", "p", "--image=nginx", "--annotations=seatrial.dev/log=hello")
    kubectl("wait", "pod/p", "--for=condition=Ready", "--timeout=90s")
    assert kubectl("logs", "p") == "hello"


STEPS: Final[dict[str, Callable[[Kubectl], None]]] = {
    "apply": apply,
    "apply --server-side, conflicts": server_side_apply,
    "get as a Table": get,
    "diff (server-side dry run)": diff,
    "patch: strategic, merge, json, status": patch,
    "rollout status, undo": rollout,
    "scale, wait": scale_and_wait,
    "delete: foreground, collection": delete,
    "describe": describe,
    "explain (OpenAPI v3)": explain,
    "auth can-i, whoami": auth,
    "protobuf bodies": protobuf,
    "dry run": dry_run,
    "a pod runs, and has a log": logs,
}


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("behaviour", STEPS)
def test_kubectl_shows(served: Served, version: str, behaviour: str) -> None:
    namespace = f"{STEPS[behaviour].__name__.replace('_', '-')}-{version.replace('.', '-')}"
    kubectl = Kubectl(served, version, namespace)
    kubectl("create", "namespace", namespace)
    STEPS[behaviour](kubectl)
