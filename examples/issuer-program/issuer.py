"""Asks once for each Certificate: a ConfigMap with a generated name stands for the request that goes to the authority.

An informer written by hand, with nothing but the official Kubernetes client: list, then watch. Shared by `wrong.py` and
`fixed.py`, which differ in one argument of the first list. Errors are met with a short back-off, so that a trial in
real time need not wait long.
"""

import time
from typing import Any

from kubernetes import client, config, watch
from urllib3.exceptions import HTTPError

GROUP, VERSION, PLURAL = "example.com", "v1", "certificates"
LABEL = "example.com/certificate"
BACK_OFF_S = 0.3
WATCH_S = 2


class Issuer:
    """The program. `first_list_at`: the resourceVersion of its first lists; None: the most recent one."""

    def __init__(self, *, first_list_at: str | None) -> None:
        config.load_config()
        # Without this urllib3 tries again by itself what got no answer.
        settings = client.Configuration.get_default_copy()
        settings.retries = False
        connection = client.ApiClient(settings)
        self.custom = client.CustomObjectsApi(connection)
        self.core = client.CoreV1Api(connection)
        self.list_at = first_list_at
        self.requested: dict[str, str] = {}
        """The names of requests, by the uids of their Certificates."""

    def run(self) -> None:
        """List and watch, and begin again after an error, for ever."""
        while True:
            try:
                self.watch(self.list())
            except (client.ApiException, HTTPError) as error:
                print(f"begins again: {type(error).__name__}", flush=True)
                time.sleep(BACK_OFF_S)  # noqa: TID251  # a program of its own: its time is real
            self.list_at = None  # as client-go's reflector does after a list that did not help

    def list(self) -> str:
        """Everything once: first what was asked for, then what is wanted. Returns where to watch from."""
        at = {} if self.list_at is None else {"resource_version": self.list_at}
        requests = self.core.list_config_map_for_all_namespaces(label_selector=LABEL, **at)
        self.requested = {request.metadata.labels[LABEL]: request.metadata.name for request in requests.items}
        listed = self.custom.list_cluster_custom_object(GROUP, VERSION, PLURAL, **at)
        version = str(listed["metadata"]["resourceVersion"])
        print(f"listed at {version}: {len(listed['items'])} certificates, {len(requests.items)} requests", flush=True)
        for certificate in listed["items"]:
            self.request(certificate)
        return version

    def watch(self, version: str) -> None:
        """Certificates that come, and come to be changed, until the watch breaks for good."""
        while True:
            changes = watch.Watch()
            for event in changes.stream(
                self.custom.list_cluster_custom_object,
                GROUP,
                VERSION,
                PLURAL,
                resource_version=version,
                timeout_seconds=WATCH_S,
            ):
                if event["type"] in ("ADDED", "MODIFIED"):
                    self.request(event["object"])
            version = changes.resource_version or version

    def request(self, certificate: dict[str, Any]) -> None:
        """Ask for this one, unless that has been done, and say so in its status."""
        named = certificate["metadata"]
        if (certificate.get("status") or {}).get("request"):
            return
        name = self.requested.get(named["uid"]) or self.create(named, {"host": certificate["spec"]["host"]})
        self.custom.patch_namespaced_custom_object_status(
            GROUP,
            VERSION,
            named["namespace"],
            PLURAL,
            named["name"],
            {"status": {"phase": "Requested", "request": name}},
        )

    def create(self, named: dict[str, Any], data: dict[str, str]) -> str:
        """The request of the Certificate of this metadata; its name, which the server makes."""
        owner = client.V1OwnerReference(
            api_version=f"{GROUP}/{VERSION}", kind="Certificate", name=named["name"], uid=named["uid"], controller=True
        )
        wanted = client.V1ConfigMap(
            metadata=client.V1ObjectMeta(
                generate_name=f"{named['name']}-",
                namespace=named["namespace"],
                labels={LABEL: named["uid"]},
                owner_references=[owner],
            ),
            data=data,
        )
        made = str(self.core.create_namespaced_config_map(named["namespace"], wanted).metadata.name)
        self.requested[named["uid"]] = made
        print(f"requested {made} for {named['name']}", flush=True)
        return made
