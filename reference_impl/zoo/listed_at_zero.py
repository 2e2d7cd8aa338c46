"""Stale read: a certificate issuer that looks for its request with a "cheap" list at resourceVersion 0.

The bug: `resourceVersion=0` allows any API server to answer from its watch cache, however old. The issuer does not find
the request that it made two seconds ago, and makes another, under another generated name. Real case: cert-manager made
several CertificateRequests for one revision; issuance blocked.

Weather: an API server that has fallen behind; or a create that commits late.
Caught by: `converges` (there are more requests than in fair weather).
The twin gives the request a name that follows from the certificate's.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, sleep

Json = dict[str, Any]
POLL_S = 2.0


class GeneratesNames:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            certificate = await self.client.get(API, "Certificate", request.name, request.namespace)
        except NotFound:
            return None
        if is_deleting(certificate) or (certificate.get("status") or {}).get("request"):
            return None
        listed = await self.client.live.list("v1", "ConfigMap", request.namespace, resource_version="0")
        found = [item for item in listed["items"] if _labels(item) == _labels_for(certificate)]
        if not found:
            await self.issue(certificate)
            return Result(requeue_after_s=POLL_S)
        status = {"request": found[0]["metadata"]["name"]}
        await self.client.patch(
            API, "Certificate", request.name, request.namespace, body={"status": status}, subresource="status"
        )
        return None

    async def issue(self, certificate: Json) -> None:
        name = f"{certificate['metadata']['name']}-"
        metadata = {"generateName": name, "labels": _labels_for(certificate)}
        await self.client.create(config_map(metadata, {"csr": "..."}))


class NamesByCertificate(GeneratesNames):
    async def issue(self, certificate: Json) -> None:
        name = f"{certificate['metadata']['name']}-1"
        try:
            metadata = {"name": name, "labels": _labels_for(certificate)}
            await self.client.create(config_map(metadata, {"csr": "..."}))
        except AlreadyExists:
            return


def _labels(obj: Json) -> Json:
    return obj["metadata"].get("labels") or {}


def _labels_for(certificate: Json) -> Json:
    return {"certificate": certificate["metadata"]["name"]}


def wrong(client: Client) -> Controller:
    return Controller(name="issuer", reconcile=GeneratesNames(client).reconcile, watches=[Watch(API, "Certificate")])


def fixed(client: Client) -> Controller:
    return Controller(
        name="issuer", reconcile=NamesByCertificate(client).reconcile, watches=[Watch(API, "Certificate")]
    )


ENTRY = Entry(
    id="listed-at-zero",
    property="converges",
    faults=(
        "stale_read",
        "time_travel",
        "late_commit",
    ),
    bug="https://github.com/cert-manager/cert-manager/issues/4956",
    tags=("stale read", "names"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Certificate", {"host": {"type": "string"}}, {"request": {"type": "string"}}),
        custom("Certificate", "shop", {"host": "shop.example.com"}),
    ),
    trial_options={"workload": [sleep(10)]},
)
