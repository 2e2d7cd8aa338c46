"""Makes the recordings in `recordings/` anew: kubectl and kopf, as released, at `seatrial serve --api-only`.

    python -m tests.conformance.clients

They are ours, so they show that a comparison sees through what real clients do, and they guard what our server answers
to these; a recording of a real kube-apiserver says more, and is made with `python -m tests.conformance record`.

Documents about the API itself (discovery, OpenAPI) are cut down to their digest, for their size; a comparison then
looks at their status only.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from reference_impl.apiserver.http.recording import body_of
from tests.wire.binaries import binary
from tests.wire.served import Served, wait_until

FOLDER: Final = Path(__file__).with_name("recordings")
OPERATOR: Final = Path(__file__).parents[1] / "wire" / "programs" / "kopf_operator.py"
_SITES: Final = "/apis/example.com/v1/namespaces/default/websites"
_MAP: Final = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {app: x}}\ndata: {k: '%s'}\n"
_DEPLOYMENT: Final = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %s
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1"}]}
"""


def kubectl(served: Served) -> None:
    """What people type."""
    program = str(binary("kubectl", "1.34"))

    def run(*arguments: str, stdin: str = "") -> str:
        return served.run(program, *arguments, stdin=stdin)

    for value in ("1", "1", "2"):
        run("apply", "-f", "-", stdin=_MAP % value)
    run("get", "configmaps", "-l", "app=x")
    run("get", "configmap", "a", "-o", "yaml")
    run("label", "configmap", "a", "tier=back")
    run("annotate", "configmap", "a", "why=because")
    run("patch", "configmap", "a", "--type=json", "-p", '[{"op": "remove", "path": "/data/k"}]')
    run("apply", "--server-side", "-f", "-", stdin=_DEPLOYMENT % 1)
    run("scale", "deployment/web", "--replicas=2")
    run("set", "image", "deployment/web", "web=nginx:2")
    run("create", "secret", "generic", "s", "--from-literal=key=value")
    run("create", "namespace", "other")
    run("get", "namespaces")
    run("delete", "configmap", "a")
    run("delete", "deployment", "web")
    run("get", "all", "-A")


def kopf(served: Served) -> None:
    """An operator handles the creation, a change and the deletion of one object."""
    command = [sys.executable, "-m", "kopf", "run", "--standalone", "-n", "default", str(OPERATOR)]
    site = {"apiVersion": "example.com/v1", "kind": "Website", "metadata": {"name": "front"}, "spec": {}}
    served.apply_definition()
    log = (served.folder / "kopf.log").open("w")
    with log, subprocess.Popen(command, env=served.environment, stdout=log, stderr=log) as operator:
        try:
            served.ask("POST", _SITES, site)
            wait_until(lambda: served.ask("GET", f"{_SITES}/front").get("status") == {"size": 1}, "status is written")
            served.ask("DELETE", f"{_SITES}/front")
            wait_until(lambda: served.gone(f"{_SITES}/front"), "the site is gone")
        finally:
            operator.terminate()
            operator.wait(timeout=60)


LIVES: Final[dict[str, Callable[[Served], None]]] = {"kubectl": kubectl, "kopf": kopf}


def make(name: str, folder: Path) -> Path:
    """Record one client's life."""
    path = folder / f"{name}.jsonl"
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "whole.jsonl"
        with Served(Path(scratch), "--api-only", "--record", str(file)) as served:
            LIVES[name](served)
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    _cut(lines)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), encoding="utf-8")
    partial.replace(path)
    return path


def _cut(lines: list[dict[str, Any]]) -> None:
    paths: dict[int, str] = {}
    for line in lines:
        if "request" in line:
            paths[line["n"]] = line["request"]["path"]
        elif "answer" in line and _is_about_the_api(paths[line["n"]]) and "json" in line["answer"].get("body", {}):
            line["answer"]["body"] = body_of(json.dumps(line["answer"]["body"]["json"]).encode(), at_most=0)


def _is_about_the_api(path: str) -> bool:
    parts = path.strip("/").split("/")
    return parts[0] == "openapi" or len(parts) <= (2 if parts[0] == "api" else 3)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in sys.argv[1:] or LIVES:
        print(make(each, FOLDER))
