"""Records the stories at a real kube-apiserver, each with a server of its own over an empty etcd.

    python -m tests.conformance.real --server-binary PATH [--etcd-binary PATH] DIR [STORY...]

What is written, `DIR/STORY.jsonl`, needs neither program to be compared. kube-apiserver is in no package registry as a
program, so CI has none; it is built from its Go module, which takes long (some 1,950 packages):

    go mod init example.invalid/kas
    # go.mod: `require k8s.io/kubernetes v1.34.3`, and for each k8s.io/X that its own go.mod replaces by ./staging/...
    # a line `replace k8s.io/X => k8s.io/X v0.34.3`
    # tools.go: `package tools` and `import _ "k8s.io/kubernetes/cmd/kube-apiserver"`
    go mod tidy
    go build -ldflags "-X k8s.io/component-base/version.gitVersion=v1.34.3 \\
        -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34" \\
        k8s.io/kubernetes/cmd/kube-apiserver

Watches with sendInitialEvents want an etcd that tells progress when asked (3.4.31, 3.5.13 or later).
"""

import argparse
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Final
from urllib.parse import urlsplit

from tests.conformance.__main__ import BAD
from tests.conformance.life import Person
from tests.conformance.stories import STORIES
from tests.conformance.wire_form import WireRequest
from tests.reference_impl.store.etcd_process import Cluster

TOKEN: Final = "recording"
START_S: Final = 300.0
_QUIET_S: Final = 0.5


class KubeApiserver:
    """A real API server by itself: everything is allowed, and nobody else is there. Use as a context manager."""

    def __init__(self, program: str, folder: Path) -> None:
        self._folder = folder
        self._etcd = Cluster(1)
        self._process = subprocess.Popen(
            [program, *self._options()], stdout=subprocess.DEVNULL, stderr=(folder / "log").open("w"), cwd=folder
        )
        self.ca = folder / "certificates" / "apiserver.crt"

    def _options(self) -> list[str]:
        key, tokens = self._folder / "key.pem", self._folder / "tokens.csv"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        tokens.write_text(f"{TOKEN},kubernetes-admin,1,system:masters\n")
        tokens.chmod(0o600)
        self.port = _free_port()
        return [
            f"--etcd-servers={self._etcd.endpoints[0]}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={self._folder / 'certificates'}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=AlwaysAllow",
            # Nobody makes ServiceAccounts here, and pods would be refused without.
            "--disable-admission-plugins=ServiceAccount",
        ]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> "KubeApiserver":
        deadline = time.monotonic() + START_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"kube-apiserver did not start:\n{(self._folder / 'log').read_text()[-3000:]}")
            time.sleep(0.5)  # noqa: TID251
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._etcd.stop()

    def _is_ready(self) -> bool:
        try:
            ready, _ = self.ask(WireRequest("GET", "/readyz", {}))
            there, _ = self.ask(WireRequest("GET", "/api/v1/namespaces/default", {}))
        except OSError:
            return False
        return (ready, there) == (200, 200)

    def ask(self, request: WireRequest) -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=self.ca)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        connection.request(request.method, request.target, request.body, {"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content


class Proxied:
    """The server behind a recording proxy, as a story sees it."""

    def __init__(self, proxy: str, server: KubeApiserver) -> None:
        self._address = urlsplit(proxy).netloc
        self._server = server
        self._watches: list[http.client.HTTPConnection] = []
        self._heard = 0

    def ask(self, request: WireRequest) -> tuple[int, bytes]:
        connection = self._sent(request)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self._settle()
        return answer.status, content

    def watch(self, request: WireRequest, take: Callable[[bytes], None]) -> None:
        connection = self._sent(request)
        answer = connection.getresponse()
        if answer.status != 200:
            answer.read()
            return
        self._watches.append(connection)

        def listen() -> None:
            try:
                while line := answer.readline():
                    self._heard += 1
                    take(line.rstrip(b"\n"))
            except (OSError, ValueError, http.client.HTTPException, AttributeError):
                return

        Thread(target=listen, daemon=True).start()
        self._settle()

    def wait_served(self, path: str) -> None:
        """Past the proxy: how often one has to look is no part of the story."""
        while self._server.ask(WireRequest("GET", path, {}))[0] != 200:
            time.sleep(0.2)  # noqa: TID251
        time.sleep(2)  # noqa: TID251 - several handlers inside learn of it one after the other

    def close(self) -> None:
        self._settle()
        for connection in self._watches:
            if connection.sock is not None:
                connection.sock.close()

    def _settle(self) -> None:
        """Until the watches have been silent for a while."""
        before = -1
        while self._watches and before != self._heard:
            before = self._heard
            time.sleep(_QUIET_S)  # noqa: TID251

    def _sent(self, request: WireRequest) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._address, timeout=120)
        connection.request(request.method, request.target, request.body or None, dict(request.headers))
        return connection


@contextmanager
def proxy(server: KubeApiserver, folder: Path, file: Path) -> Iterator[str]:
    """The address of a recording proxy."""
    token = folder / "token"
    token.write_text(TOKEN)
    command = [sys.executable, "-m", "tests.conformance", "record", "--server", server.url, "--ca", str(server.ca)]
    with subprocess.Popen(
        [*command, "--token-file", str(token), str(file)], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        if " at http" not in line:
            raise SystemExit(f"the proxy did not start: {line}")
        yield line.split()[-1]
        process.send_signal(signal.SIGTERM)
        if process.wait(timeout=60):
            raise SystemExit("the proxy ended with an error: the recording is not whole")


def record(program: str, name: str, directory: Path) -> Path:
    """One story, with a server of its own."""
    with tempfile.TemporaryDirectory() as scratch, KubeApiserver(program, Path(scratch)) as server:
        file = Path(scratch) / f"{name}.jsonl"
        with proxy(server, Path(scratch), file) as address:
            person = Proxied(address, server)
            STORIES[name](Person(person))
            person.close()
            time.sleep(_QUIET_S)  # noqa: TID251
        target = directory / file.name
        partial = target.with_suffix(f".{os.getpid()}")
        shutil.copyfile(file, partial)
        partial.replace(target)
    return target


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.real", description="Record a real API server.")
    parser.add_argument("--server-binary", required=True, metavar="PATH", help="kube-apiserver")
    parser.add_argument("--etcd-binary", metavar="PATH", help="default: SEATRIAL_ETCD, or etcd on the PATH")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("stories", nargs="*", metavar="STORY", help=", ".join(STORIES))
    try:
        options = parser.parse_args()
    except SystemExit as end:
        return BAD if end.code else 0
    wrong = [each for each in options.stories if each not in STORIES]
    missing = [each for each in (options.server_binary, options.etcd_binary) if each and not os.access(each, os.X_OK)]
    if wrong or missing:
        what = f"{wrong[0]} is none of {', '.join(STORIES)}" if wrong else f"{missing[0]} is no program"
        print(f"{what}. Name one.", file=sys.stderr)
        return BAD
    if options.etcd_binary:
        os.environ["SEATRIAL_ETCD"] = options.etcd_binary
    options.directory.mkdir(parents=True, exist_ok=True)
    for each in options.stories or STORIES:
        print(record(options.server_binary, each, options.directory), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
