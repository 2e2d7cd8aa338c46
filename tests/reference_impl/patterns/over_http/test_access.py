"""How a client of the patterns gets to an API server: what is understood of a kubeconfig, and what is refused."""

import base64
import ssl
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme
import yaml

from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.listener import open_listeners, port_of, serve
from reference_impl.patterns.over_http.access import NoAccess, at_url, from_kubeconfig
from reference_impl.patterns.over_http.client import ApiClient, Refused, Unanswered
from reference_impl.plane import LocalPlane, RealClock

TOKEN = "let-me-in"


def config(cluster: dict[str, Any], user: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
        **more,
    }


def written(folder: Path, content: Any) -> Path:
    file = folder / "config"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return file


@pytest.mark.slow
def test_a_client_comes_in_with_authority_token_and_certificate_and_not_without(tmp_path: Path) -> None:
    authority = trustme.CA()
    own = authority.issue_cert("client", common_name="client")
    own.cert_chain_pems[0].write_to_path(str(tmp_path / "client.pem"))
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED

    def asked(port: int, **user: str) -> Any:
        cluster = {
            "server": f"https://127.0.0.1:{port}/",
            "certificate-authority-data": base64.b64encode(authority.cert_pem.bytes()).decode(),
        }
        key = base64.b64encode(own.private_key_pem.bytes()).decode()
        secret = {"client-certificate": "client.pem", "client-key-data": key}
        client = ApiClient(from_kubeconfig(written(tmp_path, config(cluster, {**secret, **user}))))
        try:
            return client.ask("GET", "/api/v1/namespaces", limit=1)
        finally:
            client.close()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            plane = LocalPlane(RealClock(nursery))
            front = Front(plane.transport(), plane.kinds, now=plane.clock.now, token=TOKEN)
            listeners = await open_listeners("127.0.0.1", 0)
            await nursery.start(lambda task_status: serve(listeners, front.answer, tls=tls, task_status=task_status))
            port = port_of(listeners)
            for user in ({"token": TOKEN}, {"tokenFile": "token"}):
                found = await trio.to_thread.run_sync(lambda user=user: asked(port, **user))
                assert found["kind"] == "NamespaceList"
            with pytest.raises(Refused, match="401 Unauthorized"):
                await trio.to_thread.run_sync(lambda: asked(port))
            with pytest.raises(Unanswered):
                await trio.to_thread.run_sync(lambda: asked(port, **{"token": TOKEN, "client-certificate": ""}))
            nursery.cancel_scope.cancel()

    trio.run(main)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("]", "is no YAML"),
        ("[]", "is no kubeconfig: kind Config has clusters"),
        (config({}, **{"current-context": ""}), "has no current-context"),
        (config({}, **{"current-context": "y"}), "has no context 'y' among its contexts"),
        (config({}, clusters=None), "has no cluster 'c' among its clusters"),
        (config({"server": "ftp://x"}), "names 'ftp://x' as its server: http://HOST:PORT"),
        (config({"server": "http://x"}, {"exec": {"command": "x"}}), "logs in by 'exec', which is not understood"),
        (
            config({"server": "https://x", "certificate-authority-data": "%"}),
            "certificate-authority-data that is no base64",
        ),
        (config({"server": "https://x", "certificate-authority": "ca.pem"}), "names ca.pem, which cannot be read"),
        (
            config({"server": "https://x", "certificate-authority-data": "eA=="}),
            "certificate or key that cannot be used",
        ),
        (config({"server": "http://x"}, {"tokenFile": "none"}), "names none, which cannot be read"),
    ],
)
def test_a_kubeconfig_that_does_not_say_how_is_refused_in_one_line(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(NoAccess) as refused:
        from_kubeconfig(written(tmp_path, content))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_kubeconfig_is_the_first_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, config({"server": "http://127.0.0.1:8001"}))
    monkeypatch.setenv("KUBECONFIG", f"{file}:{tmp_path / 'other'}")
    assert from_kubeconfig().url == "http://127.0.0.1:8001"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "other"))
    with pytest.raises(NoAccess, match="cannot be read"):
        from_kubeconfig()


def test_a_url_says_whether_there_is_tls() -> None:
    assert at_url("http://127.0.0.1:8001/").tls is None
    assert at_url("https://127.0.0.1:6443").tls is not None
    with pytest.raises(NoAccess, match="'localhost:8001' is no address of an API server"):
        at_url("localhost:8001")


def test_nobody_there_is_definite() -> None:
    with pytest.raises(Unanswered) as unanswered:
        ApiClient(at_url("http://127.0.0.1:1")).ask("GET", "/version")
    assert unanswered.value.definite
