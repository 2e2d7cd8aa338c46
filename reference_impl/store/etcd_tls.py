"""TLS to an etcd: whose certificate it must show, what is shown to it, and what to do when that does not work out.

The three files are those of etcdctl (`--cacert`, `--cert`, `--key`); without an authority the system's are trusted.
etcd asks for a client's certificate if it was started with `--client-cert-auth`.

Source: https://etcd.io/docs/v3.6/op-guide/security/
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reference_impl.store.port import StoreUnusable

_CERTIFICATE: Final = "if it asks for a client's certificate, name one that its authority signed, and its key"
_NO_TLS: Final = "it does not speak TLS: use http:// in its address"
_ADVICE: Final = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "name the authority that signed its certificate, and the address that it is made for",
    ),
    ("CERTIFICATE_REQUIRED", _CERTIFICATE),
    ("BAD_CERTIFICATE", _CERTIFICATE),
    ("UNKNOWN_CA", _CERTIFICATE),
    ("EOF occurred in violation of protocol", f"{_CERTIFICATE}; if it does not speak TLS, use http:// in its address"),
    ("WRONG_VERSION_NUMBER", _NO_TLS),
    ("RECORD_LAYER_FAILURE", _NO_TLS),
    ("HTTP request to an HTTPS server", "it speaks TLS: use https:// in its address"),
    ("closed connection without response", "if it speaks TLS, use https:// in its address"),
    ("reset by peer", "if it speaks TLS, use https:// in its address, and name a certificate if it asks for one"),
)
"""What OpenSSL (1.1.1 and later), http.client or etcd says, and what to do. An etcd that does not like what it is shown
closes the connection, mostly without saying why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdTls:
    """Paths of PEM files, each None if it is not given."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Raises StoreUnusable."""
        if (self.certificate is None) != (self.key is None):
            given, lacks = ("certificate", "its key") if self.key is None else ("key", "its certificate")
            raise StoreUnusable(f"a client's {given} ({self.certificate or self.key}) is of no use without {lacks}")
        context = ssl.create_default_context()
        if self.authority is not None:
            # Only this one: whoever names an authority does not mean all the others as well.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            _load("certificate authority", self.authority, lambda: context.load_verify_locations(self.authority))
        if self.certificate is not None and self.key is not None:
            certificate, key = self.certificate, self.key
            for path in (certificate, key):
                _load("client certificate or key", path, path.read_bytes)
            _load("client certificate and key", certificate, lambda: context.load_cert_chain(certificate, key))
        return context


def _load(what: str, path: Path, load: Callable[[], object]) -> None:
    try:
        load()
    except ssl.SSLError as error:
        reason = error.reason or str(error)
        raise StoreUnusable(f"{what} {path} cannot be used ({reason}): PEM is needed") from None
    except OSError as error:
        raise StoreUnusable(f"{what} {path} cannot be read: {error.strerror}") from None


def advice(reason: str) -> str:
    """What to do about an etcd that did not answer."""
    return next((told for sign, told in _ADVICE if sign in reason), "start etcd, or correct the address")
