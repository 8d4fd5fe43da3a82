"""The gateway's certificate and key: what is checked before anything starts, and what Envoy and its probe are told."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall_local.probes import TIMEOUT_S, Probe
from footfall_local.problems import RequirementMissingError
from footfall_local.settings import LocalSettings

Json = dict[str, Any]

CERTIFICATE, KEY = "FOOTFALL_LOCAL_TLS_CERTIFICATE", "FOOTFALL_LOCAL_TLS_KEY"
PROTOCOLS = ("h2", "http/1.1")
"""What the gateway offers by ALPN; gRPC needs the first."""


@dataclass(frozen=True)
class TlsFiles:
    """Where the gateway's certificate and key are, both as PEM."""

    certificate: Path
    """The certificate, and behind it those that lead to a root, if there are any."""
    key: Path
    """Its private key, without a passphrase."""


def find_tls(settings: LocalSettings) -> TlsFiles | None:
    """Return the files that are set, or None for plain text.

    Raises:
        RequirementMissingError: only one is set, one cannot be read, or they do not belong together.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        missing, given = (CERTIFICATE, KEY) if certificate is None else (KEY, CERTIFICATE)
        raise RequirementMissingError(f"{given} is set without {missing}; TLS needs both, plain text neither.")
    for variable, file in ((CERTIFICATE, certificate), (KEY, key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise RequirementMissingError(f"{variable}: {file} cannot be read: {error.strerror}.") from None
    files = TlsFiles(certificate.resolve(), key.resolve())
    _check_pair(files)
    return files


def _check_pair(files: TlsFiles) -> None:
    def no_passphrase() -> str:
        raise RequirementMissingError(f"{KEY}: the key has a passphrase; the gateway takes only a key without one.")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(files.certificate, files.key, no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise RequirementMissingError(f"{KEY}: the key is not that of the certificate in {CERTIFICATE}.") from None
        raise RequirementMissingError(
            f"{CERTIFICATE} and {KEY}: these are no certificate and private key; both must be PEM files."
        ) from None


def transport_socket(files: TlsFiles) -> Json:
    """Return the part of a listener that speaks TLS."""
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "alpn_protocols": list(PROTOCOLS),
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": str(files.certificate)},
                        "private_key": {"filename": str(files.key)},
                    }
                ],
            },
        },
    }


def tls_answered(host: str, port: int) -> Probe:
    """Ready when a handshake ends with HTTP/2. Whom the certificate names is the clients' to check."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([PROTOCOLS[0]])

    async def ask() -> bool:
        _, writer = await asyncio.open_connection(host, port, ssl=context)
        try:
            return bool(writer.get_extra_info("ssl_object").selected_alpn_protocol() == PROTOCOLS[0])
        finally:
            writer.close()

    async def probe() -> bool:
        try:
            return await asyncio.wait_for(ask(), TIMEOUT_S)
        except (OSError, TimeoutError):
            return False

    return probe
