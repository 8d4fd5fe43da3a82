"""REST with JSON in front of gRPC: Envoy's transcoder, and what it leaves to be done.

Paths are those of the contracts' `google.api.http` annotations. Field names are lowerCamelCase in answers, either form
in requests; 64-bit integers are strings, enums names, as protobuf's JSON mapping says.
"""

import base64
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from footfall_core.limits import MAX_REQUEST_BYTES
from footfall_core.report.limits import MAX_ANSWER_BYTES
from footfall_local.filters import Filter, filter_of, lua_filter

LARGEST_ANSWER = 8 * MAX_ANSWER_BYTES
"""Bytes of an answer and of the JSON that is made of it, since the gateway holds both. A metric of one digit takes 4
bytes in the one and 21 in the other, so that what a server may answer is never too large here."""


def contracts() -> bytes:
    """Return the public contracts with their annotations: a `FileDescriptorSet` that `protos/generate.py` made."""
    return files("footfall_local").joinpath("contracts.binpb").read_bytes()


def openapi() -> str:
    """Return the OpenAPI document, which `protos/openapi.py` made of the same contracts."""
    return files("footfall_local").joinpath("openapi.yaml").read_text()


def rest_filters(services: Sequence[str]) -> tuple[Filter, ...]:
    """Return the filters that a request for a path under `/v1/` passes, in order.

    Args:
        services: full names of the services that this gateway has servers for.
    """
    return (
        # the whole body is read before the first byte of it goes on, so this is what the limit is measured on
        filter_of("buffer", "buffer.v3.Buffer", max_request_bytes=MAX_REQUEST_BYTES),
        lua_filter("rest", "\n".join(_schema(services))),
        filter_of(
            "grpc_json_transcoder",
            "grpc_json_transcoder.v3.GrpcJsonTranscoder",
            proto_descriptor_bin=base64.b64encode(contracts()).decode(),
            services=list(services),
            convert_grpc_status=True,
            print_options={"stream_newline_delimited": True},
            request_validation_options={
                "reject_unknown_method": True,
                "reject_unknown_query_parameters": True,
                "reject_binding_body_field_collisions": True,
            },
            max_request_body_size=MAX_REQUEST_BYTES,
            max_response_body_size=LARGEST_ANSWER,
        ),
        lua_filter("ratelimit", ""),
    )


def _schema(services: Sequence[str]) -> Iterator[str]:
    """Yield the lines of Lua that say which JSON fields there are: what the transcoder would drop is refused."""
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(contracts()).file:
        pool.AddSerializedFile(file.SerializeToString())
    seen: dict[str, Descriptor] = {}
    for name in services:
        for method in pool.FindServiceByName(name).methods:
            rule = _rule(method)
            if method.server_streaming and rule.get:
                yield f"STREAMS[#STREAMS + 1] = {_lua_pattern(rule.get)!r}"
            if rule.body == "*":
                verb = rule.WhichOneof("pattern")
                request = f"method = {verb.upper()!r}, path = {_lua_pattern(getattr(rule, verb))!r}"
                yield f"REQUESTS[#REQUESTS + 1] = {{{request}, message = {_name(method)!r}}}"
                _gather(method.input_type, seen)
    for name, message in seen.items():
        fields = {spelling: _shape(field) for field in message.fields for spelling in (field.json_name, field.name)}
        allowed = ", ".join(field.json_name for field in message.fields)
        entries = ", ".join(f"[{spelling!r}] = {shape}" for spelling, shape in fields.items())
        yield f"MESSAGES[{name!r}] = {{allowed = {allowed!r}, fields = {{{entries}}}}}"


def _name(method: MethodDescriptor) -> str:
    return str(method.input_type.full_name)


def _rule(method: MethodDescriptor) -> http_pb2.HttpRule:
    rule: http_pb2.HttpRule = method.GetOptions().Extensions[annotations_pb2.http]
    return rule


def _lua_pattern(template: str) -> str:
    """Return `/v1/{property=properties/*}/events:write` as a pattern of Lua."""
    path = re.sub(r"\{[\w.]+=([^}]*)\}", r"\1", template)
    return f"^{path.replace('-', '%-').replace('*', '[^/]+')}$"


def _gather(message: Descriptor, seen: dict[str, Descriptor]) -> None:
    if message.full_name in seen or message.full_name.startswith("google.protobuf."):
        return
    seen[message.full_name] = message
    for field in message.fields:
        if field.message_type is not None and not _is_map(field):
            _gather(field.message_type, seen)


def _shape(field: FieldDescriptor) -> str:
    """Return what a field's JSON is, as a table of Lua."""
    message = field.message_type
    entries = [f"name = {field.json_name!r}"]
    if _is_map(field):
        entries.append("map = true")
    else:
        if message is not None and message.full_name.startswith("google.protobuf."):
            entries.append("free = true")
        elif message is not None:
            entries.append(f"message = {message.full_name!r}")
        if field.is_repeated:
            entries.append("list = true")
    return f"{{{', '.join(entries)}}}"


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)
