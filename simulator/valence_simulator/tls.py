# SPDX-License-Identifier: Apache-2.0
"""TLS for the server, with a given or a self-signed certificate."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: The lifetime of a self-signed certificate.
VALIDITY = datetime.timedelta(days=30)


def context(
    host: str, certificate: str | None, key: str | None
) -> ssl.SSLContext:
    """Return the TLS context of the server; self-signed by default.

    :param certificate: the path of a PEM file; it may contain the key.
    :raises OSError, ssl.SSLError: if the files are invalid.
    """
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    result.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        result.load_cert_chain(certificate, key)
        return result
    # ssl can load a certificate only from a file.
    with tempfile.NamedTemporaryFile(suffix='.pem') as file:
        file.write(self_signed(host))
        file.flush()
        result.load_cert_chain(file.name)
    return result


def self_signed(host: str) -> bytes:
    """Return a key and a certificate for a host and localhost, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, 'valence-simulator')]
    )
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectAlternativeName(_names(host)), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [
        x509.DNSName('localhost'),
        x509.IPAddress(ipaddress.ip_address('127.0.0.1')),
    ]
    try:
        address = x509.IPAddress(ipaddress.ip_address(host))
        return names if address in names else [*names, address]
    except ValueError:
        return names if host == 'localhost' else [*names, x509.DNSName(host)]
