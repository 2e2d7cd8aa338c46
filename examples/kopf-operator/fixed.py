"""Right: the copy's name follows from the Note's, so that a second attempt finds what the first has made.

And it looks again by the clock, at every Note. That is not for tidiness: kopf 1.45 itself, when the answer to the patch
by which it puts its finalizer on a new object is lost, and a user edits the object meanwhile, never calls the handler
of the creation.
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
def copy(spec: kopf.Spec, patch: kopf.Patch, name: str, namespace: str, **_: Any) -> None:
    """Create the copy, or correct it."""
    wanted = client.V1ConfigMap(
        metadata=client.V1ObjectMeta(namespace=namespace, name=f"note-{name}"),
        data={"text": spec["text"]},
    )
    kopf.adopt(wanted)
    try:
        core.create_namespaced_config_map(namespace, wanted)
    except client.ApiException as error:
        if error.status != 409:
            raise
        core.replace_namespaced_config_map(wanted.metadata.name, namespace, wanted)
    patch.status["copiedTo"] = wanted.metadata.name


@kopf.timer(NOTES, initial_delay=2.0, interval=2.0, backoff=0.3)
def restore(**keywords: Any) -> None:
    """A copy that somebody has removed, or that was never made, is there before long."""
    copy(**keywords)
