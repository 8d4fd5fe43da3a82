"""What pages in a browser need: gRPC-Web, since they cannot speak gRPC, and CORS, since they come from elsewhere."""

from collections.abc import Sequence

from footfall_local.filters import Json, filter_of, type_of

GRPC_WEB = filter_of("grpc_web", "grpc_web.v3.GrpcWeb")
CORS = filter_of("cors", "cors.v3.Cors")

THIS_MACHINE = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?"
"""Origins of pages that were served by this machine, as a regular expression."""

ANY_ORIGIN = "*"

REQUEST_HEADERS = ("content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", "authorization")
"""What a page may send. The first three are what gRPC-Web's libraries send by themselves."""

ANSWER_HEADERS = (
    "grpc-status",
    "grpc-message",
    "grpc-status-details-bin",
    "grpc-retry-pushback-ms",
    "retry-after",
    "footfall-earliest-resume-token",
    "ratelimit-policy",
    "ratelimit",
)
"""What a page may see of an answer beside its body."""

PREFLIGHT_S = 7200
"""How long a browser remembers that it may call. Chromium's own upper bound."""


def cors_policy(origins: Sequence[str] | None) -> Json:
    """Return the part of a virtual host that says whose pages may call.

    Args:
        origins: `https://shop.example` and the like, `*` for any; None for those of this machine.
    """
    if origins is None:
        matches: list[Json] = [{"safe_regex": {"regex": THIS_MACHINE}}]
    elif ANY_ORIGIN in origins:
        matches = [{"safe_regex": {"regex": ".*"}}]
    else:
        matches = [{"exact": origin} for origin in origins]
    return {
        CORS.name: {
            "@type": type_of("extensions.filters.http.cors.v3.CorsPolicy"),
            "allow_origin_string_match": matches,
            # the servers behind know nothing of preflights
            "forward_not_matching_preflights": False,
            "allow_methods": "GET, POST, PATCH, OPTIONS",
            "allow_headers": ", ".join(REQUEST_HEADERS),
            "expose_headers": ", ".join(ANSWER_HEADERS),
            "max_age": str(PREFLIGHT_S),
        }
    }
