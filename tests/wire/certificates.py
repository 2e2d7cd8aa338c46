"""A certificate for a webhook server on loopback, as cert-manager would put it into an operator's pod."""

import socket
from pathlib import Path

import trustme


def write_certificate(folder: Path) -> bytes:
    """tls.crt and tls.key, with the names that controller-runtime looks for. Answers their authority, as PEM."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "tls.key")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "tls.crt", append=True)
    return authority.cert_pem.bytes()


def free_port() -> int:
    """For a program that has to be told one. Nobody else should take it, but nothing keeps them from it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
