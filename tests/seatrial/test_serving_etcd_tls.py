"""`seatrial serve --etcd https://…`: a real etcd that shows a certificate and asks its clients for theirs."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from reference_impl.store.etcd import EtcdStore
from seatrial.command import run
from tests.reference_impl.store.etcd_process import Cluster
from tests.seatrial.served_writers import CONFIG_MAPS, request
from tests.seatrial.test_serving_killed import Server


class Secured:
    """An etcd under TLS, and the files that it takes to come in. `other` is an authority that it does not know."""

    def __init__(self, folder: Path) -> None:
        authority, other = trustme.CA(), trustme.CA()
        self.ca, self.other_ca = folder / "ca.pem", folder / "other-ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        other.cert_pem.write_to_path(str(self.other_ca))
        self.cert, self.key = self._issued(authority, folder, "client")
        self.other_cert, self.other_key = self._issued(other, folder, "stranger")
        cert, key = self._issued(authority, folder, "server")
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.cert, self.key)
        options = {"cert-file": str(cert), "key-file": str(key), "trusted-ca-file": str(self.ca)}
        self.cluster = Cluster(1, tls={**options, "client-cert-auth": "true"}, context=context)
        self.context = context
        (self.url,) = self.cluster.endpoints

    def _issued(self, authority: trustme.CA, folder: Path, name: str) -> tuple[Path, Path]:
        issued = authority.issue_cert("127.0.0.1", "localhost", common_name=name)
        issued.cert_chain_pems[0].write_to_path(str(folder / f"{name}.pem"))
        issued.private_key_pem.write_to_path(str(folder / f"{name}-key.pem"))
        return folder / f"{name}.pem", folder / f"{name}-key.pem"

    def options(self, **instead: Any) -> list[str]:
        given = {"etcd": self.url, "etcd-ca": self.ca, "etcd-cert": self.cert, "etcd-key": self.key, **instead}
        return [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    found = Secured(tmp_path_factory.mktemp("tls"))
    yield found
    found.cluster.stop()


@pytest.mark.slow
def test_objects_are_kept_in_an_etcd_under_tls_and_others_events_are_heard(secured: Secured) -> None:
    server = Server(None, "--nodes", "0", *secured.options())
    store = None
    try:
        address = server.address()
        request(address, "POST", CONFIG_MAPS, {"metadata": {"name": "a"}, "data": {"text": "x"}})
        store = EtcdStore([secured.url], context=secured.context, timeout_s=30.0)
        written = store.get(("configmaps", "default", "a"))
        assert written is not None
        # What another writes reaches the server by its follower's connection, which is under TLS too.
        store.put(("configmaps", "default", "b"), {**written, "metadata": {**written["metadata"], "name": "b"}})
        assert [item["metadata"]["name"] for item in request(address, "GET", CONFIG_MAPS)["items"]] == ["a", "b"]
    finally:
        if store is not None:
            store.close()
        server.kill()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"etcd-ca": "other_ca"}, "name the authority that signed its certificate"),
        ({"etcd-cert": None, "etcd-key": None}, "asks for a client's certificate, name one"),
        (
            {"etcd-cert": "other_cert", "etcd-key": "other_key"},
            "asks for a client's certificate, name one that its authority signed",
        ),
        ({"etcd-key": "other_key"}, "client certificate and key"),
    ],
    ids=["wrong-authority", "no-client-certificate", "strangers-certificate", "another-key"],
)
def test_who_is_not_let_in_is_told_in_one_line_and_exit_4(
    secured: Secured, instead: dict[str, str | None], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {option: None if name is None else getattr(secured, name) for option, name in instead.items()}
    assert run(["serve", *secured.options(**named)]) == 4
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("seatrial: --etcd: ")
    assert error.count("\n") == 1


@pytest.mark.slow
def test_plain_http_to_tls_and_tls_to_plain_http_are_told_in_one_line(
    secured: Secured, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "--etcd", secured.url.replace("https", "http")]) == 4
    assert "speaks TLS, use https:// in its address" in capsys.readouterr().err
    plain = Cluster(1)
    try:
        assert run(["serve", *secured.options(etcd=plain.endpoints[0].replace("http", "https"))]) == 4
    finally:
        plain.stop()
    error = capsys.readouterr().err
    assert "does not speak TLS" in error
    assert "use http:// in its address" in error
    assert error.count("\n") == 1


def test_a_file_that_is_no_certificate_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for file, said in (("ca.pem", "cannot be used"), ("none.pem", "cannot be read: No such file")):
        assert run(["serve", "--etcd", "https://127.0.0.1:1", "--etcd-ca", str(tmp_path / file)]) == 4
        error = capsys.readouterr().err
        assert f"certificate authority {tmp_path / file} {said}" in error
        assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--etcd", "http://127.0.0.1:1", "--etcd-ca", "x"], "--etcd-ca x needs --etcd https://HOST:PORT"),
        (["--etcd-cert", "x", "--etcd-key", "y"], "--etcd-cert x needs --etcd https://HOST:PORT"),
        (["--etcd", "https://127.0.0.1:1", "--etcd-key", "x"], "belong together"),
    ],
)
def test_options_that_do_not_fit_are_told_in_one_line(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", *options]) == 4
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
