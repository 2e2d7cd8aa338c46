"""A webhook server as operators ship them: HTTPS, a certificate on disk. Usage: webhook_server.py FOLDER

Writes FOLDER/port once it listens. /mutate gives every ConfigMap a label, /validate refuses those with data `bad`.
"""

import base64
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LABEL = [
    {"op": "add", "path": "/metadata/labels", "value": {"seen-by": "webhook"}},
]


def respond(path: str, request: dict[str, Any]) -> dict[str, Any]:
    if path == "/mutate":
        patch = base64.b64encode(json.dumps(LABEL).encode()).decode()
        return {"allowed": True, "patchType": "JSONPatch", "patch": patch}
    bad = "bad" in (request["object"].get("data") or {})
    return {"allowed": not bad, "status": {"message": "bad data", "code": 422, "reason": "Invalid"}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        response = {"uid": review["request"]["uid"], **respond(self.path.partition("?")[0], review["request"])}
        body = json.dumps(
            {"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    folder = Path(sys.argv[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    partial = folder / ".port"
    partial.write_text(str(server.server_address[1]))
    partial.rename(folder / "port")
    server.serve_forever()


if __name__ == "__main__":
    main()
