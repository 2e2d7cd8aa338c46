"""A certificate authority that is thrown away with the process, and a certificate for the addresses served."""

import socket
import ssl
from contextlib import suppress
from typing import Final

import trustme

ANY: Final = ("0.0.0.0", "::", "")


def certify(host: str) -> tuple[ssl.SSLContext, bytes]:
    """A server's TLS context for this host, and the CA's certificate as PEM for its clients.

    For "any address" the certificate names this machine and every address that its name resolves to.
    """
    names = {"localhost": None, "127.0.0.1": None, "::1": None, socket.gethostname(): None}
    if host in ANY:
        with suppress(OSError):
            names |= {str(found[4][0]): None for found in socket.getaddrinfo(socket.gethostname(), None)}
    else:
        names[host] = None
    authority = trustme.CA()
    certificate = authority.issue_cert(*(name for name in names if name))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context, authority.cert_pem.bytes()
