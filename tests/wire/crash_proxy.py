"""Stands between a program and the served cluster, and strikes right after the write one chooses.

The server has committed it, and its answer is lost: because the program has been killed (kill -9 at the n-th write), or
because its connection broke. All else passes.
"""

import http.client
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

Fatal = Callable[[str, str], bool]
"""Is this write (method, path) the one to strike at?"""

_CHUNK_BYTES: Final = 65_536


class CrashProxy:
    """Use as a context manager. `environment` is what the program gets instead of the served cluster's."""

    def __init__(self, url: str, environment: dict[str, str], folder: Path) -> None:
        self._fatal: Fatal | None = None
        self._victim: subprocess.Popen[bytes] | None = None
        self.struck: list[str] = []
        self.content_types: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(urlsplit(url).netloc))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever)
        kubeconfig = folder / "kubeconfig-of-proxy"
        described = yaml.safe_load(Path(environment["KUBECONFIG"]).read_text())
        described["clusters"][0]["cluster"]["server"] = f"http://127.0.0.1:{self._server.server_port}"
        kubeconfig.write_text(yaml.safe_dump(described))
        self.environment = {**environment, "KUBECONFIG": str(kubeconfig)}

    def __enter__(self) -> "CrashProxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def arm(self, fatal: Fatal, victim: "subprocess.Popen[bytes] | None" = None) -> None:
        """The first write that is fatal, once committed, kills the victim, and loses its answer. No other does."""
        self._victim, self._fatal = victim, fatal

    def _strikes(self, method: str, path: str) -> bool:
        if self._fatal is None or not self._fatal(method, path):
            return False
        self._fatal = None
        if self._victim is not None:
            self._victim.kill()
        self.struck.append(f"{method} {path}")
        return True

    def _handler(self, upstream: str) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _forward(self) -> None:
                path = self.path.partition("?")[0]
                proxy.content_types.add(self.headers.get("Content-Type", ""))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPConnection(upstream)
                try:
                    headers = {**dict(self.headers), "Host": upstream, "Connection": "close"}
                    connection.request(self.command, self.path, body, headers)
                    reply = connection.getresponse()
                    wrote = self.command != "GET" and reply.status < 300
                    if wrote and proxy._strikes(self.command, path):
                        return
                    self.send_response_only(reply.status)
                    for name, value in reply.getheaders():
                        if name.lower() not in ("connection", "transfer-encoding"):
                            self.send_header(name, value)
                    self.send_header("Connection", "close")  # without a length the body ends with it: no chunks
                    self.end_headers()
                    while data := reply.read1(_CHUNK_BYTES):
                        self.wfile.write(data)
                        self.wfile.flush()
                except (OSError, http.client.HTTPException):
                    pass  # either side is gone, which is what it is for
                finally:
                    connection.close()
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
