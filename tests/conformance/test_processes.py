"""Recordings made as a user makes them: by `seatrial serve --record`, and by the proxy before a server under TLS."""

import base64
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import yaml

from harness.errors import UsageError
from seatrial.serving import recording as recording_to
from tests.conformance import recording
from tests.conformance.__main__ import main
from tests.conformance.life import MAPS, config_map

pytestmark = pytest.mark.slow

TOP = Path(__file__).resolve().parents[2]


@contextmanager
def _running(*command: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A process, and the line that it says once it can be used."""
    with subprocess.Popen(
        [sys.executable, "-m", *command], cwd=TOP, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert " at http" in line, line + process.stderr.read()
            yield process, line.split()[-1]
        finally:
            process.kill()


def _stopped(process: "subprocess.Popen[str]") -> str:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    return said


def _ask(url: str, method: str = "GET", body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=120) as reply:
        return json.load(reply)


def _life(url: str) -> None:
    """A watch, a write, a refusal."""
    with urllib.request.urlopen(f"{url}{MAPS}?watch=true&resourceVersion=0", timeout=120) as stream:
        _ask(url + MAPS, "POST", config_map("a", k="1"))
        assert json.loads(stream.readline())["object"]["metadata"]["name"] == "a"
        with pytest.raises(HTTPError) as refused:
            _ask(url + MAPS, "POST", config_map("a"))
        refused.value.close()
        _ask(f"{url}{MAPS}/a", "DELETE")
        assert json.loads(stream.readline())["type"] == "DELETED"


def test_what_a_served_cluster_recorded_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "served.jsonl"
    with _running("seatrial", "serve", "--api-only", "--record", str(file)) as (process, url):
        assert _ask(f"{url}/api/v1/nodes")["items"] == []
        _life(url)
        assert "Traceback" not in _stopped(process)
    found = recording.read(file)
    assert (found.of, found.warnings, len(found.exchanges)) == ("v1.34.0+seatrial", [], 5)
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["compare", str(file)]) == 0, capsys.readouterr().out


def test_a_killed_server_leaves_what_was_answered(tmp_path: Path):
    file = tmp_path / "killed.jsonl"
    with _running("seatrial", "serve", "--api-only", "--record", str(file)) as (process, url):
        _life(url)
        process.kill()
        process.wait()
    found = recording.read(file)
    assert [each.status for each in found.exchanges] == [200, 201, 409, 200]
    assert any("the recorder was killed" in each for each in found.warnings)


def test_a_recording_that_finds_no_room_ends_and_the_server_goes_on(tmp_path: Path):
    file = tmp_path / "short.jsonl"
    command = f"ulimit -f 1; exec {sys.executable} -m seatrial serve --api-only --record {file}"
    with subprocess.Popen(["bash", "-c", command], cwd=TOP, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = process.stderr.readline().split()[-1]
        _life(url)
        said = _stopped(process)
    assert process.returncode == 130
    assert said.count("the recording ends after") == 1
    assert "Traceback" not in said
    assert "File too large" in said
    assert any("ends in a torn line" in each for each in recording.read(file).warnings)


def test_a_recording_is_never_written_over_another(tmp_path: Path):
    file = tmp_path / "there.jsonl"
    file.write_text("precious")
    with pytest.raises(UsageError, match="exists already"), recording_to(str(file)):
        pass
    nowhere = str(tmp_path / "no" / "where")
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"), recording_to(nowhere):
        pass
    assert file.read_text() == "precious"


def test_the_proxy_records_a_server_under_tls_that_wants_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    kubeconfig, file = tmp_path / "kubeconfig", tmp_path / "real.jsonl"
    serve = ("seatrial", "serve", "--api-only", "--host", "0.0.0.0", "--kubeconfig-out", str(kubeconfig))
    with _running(*serve) as (server, url):
        content = yaml.safe_load(kubeconfig.read_text())
        authority, token = tmp_path / "ca.crt", tmp_path / "token"
        authority.write_bytes(base64.b64decode(content["clusters"][0]["cluster"]["certificate-authority-data"]))
        token.write_text(content["users"][0]["user"]["token"])
        port = url.rpartition(":")[2]
        upstream = ("--server", f"https://127.0.0.1:{port}", "--ca", str(authority))
        with _running("tests.conformance", "record", *upstream, "--token-file", str(token), str(file)) as (proxy, at):
            _life(at)
            assert _ask(f"{at}/version")["gitVersion"] == "v1.34.0+seatrial"
            server.kill()
            server.wait()
            with pytest.raises(OSError):
                _ask(f"{at}/version")
            assert "Traceback" not in _stopped(proxy)
            assert proxy.returncode == 0
    assert token.read_text() not in file.read_text()
    found = recording.read(file)
    assert [each.status for each in found.exchanges] == [200, 201, 409, 200, 200]
    assert [json.loads(json.dumps(each.json))["type"] for each in found.exchanges[0].events] == ["ADDED", "DELETED"]
    assert main(["compare", str(file)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--server", "10.0.0.1:6443"], "is no http:// or https:// address"),
        (["--server", "http://127.0.0.1:9"], "does not answer"),
        (["--server", "https://127.0.0.1:9", "--token-file", "/no/where"], "--token-file /no/where cannot be read"),
    ],
)
def test_a_server_that_cannot_be_recorded_is_told_in_one_line(
    tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "none.jsonl"
    assert main(["record", *options, str(file)]) == 4
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not file.exists()
