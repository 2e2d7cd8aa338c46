"""A webhook server as operators ship them, for `copier.py`: HTTPS at an address that stays, registered as it starts.

It stamps every ConfigMap that is written, and refuses a Note that says "goodbye". HOOKS_PORT is its port, HOOKS_TLS
names a folder with its certificate (tls.crt, tls.key) and the authority's (ca.crt).
"""

import base64
import json
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STAMP = [{"op": "add", "path": "/data/stamp", "value": "by a webhook"}]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = review["request"]
        if self.path.startswith("/stamp"):
            patch = base64.b64encode(json.dumps(STAMP).encode()).decode()
            response = {"allowed": True, "patchType": "JSONPatch", "patch": patch}
        else:
            response = {"allowed": asked["object"]["spec"]["text"] != "goodbye", "status": {"message": "it says so"}}
        review["response"] = {"uid": asked["uid"], **response}
        del review["request"]
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def configurations(policy):
    """What is to be created, or put in the place of what an earlier life has created."""
    with open(os.path.join(os.environ["HOOKS_TLS"], "ca.crt"), "rb") as file:
        bundle = base64.b64encode(file.read()).decode()

    def one(kind, path, group, resource, *operations):
        hook = {
            "name": f"{path}.example.com",
            "clientConfig": {"url": f"https://127.0.0.1:{os.environ['HOOKS_PORT']}/{path}", "caBundle": bundle},
            "rules": [{"apiGroups": [group], "apiVersions": ["v1"], "operations": operations, "resources": [resource]}],
            "sideEffects": "None",
            "failurePolicy": policy,
            "admissionReviewVersions": ["v1"],
        }  # fmt: skip
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": f"{kind}WebhookConfiguration",
            "metadata": {"name": path},
            "webhooks": [hook],
        }

    yield one("Mutating", "stamp", "", "configmaps", "CREATE", "UPDATE")
    yield one("Validating", "look", "example.com", "notes", "CREATE")


def serve():
    """In a thread."""
    folder = os.environ["HOOKS_TLS"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "tls.crt"), os.path.join(folder, "tls.key"))
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["HOOKS_PORT"])), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
