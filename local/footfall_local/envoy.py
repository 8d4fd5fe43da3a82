"""Envoy's configuration: one listener for gRPC, gRPC-Web and JSON, in HTTP/2 and HTTP/1.1.

`deploy/` uses the same with other addresses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from footfall_local.answers import come_again
from footfall_local.browsers import CORS, GRPC_WEB, cors_policy
from footfall_local.filters import Filter, Json, lua_filter, turned_on, type_of
from footfall_local.rest import openapi, rest_filters
from footfall_local.tls import TlsFiles, transport_socket

SERVICES = {
    "ingest": "footfall.v1.IngestService",
    "query": "footfall.v1.QueryService",
    "errors": "footfall.v1.ErrorService",
    "admin": "footfall.v1.AdminService",
}
"""Which cluster's servers have which service."""

ANY = "any"
"""The cluster of all servers: for what each of them can answer."""

REFLECTION = ("/grpc.reflection.v1.ServerReflection/", "/grpc.reflection.v1alpha.ServerReflection/")
HEALTH = "/grpc.health.v1.Health/Check"
REST = "/v1/"
OPENAPI = "/openapi.yaml"

NEVER = "0s"

MOST_CONNECTIONS = 50_000
"""From clients; without a bound Envoy warns, and runs out of file descriptors instead."""

LARGEST_DOCUMENT = 1024 * 1024
"""Of those that Envoy holds in its configuration; the default is 4 KiB."""


@dataclass(frozen=True)
class GatewayPlan:
    """Where the gateway listens and whom it calls; addresses are `host:port`."""

    address: str
    admin_address: str
    clusters: Mapping[str, Sequence[str]]
    """Addresses of each cluster's servers, by the names of `SERVICES`."""
    tls: TlsFiles | None = None
    """Certificate and key. None: plain text."""
    origins: Sequence[str] | None = None
    """Origins whose pages may call from a browser, `*` for any. None: those of this machine."""


def configuration(plan: GatewayPlan) -> Json:
    """Return Envoy's whole configuration."""
    return {
        "admin": {"address": _socket(plan.admin_address)},
        "static_resources": {
            "listeners": [_listener(plan)],
            "clusters": [
                *(_cluster(name, addresses) for name, addresses in plan.clusters.items()),
                *([_any_of(tuple(plan.clusters))] if plan.clusters else []),
            ],
        },
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": type_of(
                            "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
                        ),
                        "max_active_downstream_connections": MOST_CONNECTIONS,
                    },
                }
            ]
        },
    }


def _listener(plan: GatewayPlan) -> Json:
    rest = rest_filters([SERVICES[cluster] for cluster in plan.clusters]) if plan.clusters else ()
    health = lua_filter("health", "\n".join(_health_tables(plan)))
    host = {
        "name": "all",
        "domains": ["*"],
        "routes": _routes(plan, rest, health),
        "typed_per_filter_config": cors_policy(plan.origins),
    }
    manager = {
        "@type": type_of("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "gateway",
        # HTTP/2 also with prior knowledge, as gRPC speaks it without TLS; HTTP/1.1 for curl and browsers
        "codec_type": "AUTO",
        "http2_protocol_options": {
            # room for several requests of 4 MiB on one connection without a pause between window updates
            "initial_stream_window_size": 4 * 1024 * 1024,
            "initial_connection_window_size": 16 * 1024 * 1024,
            "max_concurrent_streams": 1000,
            "connection_keepalive": {"interval": "30s", "timeout": "10s"},
        },
        # a stream may be silent for hours: StreamErrors on a quiet property, StreamEvents at night
        "stream_idle_timeout": NEVER,
        "request_headers_timeout": "10s",
        # connections without a stream are closed after an hour, and clients open another when they need it
        "common_http_protocol_options": {"idle_timeout": "3600s"},
        # the peer's address is the server's to see: it gives the geography
        "use_remote_address": True,
        "generate_request_id": True,
        "route_config": {
            "name": "services",
            "virtual_hosts": [host],
            "max_direct_response_body_size_bytes": LARGEST_DOCUMENT,
        },
        "local_reply_config": {"mappers": [come_again()]},
        "http_filters": [
            *(each.entry() for each in (CORS, GRPC_WEB, health, *rest)),
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": type_of("extensions.filters.http.router.v3.Router")},
            },
        ],
    }
    chain: Json = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    if plan.tls is not None:
        chain["transport_socket"] = transport_socket(plan.tls)
    return {
        "name": "gateway",
        "address": _socket(plan.address),
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "filter_chains": [chain],
    }


def _health_tables(plan: GatewayPlan) -> list[str]:
    """Return the lines of Lua that say which cluster answers for which service."""
    tables = []
    for cluster in plan.clusters:
        service = SERVICES[cluster]
        tables.append(f"CLUSTERS[{service!r}] = {cluster!r}")
        tables.append(f"ALL[#ALL + 1] = {{cluster = {cluster!r}, service = {service!r}}}")
    return tables


def _routes(plan: GatewayPlan, rest: Sequence[Filter], health: Filter) -> list[Json]:
    nothing = {"match": {"prefix": "/"}, "direct_response": {"status": 404}}
    if not plan.clusters:
        return [nothing]
    asks_first = [
        {"name": ":method", "string_match": {"exact": "OPTIONS"}},
        {"name": "access-control-request-method", "present_match": True},
    ]
    # answered by the filter for CORS, which does so only for routes to a cluster
    routes: list[Json] = [{"match": {"prefix": "/", "headers": asks_first}, "route": _to(ANY)}]
    for cluster in plan.clusters:
        prefix = f"/{SERVICES[cluster]}/"
        routes.append({"match": {"prefix": prefix, "grpc": {}}, "route": _to(cluster)})
        from_a_page = {"name": "content-type", "string_match": {"prefix": "application/grpc-web"}}
        routes.append(
            {
                "match": {"prefix": prefix, "headers": [from_a_page]},
                "route": _to(cluster),
                "typed_per_filter_config": turned_on([GRPC_WEB]),
            }
        )
    routes += [{"match": {"prefix": prefix, "grpc": {}}, "route": _to(ANY)} for prefix in REFLECTION]
    by_service = {key: value for key, value in _to(ANY).items() if key != "cluster"}
    routes += [
        {
            "match": {"path": HEALTH, "grpc": {}},
            # the script says which
            "route": {**by_service, "cluster_header": "x-footfall-cluster"},
            "typed_per_filter_config": turned_on([health]),
        },
        # what the transcoder knows goes on under the method's own path; the rest it refuses itself
        {"match": {"prefix": REST}, "route": _to(ANY), "typed_per_filter_config": turned_on(rest)},
        {
            "match": {"path": OPENAPI},
            "direct_response": {"status": 200, "body": {"inline_string": openapi()}},
            "response_headers_to_add": [
                {
                    "header": {"key": "content-type", "value": "application/yaml"},
                    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                }
            ],
        },
        nothing,
    ]
    return routes


def _to(cluster: str) -> Json:
    return {
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
                        "@type": type_of("extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate")
                    },
                }
            ],
            # each picks at random: with two servers, three would pick the dead one again now and then
            "host_selection_retry_max_attempts": 20,
        },
    }


def _any_of(names: Sequence[str]) -> Json:
    """Return the cluster of all servers: those of the first that has a healthy one."""
    kind = "extensions.clusters.aggregate.v3.ClusterConfig"
    return {
        "name": ANY,
        "connect_timeout": "1s",
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": {
            "name": "envoy.clusters.aggregate",
            "typed_config": {"@type": type_of(kind), "clusters": list(names)},
        },
    }


def _cluster(name: str, addresses: Sequence[str]) -> Json:
    protocol = {
        "@type": type_of("extensions.upstreams.http.v3.HttpProtocolOptions"),
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


def _socket(address: str) -> Json:
    host, _, port = address.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
