"""Asks a part whether it is ready, in its own protocol: an open port alone says too little."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from grpc_health.v1 import health_pb2, health_pb2_grpc

TIMEOUT_S = 2.0

Probe = Callable[[], Awaitable[bool]]
"""Says whether a part is ready. Ends within a few seconds and never raises for a part that isn't."""


def http_ok(url: str) -> Probe:
    """Ready when a GET answers 200."""

    async def probe() -> bool:
        # The machine's proxy settings are for the world outside. Nothing is encrypted here, and loading the trusted
        # certificates, several times a second while parts start, would take a fifth of a core.
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=False) as client:  # noqa: S501
            try:
                return (await client.get(url)).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

    return probe


def grpc_serving(address: str) -> Probe:
    """Ready when the gRPC health service says SERVING for the whole server."""

    async def probe() -> bool:
        async with grpc.aio.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            try:
                answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    return probe


def line_answered(host: str, port: int, question: bytes, answer: bytes) -> Probe:
    """Ready when a short question over TCP gets an answer that starts as given (Redis, ZooKeeper)."""

    async def ask() -> bool:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(question)
            return (await reader.read(len(answer))).startswith(answer)
        finally:
            writer.close()

    async def probe() -> bool:
        try:
            return await asyncio.wait_for(ask(), TIMEOUT_S)
        except (OSError, TimeoutError):
            return False

    return probe


def kafka_answers(bootstrap_servers: str) -> Probe:
    """Ready when a broker lists its topics."""

    def ask() -> bool:
        # librdkafka logs each refused connection, and a part that is still starting refuses them all
        client = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
        try:
            return bool(client.list_topics(timeout=TIMEOUT_S).brokers)
        except KafkaException:
            return False

    async def probe() -> bool:
        return await asyncio.to_thread(ask)

    return probe


async def always() -> bool:
    """Ready as soon as it runs."""
    return True
