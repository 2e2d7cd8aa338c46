"""Wrong: makes a ConfigMap of a generated name for each Note and then writes that name down. Whoever is not told that
it was made, because the answer is lost or the process dies, makes another, and the first is forgotten.

The back-offs are short, so that a trial in real time need not wait long for a second attempt.
"""

from typing import Any

import kopf
from kubernetes import client, config

config.load_config()
core = client.CoreV1Api()
NOTES = "notes.example.com"


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Short back-offs, and no Events."""
    settings.networking.error_backoffs = [0.1, 0.2, 0.5, 1.0, 1.0, 1.0]
    settings.queueing.error_delays = [0.2, 0.5, 1.0]
    settings.posting.enabled = False


@kopf.on.create(NOTES, backoff=0.3)
@kopf.on.update(NOTES, backoff=0.3)
@kopf.on.resume(NOTES, backoff=0.3)
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


@kopf.timer(NOTES, initial_delay=2.0, interval=2.0, backoff=0.3)
def restore(status: kopf.Status, **keywords: Any) -> None:
    """A copy that somebody has removed comes back."""
    if status.get("copiedTo") is not None:
        copy(status=status, **keywords)
