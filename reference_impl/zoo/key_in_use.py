"""Stale read: a key manager that deletes the very key which the certificate's status names.

The bug: of several keys only the one in the status is kept; but the status is read in the cache, where it still names
the key before. Real case: cert-manager's key manager preserved what its informer's copy of the certificate named, and
deleted the next private key after a certificate had been requested with it.

Weather: whatever keeps the certificate's new status from the manager while it hears of the new key.
Caught by: `referenced_objects_are_kept`. A key is made anew, so the end state is right.
The twin reads the status live before it deletes.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import (
    API,
    custom,
    definition,
    is_controlled_by,
    is_deleting,
    patch,
    reference_to,
)

Json = dict[str, Any]
_STATUS = {"key": {"type": "object", "properties": {"kind": {"type": "string"}, "name": {"type": "string"}}}}


class TrustsItsCopy:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            certificate = await self.client.get(API, "Certificate", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(certificate):
            return
        await self.clean_up(certificate)
        key = f"{request.name}-{certificate['spec']['revision']}"
        await self._create(key, certificate)
        status = {"key": {"kind": "Secret", "name": key}}
        if certificate.get("status") != status:
            body = {"metadata": {"uid": certificate["metadata"]["uid"]}, "status": status}
            await self.client.patch(
                API, "Certificate", request.name, request.namespace, body=body, subresource="status"
            )

    async def clean_up(self, certificate: Json) -> None:
        named = ((certificate.get("status") or {}).get("key") or {}).get("name")
        if named is None:
            return
        namespace = certificate["metadata"]["namespace"]
        for secret in await self.client.list("v1", "Secret", namespace):
            metadata = secret["metadata"]
            if is_controlled_by(secret, certificate) and metadata["name"] != named:
                try:
                    await self.client.delete("v1", "Secret", metadata["name"], namespace, uid=metadata["uid"])
                except (NotFound, Conflict):
                    continue

    async def _create(self, name: str, certificate: Json) -> None:
        metadata = {
            "name": name,
            "namespace": certificate["metadata"]["namespace"],
            "ownerReferences": [reference_to(certificate)],
        }
        try:
            await self.client.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
        except AlreadyExists:
            return


class ReadsTheStatusLive(TrustsItsCopy):
    async def clean_up(self, certificate: Json) -> None:
        metadata = certificate["metadata"]
        try:
            fresh = await self.client.live.get(API, "Certificate", metadata["name"], metadata["namespace"])
        except NotFound:
            return
        if fresh["metadata"]["uid"] == metadata["uid"]:
            await super().clean_up(fresh)


def wrong(client: Client) -> Controller:
    return _controller(TrustsItsCopy(client))


def fixed(client: Client) -> Controller:
    return _controller(ReadsTheStatusLive(client))


def _controller(reconciler: TrustsItsCopy) -> Controller:
    return Controller(
        name="keys",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Certificate"), Watch("v1", "Secret", owner="Certificate")],
    )


ENTRY = Entry(
    id="key-in-use",
    property="referenced_objects_are_kept",
    faults=(*CACHE_BEHIND, "relist", "compaction"),
    bug="https://github.com/cert-manager/cert-manager/pull/9097",
    tags=("stale read",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Certificate", {"revision": {"type": "integer"}}, _STATUS),
        custom("Certificate", "web", {"revision": 1}),
    ),
    trial_options={
        "workload": [patch("Certificate", "web", {"revision": 2})],
        "built_ins": "none",
        "properties": ("referenced_objects_are_kept", "converges", "idempotent", "no_hot_loop", "no_panic"),
    },
)
