"""A webhook server that is a program of its own, with its certificate on disk, behind `seatrial serve`."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError

import pytest

from tests.wire.certificates import write_certificate
from tests.wire.served import Served, wait_until

PROGRAM: Final = Path(__file__).parent / "programs" / "webhook_server.py"
GROUP: Final = "/apis/admissionregistration.k8s.io/v1"
SPACE: Final = "/api/v1/namespaces/hooked"
MAPS: Final = f"{SPACE}/configmaps"


def configuration(kind: str, port: int, bundle: bytes) -> dict[str, Any]:
    path = "mutate" if kind == "Mutating" else "validate"
    url = f"https://127.0.0.1:{port}/{path}"
    hook = {
        "name": f"{path}.example.com",
        "clientConfig": {"url": url, "caBundle": base64.b64encode(bundle).decode()},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "hooked"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    name = {"name": f"{path}-hooked"}
    kind = f"{kind}WebhookConfiguration"
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": name, "webhooks": [hook]}


@contextmanager
def webhook_server(folder: Path) -> Iterator[tuple[int, bytes]]:
    """Its port, and the authority it is signed by."""
    bundle = write_certificate(folder)
    with subprocess.Popen([sys.executable, str(PROGRAM), str(folder)], stderr=subprocess.DEVNULL) as server:
        try:
            wait_until((folder / "port").exists, "the webhook server listens")
            yield int((folder / "port").read_text()), bundle
        finally:
            server.terminate()


@pytest.mark.slow
def test_a_webhook_server_has_its_say_and_is_missed_when_it_is_gone(served: Served, tmp_path: Path) -> None:
    def refusal(name: str, data: dict[str, str]) -> dict[str, Any]:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
        with pytest.raises(HTTPError) as refused:
            served.ask("POST", MAPS, body)
        with refused.value as reply:
            return dict(json.load(reply))

    with webhook_server(tmp_path) as (port, bundle):
        served.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "hooked"}})
        for kind in ("Mutating", "Validating"):
            served.ask("POST", f"{GROUP}/{kind.lower()}webhookconfigurations", configuration(kind, port, bundle))
        made = served.ask("POST", MAPS, {"metadata": {"name": "good"}, "data": {"a": "b"}})
        assert made["metadata"]["labels"] == {"seen-by": "webhook"}
        status = refusal("bad", {"bad": "1"})
        assert (status["code"], status["reason"], status["message"]) == (
            422,
            "Invalid",
            'admission webhook "validate.example.com" denied the request: bad data',
        )
        served.ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "not-hooked"}, "data": {}})
    status = refusal("late", {})
    assert status["code"] == 500
    assert status["message"].startswith(
        f'Internal error occurred: failed calling webhook "mutate.example.com": failed to call webhook: Post '
        f'"https://127.0.0.1:{port}/mutate?timeout=10s": dial tcp 127.0.0.1:{port}: connect: connection refused'
    )
    for kind in ("mutating", "validating"):
        served.ask("DELETE", f"{GROUP}/{kind}webhookconfigurations?labelSelector=")
