"""Envoy's HTTP filters: each is off unless a route turns it on, so that plain gRPC passes none but the router."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

Json = dict[str, Any]

PLACE = "-- CONTRACTS:"


@dataclass(frozen=True)
class Filter:
    """An HTTP filter with its configuration."""

    name: str
    """Its name in this configuration, by which routes turn it on."""
    configuration: Json

    def entry(self) -> Json:
        """Return the filter as one of a listener's, off by default."""
        return {"name": self.name, "typed_config": self.configuration, "disabled": True}


def filter_of(name: str, kind: str, /, **configuration: Any) -> Filter:
    """Return a filter by its name and the type of its configuration, both without what all of them begin with."""
    return Filter(f"envoy.filters.http.{name}", {"@type": type_of(f"extensions.filters.http.{kind}"), **configuration})


def lua_filter(name: str, tables: str) -> Filter:
    """Return a filter that runs one of our scripts.

    Args:
        name: the script's name in `lua/`.
        tables: lines of Lua with what the script is to know; they take the place that it marks.
    """
    script = files("footfall_local").joinpath("lua", f"{name}.lua").read_text()
    before, mark, after = script.partition(PLACE)
    code = f"{before}{tables}\n{mark}{after}"
    kind = type_of("extensions.filters.http.lua.v3.Lua")
    return Filter(f"footfall.{name}", {"@type": kind, "default_source_code": {"inline_string": code}})


def turned_on(filters: Iterable[Filter]) -> Json:
    """Return the part of a route that turns filters on."""
    return {each.name: {"@type": type_of("config.route.v3.FilterConfig"), "config": {}} for each in filters}


def type_of(name: str) -> str:
    """Return the type URL of one of Envoy's messages."""
    return f"type.googleapis.com/envoy.{name}"
