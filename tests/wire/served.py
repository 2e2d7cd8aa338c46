"""`seatrial serve` in a process of its own, and programs that are pointed at it by KUBECONFIG alone."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError

import yaml

DEFINITION: Final = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "websites.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "websites", "singular": "website", "kind": "Website", "shortNames": ["ws"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"},
                },
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {"size": {"type": "integer", "default": 1, "description": "How many."}},
                            },
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}


class Served:
    """Use as a context manager. `environment` is what a program gets."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.kubeconfig = folder / "kubeconfig"
        self._log = (folder / "serve.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "seatrial", "serve", "--kubeconfig-out", str(self.kubeconfig), *options],
            stderr=subprocess.PIPE,
            stdout=self._log,
            text=True,
        )

    def __enter__(self) -> "Served":
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert "serving the Kubernetes API at" in line, line + self.process.stderr.read()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        _, errors = self.process.communicate(timeout=30)
        self._log.close()
        assert "Traceback" not in errors, errors

    @property
    def url(self) -> str:
        return str(yaml.safe_load(self.kubeconfig.read_text())["clusters"][0]["cluster"]["server"])

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key != "KUBERNETES_SERVICE_HOST"}
        return {**kept, "KUBECONFIG": str(self.kubeconfig), "HOME": str(self.folder), "NO_PROXY": "*"}

    def open(self, method: str, path: str, body: Any = None) -> Any:
        """The reply, with its headers; to be closed. Raises HTTPError."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        return urllib.request.urlopen(request, timeout=60)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        with self.open(method, path, body) as reply:
            return json.load(reply)

    def gone(self, path: str) -> bool:
        try:
            self.ask("GET", path)
        except HTTPError as error:
            error.close()
            return error.code == 404
        return False

    def apply_definition(self) -> None:
        self.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION)

    def run(self, *command: str, stdin: str = "", timeout_wall_s: float = 240) -> str:
        """Run a program to its end; answers what it printed. Fails with all that it said if it did."""
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
            timeout=timeout_wall_s,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """A program's clock is its own: all that can be done is to look again."""
    deadline_wall_s = time.monotonic() + 120
    while time.monotonic() < deadline_wall_s:
        try:
            if holds():
                return
        except HTTPError as error:
            error.close()
        time.sleep(0.1)
    raise AssertionError(f"it never came true that {what}")
