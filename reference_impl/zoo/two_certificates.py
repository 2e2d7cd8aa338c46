"""Generated names: a certificate manager that makes two requests for one revision, and then trusts neither.

The bug: whether a request for this revision exists is asked of the cache, and the request gets a generated name, so
nothing refuses a second one. Whoever is woken before the cache shows the first (by its own status update, say), or was
never told that it was made, makes another. With two there is no telling which counts, so issuance waits until somebody
deletes one. Real case: cert-manager, which now derives the name from the certificate and the revision.

Weather: whatever keeps the request from the manager's cache; a lost answer.
Caught by: `converges` (two requests, and no certificate).
The twin names the request after its revision: the second create is refused.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import API, custom, definition, is_controlled_by, is_deleting, reference_to

Json = dict[str, Any]
NUMBER = {"type": "integer"}


class GeneratesNames:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            certificate = await self.client.get(API, "Certificate", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(certificate):
            return
        revision = certificate["spec"]["revision"]
        found = [
            other
            for other in await self.client.list(API, "SigningRequest", request.namespace)
            if is_controlled_by(other, certificate) and other["spec"]["revision"] == revision
        ]
        if not found:
            # Refused if it is there already: an error like others, and tried again until the cache shows it.
            await self.client.create(self.signing_request(certificate))
            await self._set_status(certificate, {"phase": "Issuing"})
        elif len(found) == 1:
            await self._set_status(certificate, {"phase": "Issued", "revision": revision})

    def name_for(self, certificate: Json) -> Json:
        return {"generateName": f"{certificate['metadata']['name']}-"}

    def signing_request(self, certificate: Json) -> Json:
        obj = custom("SigningRequest", "", {"revision": certificate["spec"]["revision"]})
        namespace = certificate["metadata"]["namespace"]
        owners = [reference_to(certificate)]
        return {**obj, "metadata": {**self.name_for(certificate), "namespace": namespace, "ownerReferences": owners}}

    async def _set_status(self, certificate: Json, status: Json) -> None:
        metadata = certificate["metadata"]
        if certificate.get("status") != status:
            body = {"metadata": {"uid": metadata["uid"]}, "status": status}
            await self.client.patch(
                API, "Certificate", metadata["name"], metadata["namespace"], body=body, subresource="status"
            )


class NamesThemAfterTheRevision(GeneratesNames):
    def name_for(self, certificate: Json) -> Json:
        return {"name": f"{certificate['metadata']['name']}-{certificate['spec']['revision']}"}


def wrong(client: Client) -> Controller:
    return _controller(GeneratesNames(client))


def fixed(client: Client) -> Controller:
    return _controller(NamesThemAfterTheRevision(client))


def _controller(reconciler: GeneratesNames) -> Controller:
    return Controller(
        name="certificates",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Certificate"), Watch(API, "SigningRequest", owner="Certificate")],
    )


ENTRY = Entry(
    id="two-certificates",
    property="converges",
    faults=(*CACHE_BEHIND, "crash", "late_commit", "reply_lost", "owned_deleted"),
    bug="https://github.com/cert-manager/cert-manager/issues/4956",
    tags=("stale read", "ambiguous commit"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Certificate", {"revision": NUMBER}, {"phase": {"type": "string"}, "revision": NUMBER}),
        definition("SigningRequest", {"revision": NUMBER}),
        custom("Certificate", "web", {"revision": 1}),
    ),
    trial_options={"workload": []},
)
