"""Wrong: makes a ConfigMap for each Note and then writes its generated name down; who dies in between makes another.

The back-offs are short, so that a trial in real time need not wait long for a second attempt.
"""

from typing import Any

import kopf
from kubernetes import client, config

config.load_config()
core = client.CoreV1Api()


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Short back-offs, and no Events."""
    settings.networking.error_backoffs = [0.1, 0.2, 0.5, 1.0, 1.0, 1.0]
    settings.queueing.error_delays = [0.2, 0.5, 1.0]
    settings.posting.enabled = False


@kopf.on.create("notes.example.com", backoff=0.3)
@kopf.on.update("notes.example.com", backoff=0.3)
@kopf.on.resume("notes.example.com", backoff=0.3)
@kopf.timer("notes.example.com", interval=2.0, backoff=0.3)  # a copy that somebody has removed comes back
def copy(spec: kopf.Spec, status: kopf.Status, patch: kopf.Patch, namespace: str, **_: Any) -> None:
    """Create the copy, or correct it."""
    wanted = client.V1ConfigMap(
        metadata=client.V1ObjectMeta(namespace=namespace, generate_name="note-"),
        data={"text": spec["text"]},
    )
    kopf.adopt(wanted)
    name = status.get("copiedTo")
    if name is not None:
        try:
            core.patch_namespaced_config_map(name, namespace, {"data": {"text": spec["text"]}})
            return
        except client.ApiException as error:
            if error.status != 404:
                raise
    made = core.create_namespaced_config_map(namespace, wanted)
    patch.status["copiedTo"] = made.metadata.name
