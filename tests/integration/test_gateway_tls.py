"""The gateway with a certificate, tried on a real Envoy."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest
import pytest_asyncio
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio

from footfall_local.envoy import GatewayPlan
from footfall_local.ports import LOOPBACK
from footfall_local.tls import TlsFiles, tls_answered
from tests.integration.before_servers import addresses, envoy

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Gateway:
    address: str
    plain: str
    authority: trustme.CA

    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    authority = trustme.CA()
    issued = authority.issue_cert(LOOPBACK, "localhost")
    files = TlsFiles(folder / "certificate.pem", folder / "key.pem")
    files.certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    files.key.write_bytes(issued.private_key_pem.bytes())
    at = addresses("gateway", "admin", "server")
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    health = aio.HealthServicer()
    for name in ("", "footfall.v1.QueryService"):
        await health.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    server.add_insecure_port(at["server"])
    await server.start()
    async with envoy(GatewayPlan(at["gateway"], at["admin"], {"query": [at["server"]]}, tls=files), folder):
        yield Gateway(at["gateway"], at["admin"], authority)
    await server.stop(None)


async def test_grpc_and_http_1_are_served_with_the_certificate(gateway: Gateway) -> None:
    trusted = grpc.ssl_channel_credentials(gateway.authority.cert_pem.bytes())
    async with grpc.aio.secure_channel(gateway.address, trusted, [("grpc.enable_http_proxy", 0)]) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    context = ssl.create_default_context(cadata=gateway.authority.cert_pem.bytes().decode())
    async with httpx.AsyncClient(verify=context, trust_env=False) as http:
        assert (await http.get(f"https://{gateway.address}/openapi.yaml")).http_version == "HTTP/1.1"


async def test_who_does_not_trust_the_authority_gets_nowhere(gateway: Gateway) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(f"https://{gateway.address}/openapi.yaml")


async def test_plain_text_is_not_answered(gateway: Gateway) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.HTTPError):
            await http.get(f"http://{gateway.address}/openapi.yaml")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "answered"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
async def test_nothing_older_than_tls_1_2_is_spoken(gateway: Gateway, version: ssl.TLSVersion, answered: bool) -> None:
    context = ssl.create_default_context(cadata=gateway.authority.cert_pem.bytes().decode())
    context.minimum_version = context.maximum_version = version
    # otherwise OpenSSL itself would not begin with the old version
    context.set_ciphers("ALL:@SECLEVEL=0")
    refused = ""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, gateway.port(), ssl=context)
        writer.close()
    except ssl.SSLError as error:
        refused = error.reason
    assert refused == ("" if answered else "TLSV1_ALERT_PROTOCOL_VERSION")


async def test_the_probe_of_the_local_stack_copes_with_any_certificate(gateway: Gateway) -> None:
    assert await tls_answered(LOOPBACK, gateway.port())()
    # a listener in plain text, and none at all
    assert not await tls_answered(LOOPBACK, int(gateway.plain.rpartition(":")[2]))()
    assert not await tls_answered(LOOPBACK, 1)()
