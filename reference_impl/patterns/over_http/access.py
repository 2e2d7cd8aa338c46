"""Where an API server is, and what lets a client in: a URL, or the file that every client of Kubernetes reads.

Understood of a kubeconfig: the current context's server, authorities, token (or the file it is in), client certificate.
Not understood, and said so: exec plug-ins, auth providers, basic authentication, impersonation; `kubectl proxy` gives a
URL for any of those.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

_FOREIGN: Final = ("exec", "auth-provider", "username", "impersonate", "as")


class NoAccess(ValueError):
    """It does not say how to reach an API server. One line for whoever named it."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one API server: `tls` is None for plain HTTP."""

    url: str
    token: str | None = None
    tls: ssl.SSLContext | None = None


def at_url(url: str) -> Access:
    """Plain HTTP, or HTTPS that the machine's authorities vouch for. Raises NoAccess."""
    if url.startswith("http://"):
        return Access(url.rstrip("/"))
    if url.startswith("https://"):
        return Access(url.rstrip("/"), tls=ssl.create_default_context())
    raise NoAccess(f"{url!r} is no address of an API server: give http://HOST:PORT, or https://HOST:PORT")


def from_kubeconfig(path: str | os.PathLike[str] | None = None) -> Access:
    """What a kubeconfig says; default: the first file that KUBECONFIG names, or ~/.kube/config. Raises NoAccess."""
    named = os.fspath(path) if path is not None else os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    file = Path(named or "~/.kube/config").expanduser()
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise NoAccess(f"kubeconfig {file} cannot be read ({reason}): set KUBECONFIG to one that can") from None
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise NoAccess(f"kubeconfig {file} is no YAML ({told}): set KUBECONFIG to one that is") from None
    return _Kubeconfig(file, config).access()


class _Kubeconfig:
    """One file. Names of other files in it are relative to its folder."""

    def __init__(self, file: Path, config: Any) -> None:
        self.file = file
        if not isinstance(config, Mapping):
            raise self._wrong("is no kubeconfig: kind Config has clusters, users and contexts")
        self.config = config

    def access(self) -> Access:
        current = self.config.get("current-context")
        if not current:
            raise self._wrong("has no current-context: `kubectl config use-context NAME` sets one")
        context = self._named("contexts", "context", current)
        cluster = self._named("clusters", "cluster", context.get("cluster"))
        user = self._named("users", "user", context["user"]) if context.get("user") else {}
        foreign = [name for name in _FOREIGN if user.get(name)]
        if foreign:
            raise self._wrong(
                f"logs in by {foreign[0]!r}, which is not understood here: run `kubectl proxy`, and name its URL"
            )
        url = str(cluster.get("server", ""))
        if url.startswith("http://"):
            return Access(url.rstrip("/"), self._token(user))
        if not url.startswith("https://"):
            raise self._wrong(f"names {url!r} as its server: http://HOST:PORT or https://HOST:PORT is needed")
        return Access(url.rstrip("/"), self._token(user), self._tls(cluster, user))

    def _named(self, many: str, one: str, name: Any) -> Mapping[str, Any]:
        for entry in self.config.get(many) or ():
            if isinstance(entry, Mapping) and entry.get("name") == name and isinstance(entry.get(one), Mapping):
                found: Mapping[str, Any] = entry[one]
                return found
        raise self._wrong(f"has no {one} {name!r} among its {many}")

    def _token(self, user: Mapping[str, Any]) -> str | None:
        if user.get("token"):
            return str(user["token"])
        if user.get("tokenFile"):
            return self._content(str(user["tokenFile"])).decode("latin-1").strip()
        return None

    def _tls(self, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority = self._pem(cluster, "certificate-authority")
        try:
            if authority is not None:
                context.load_verify_locations(cadata=authority.decode("latin-1"))
            if cluster.get("insecure-skip-tls-verify"):
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            certificate, key = self._pem(user, "client-certificate"), self._pem(user, "client-key")
            if certificate is not None and key is not None:
                _load(context, certificate, key)
        except (ssl.SSLError, ValueError) as error:
            raise self._wrong(f"has a certificate or key that cannot be used: {error}") from None
        return context

    def _pem(self, entry: Mapping[str, Any], name: str) -> bytes | None:
        data = entry.get(f"{name}-data")
        if data:
            try:
                return base64.b64decode(str(data), validate=True)
            except (binascii.Error, ValueError):
                raise self._wrong(f"has a {name}-data that is no base64") from None
        return self._content(str(entry[name])) if entry.get(name) else None

    def _content(self, name: str) -> bytes:
        try:
            return (self.file.parent / name).read_bytes()
        except OSError as error:
            raise self._wrong(f"names {name}, which cannot be read: {error.strerror}") from None

    def _wrong(self, what: str) -> NoAccess:
        return NoAccess(f"kubeconfig {self.file} {what}")


def _load(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL reads a certificate and its key from files only."""
    with tempfile.TemporaryDirectory() as folder:
        chain, private = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        chain.write_bytes(certificate)
        private.touch(mode=0o600)
        private.write_bytes(key)
        context.load_cert_chain(chain, private)
