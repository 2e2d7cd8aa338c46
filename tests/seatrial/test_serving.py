"""`seatrial serve`: where it listens, who may come in, how it ends."""

import base64
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from harness.errors import UsageError
from seatrial.command import run
from seatrial.serving import is_loopback, kubeconfig, write_atomically


@contextmanager
def serving(tmp_path: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A served cluster, once it accepts connections."""
    file = tmp_path / "kubeconfig"
    command = [sys.executable, "-m", "seatrial", "serve", "--nodes", "1", "--kubeconfig-out", str(file), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "serving the Kubernetes API at" in line, line + process.stderr.read()
            yield process, file
        finally:
            process.kill()


def get(url: str, *, token: str | None = None, context: ssl.SSLContext | None = None) -> dict[str, object]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, context=context, timeout=30) as reply:
        found: dict[str, object] = json.load(reply)
    return found


@pytest.mark.slow
def test_on_loopback_it_is_plain_http_and_ends_with_130(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, file):
        content = yaml.safe_load(file.read_text())
        server = content["clusters"][0]["cluster"]["server"]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server)
        assert content["users"][0]["user"] == {}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert get(f"{server}/version")["major"] == "1"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (130, "")
        assert "Traceback" not in err


@pytest.mark.slow
def test_elsewhere_it_is_tls_and_a_token(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as (_, file):
        content = yaml.safe_load(file.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        assert cluster["server"].startswith("https://")
        port = cluster["server"].rpartition(":")[2]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        url = f"https://127.0.0.1:{port}"
        assert get(f"{url}/api/v1/namespaces", token=user["token"], context=context)["kind"] == "NamespaceList"
        for token in (None, "wrong"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                get(f"{url}/api/v1/namespaces", token=token, context=context)
            assert refused.value.code == 401
            refused.value.close()
        with socket.create_connection(("127.0.0.1", int(port))) as plain:
            plain.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"HTTP" not in plain.recv(1000)
        # Whoever does not speak TLS has done no harm.
        assert get(f"{url}/version", token=user["token"], context=context)["major"] == "1"


def test_a_port_in_use_is_one_line_and_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["serve", "--port", str(port)]) == 4
    error = capsys.readouterr().err
    assert f"--port {port} is in use" in error
    assert error.count("\n") == 1


def test_an_address_that_is_not_ours_is_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--host", "192.0.2.1"]) == 4
    assert "--host 192.0.2.1" in capsys.readouterr().err


def test_a_kubeconfig_that_cannot_be_written_is_exit_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--nodes", "0", "--kubeconfig-out", str(tmp_path / "none" / "kubeconfig")]) == 4
    assert "cannot be written" in capsys.readouterr().err


def test_only_loopback_counts_as_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("127.8.8.8")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("::")
    assert not is_loopback("")
    assert not is_loopback("192.0.2.1")


def test_a_kubeconfig_replaces_the_old_one_whole(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text("old")
    write_atomically(file, kubeconfig("https://x:1", token="secret", authority=b"PEM"))
    content = yaml.safe_load(file.read_text())
    assert content["users"][0]["user"] == {"token": "secret"}
    assert content["clusters"][0]["cluster"]["certificate-authority-data"] == "UEVN"
    assert os.listdir(tmp_path) == ["kubeconfig"]
    with pytest.raises(UsageError, match="cannot be written"):
        write_atomically(tmp_path, b"x")
