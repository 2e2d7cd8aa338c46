"""A user's project outside the repository: a controller written from the public interface alone, and its manifests."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CONTROLLER = '''
from seatrial import Client, Controller, NotFound, Request, Result, Watch


class WebsiteReconciler:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            site = await self.client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return None
        if site["metadata"].get("deletionTimestamp"):
            return None
        owner = {"apiVersion": "example.com/v1", "kind": "Website", "name": request.name, "controller": True}
        owner["uid"] = site["metadata"]["uid"]
        wanted = {"size": str(site["spec"]["size"])}
        metadata = {"name": request.name, "namespace": request.namespace, "ownerReferences": [owner]}
        try:
            page = await self.client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            await self.client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": wanted})
            return None
        if page["data"] != wanted:
            page["data"] = wanted
            await self.client.update(page)
        return None


def website(client: Client) -> Controller:
    return Controller(
        name="website",
        reconcile=WebsiteReconciler(client).reconcile,
        watches=[Watch("example.com/v1", "Website"), Watch("v1", "ConfigMap", owner="Website")],
    )


class Wrong(WebsiteReconciler):
    """Records that it has made the child, and makes it under a generated name: a lost reply makes two."""

    async def reconcile(self, request: Request) -> Result | None:
        try:
            site = await self.client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return None
        if site["metadata"].get("deletionTimestamp") or site["metadata"].get("annotations", {}).get("made"):
            return None
        owner = {"apiVersion": "example.com/v1", "kind": "Website", "name": request.name, "controller": True}
        owner["uid"] = site["metadata"]["uid"]
        metadata = {"generateName": "page-", "namespace": request.namespace, "ownerReferences": [owner]}
        await self.client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
        made = {"metadata": {"annotations": {"made": "yes"}}}
        await self.client.patch("example.com/v1", "Website", request.name, request.namespace, body=made)
        return None


def wrong(client: Client) -> Controller:
    return Controller(name="website", reconcile=Wrong(client).reconcile, watches=[Watch("example.com/v1", "Website")])


def counted(client: Client) -> Controller:
    with open("lives", "a") as file:
        file.write(".")
    return website(client)


def nothing(client):
    return None


def raising(client):
    raise RuntimeError("no configuration")


def blocking(client: Client) -> Controller:
    async def reconcile(request: Request) -> None:
        while True:
            pass

    return Controller(name="blocking", reconcile=reconcile, watches=[Watch("example.com/v1", "Website")])
'''

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: websites.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: websites, singular: website, kind: Website}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties:
                size: {type: integer, minimum: 1, maximum: 5}
"""
SITE = """
apiVersion: example.com/v1
kind: Website
metadata: {name: front, namespace: default}
spec: {size: 2}
"""


class Project:
    """The folder, and the command run in it as a user runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("website.py", CONTROLLER)
        self.write("crd.yaml", CRD)
        self.write("site.yaml", SITE)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def seatrial(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        command = [str(Path(sys.executable).parent / "seatrial"), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )

    def check(self, target: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """`seatrial check` with the project's manifests."""
        return self.seatrial("check", target, "--manifest", "crd.yaml", "--manifest", "site.yaml", *options)

    def check_json(self, target: str, *options: str) -> dict[str, Any]:
        done = self.check(target, "--format", "json", *options)
        result: dict[str, Any] = json.loads(done.stdout)
        assert result["exit"] == done.returncode
        return result
