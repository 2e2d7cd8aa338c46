"""Keeps a ConfigMap beside each Note: list, then watch, with nothing but the official Kubernetes client.

Shared by `wrong.py` and `fixed.py`, which differ in one thing: who removes the copy of a Note that is gone.
Errors are met with a short back-off, so that a trial in real time need not wait long.
"""

import time
from typing import Any

from kubernetes import client, config, watch
from urllib3.exceptions import HTTPError

GROUP, VERSION, PLURAL = "example.com", "v1", "notes"
BACK_OFF_S = 0.3
RELIST_S = 2
"""Copies that somebody has removed are not watched: every so often all Notes are looked at again."""


class Notes:
    """The program. `owned`: copies name their Note as owner."""

    def __init__(self, *, owned: bool) -> None:
        config.load_config()
        # Without this urllib3 tries again by itself what got no answer, and then calls its own success a conflict.
        settings = client.Configuration.get_default_copy()
        settings.retries = False
        connection = client.ApiClient(settings)
        self.custom = client.CustomObjectsApi(connection)
        self.core = client.CoreV1Api(connection)
        self.owned = owned

    def run(self) -> None:
        """List, watch, and begin again when the watch ends, for ever."""
        while True:
            try:
                self.list_and_watch()
            except (client.ApiException, HTTPError) as error:
                print(f"begins again: {type(error).__name__}", flush=True)
                time.sleep(BACK_OFF_S)  # noqa: TID251  # a program of its own: its time is real

    def list_and_watch(self) -> None:
        """One session: every Note once, then what changes, for a while."""
        print("lists and watches Notes", flush=True)
        listed = self.custom.list_cluster_custom_object(GROUP, VERSION, PLURAL)
        for note in listed["items"]:
            self.copy(note)
        stream = watch.Watch().stream(
            self.custom.list_cluster_custom_object,
            GROUP,
            VERSION,
            PLURAL,
            resource_version=listed["metadata"]["resourceVersion"],
            timeout_seconds=RELIST_S,
        )
        for event in stream:
            if event["type"] in ("ADDED", "MODIFIED"):
                self.copy(event["object"])
            elif event["type"] == "DELETED" and not self.owned:
                self.remove_copy(event["object"]["metadata"])

    def copy(self, note: dict[str, Any]) -> None:
        """Create or correct the copy of one Note."""
        named = note["metadata"]
        wanted = client.V1ConfigMap(
            metadata=client.V1ObjectMeta(name=f"note-{named['name']}", namespace=named["namespace"]),
            data={"text": note["spec"]["text"]},
        )
        if self.owned:
            wanted.metadata.owner_references = [
                client.V1OwnerReference(
                    api_version=f"{GROUP}/{VERSION}",
                    kind="Note",
                    name=named["name"],
                    uid=named["uid"],
                    controller=True,
                )
            ]
        try:
            self.core.create_namespaced_config_map(named["namespace"], wanted)
        except client.ApiException as error:
            if error.status != 409:
                raise
            self.core.replace_namespaced_config_map(wanted.metadata.name, named["namespace"], wanted)

    def remove_copy(self, named: dict[str, Any]) -> None:
        """Delete the copy of a Note that is gone."""
        try:
            self.core.delete_namespaced_config_map(f"note-{named['name']}", named["namespace"])
        except client.ApiException as error:
            if error.status != 404:
                raise
