"""Envoy's configuration: one HTTP/2 listener for all gRPC services. `deploy/` uses the same with other addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

ROUTES = (
    ("/footfall.v1.IngestService/", "ingest"),
    ("/footfall.v1.QueryService/", "query"),
    ("/footfall.v1.ErrorService/", "errors"),
    ("/grpc.health.v1.Health/", "ingest"),
    ("/grpc.reflection.v1.ServerReflection/", "ingest"),
    ("/grpc.reflection.v1alpha.ServerReflection/", "ingest"),
)
"""Path prefix and cluster. All else is answered UNIMPLEMENTED."""

NEVER = "0s"

MOST_CONNECTIONS = 50_000
"""From clients; without a bound Envoy warns, and runs out of file descriptors instead."""


@dataclass(frozen=True)
class GatewayPlan:
    """Where the gateway listens and whom it calls; addresses are `host:port`."""

    address: str
    admin_address: str
    clusters: Mapping[str, Sequence[str]]
    """Addresses of each cluster's servers."""


def configuration(plan: GatewayPlan) -> Json:
    """Return Envoy's whole configuration."""
    return {
        "admin": {"address": _socket(plan.admin_address)},
        "static_resources": {
            "listeners": [_listener(plan)],
            "clusters": [_cluster(name, addresses) for name, addresses in plan.clusters.items()],
        },
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": _type(
                            "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
                        ),
                        "max_active_downstream_connections": MOST_CONNECTIONS,
                    },
                }
            ]
        },
    }


def _listener(plan: GatewayPlan) -> Json:
    manager = {
        "@type": _type("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "gateway",
        # gRPC is HTTP/2 with prior knowledge; AUTO would also take HTTP/1
        "codec_type": "HTTP2",
        "http2_protocol_options": {
            # room for several requests of 4 MiB on one connection without a pause between window updates
            "initial_stream_window_size": 4 * 1024 * 1024,
            "initial_connection_window_size": 16 * 1024 * 1024,
            "max_concurrent_streams": 1000,
            "connection_keepalive": {"interval": "30s", "timeout": "10s"},
        },
        # a stream may be silent for hours: StreamErrors on a quiet property, StreamEvents at night
        "stream_idle_timeout": NEVER,
        # connections without a stream are closed after an hour, and clients open another when they need it
        "common_http_protocol_options": {"idle_timeout": "3600s"},
        # the peer's address is the server's to see: it gives the geography
        "use_remote_address": True,
        "generate_request_id": True,
        "route_config": {
            "name": "services",
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": _routes(plan)}],
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": _type("extensions.filters.http.router.v3.Router")},
            }
        ],
    }
    return {
        "name": "gateway",
        "address": _socket(plan.address),
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def _routes(plan: GatewayPlan) -> list[Json]:
    return [_route(prefix, cluster) for prefix, cluster in ROUTES if cluster in plan.clusters]


def _route(prefix: str, cluster: str) -> Json:
    return {
        "match": {"prefix": prefix, "grpc": {}},
        "route": {
            "cluster": cluster,
            # Envoy's own deadline of 15 s would cut streams, and requests whose caller is willing to wait longer
            "timeout": NEVER,
            # 0 here means: the caller's deadline holds as it is, and without one there is none
            "max_stream_duration": {"grpc_timeout_header_max": NEVER},
            "retry_policy": {
                # only where the server can't have seen the request: another try is then no second one
                "retry_on": "connect-failure,refused-stream,reset-before-request",
                "num_retries": 2,
                "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
                "retry_host_predicate": [
                    {
                        "name": "envoy.retry_host_predicates.previous_hosts",
                        "typed_config": {
                            "@type": _type("extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate")
                        },
                    }
                ],
                # each picks at random: with two servers, three would pick the dead one again now and then
                "host_selection_retry_max_attempts": 20,
            },
        },
    }


def _cluster(name: str, addresses: Sequence[str]) -> Json:
    protocol = {
        "@type": _type("extensions.upstreams.http.v3.HttpProtocolOptions"),
        "explicit_http_config": {
            "http2_protocol_options": {
                "initial_stream_window_size": 4 * 1024 * 1024,
                "initial_connection_window_size": 16 * 1024 * 1024,
                # rarer than the five minutes that gRPC servers allow would be too late, so servers must allow this
                "connection_keepalive": {"interval": "30s", "timeout": "10s"},
            }
        },
    }
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket(address)}} for address in addresses]}],
        },
        "health_checks": [
            {
                "timeout": "1s",
                "interval": "1s",
                # without traffic Envoy would ask once a minute
                "no_traffic_interval": "1s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {},
            }
        ],
        # a server that drains says so by its health, and its connections end at once when it has
        "ignore_health_on_host_removal": True,
        "common_lb_config": {
            # never send to servers that say NOT_SERVING: the caller's retry is better than their refusal
            "healthy_panic_threshold": {"value": 0}
        },
        "outlier_detection": {
            # only failures to connect or to answer at all; a status that our server chose is not its fault
            "split_external_local_origin_errors": True,
            "consecutive_local_origin_failure": 3,
            "enforcing_consecutive_5xx": 0,
            "enforcing_consecutive_gateway_failure": 0,
            "enforcing_success_rate": 0,
            "enforcing_local_origin_success_rate": 0,
            "enforcing_failure_percentage": 0,
            "interval": "1s",
            "base_ejection_time": "5s",
            "max_ejection_time": "30s",
            "max_ejection_percent": 50,
        },
        "circuit_breakers": {
            # our servers bound what they take themselves, and say so with a status that tells when to retry
            "thresholds": [{"max_connections": 1024, "max_pending_requests": 10_000, "max_requests": 100_000}]
        },
    }


def _type(name: str) -> str:
    return f"type.googleapis.com/envoy.{name}"


def _socket(address: str) -> Json:
    host, _, port = address.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
