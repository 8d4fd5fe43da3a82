"""The OpenAPI document is valid and says what the contracts say; `make check` sees that it is not stale."""

import re
from typing import Any

import pytest
import yaml
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from openapi_spec_validator import validate

from footfall_local.rest import contracts, openapi
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(openapi())
    return found


def methods() -> list[tuple[str, str, str]]:
    """Return name, verb and path of every method that has a path, as the contracts say."""
    found = []
    for file in FileDescriptorSet.FromString(contracts()).file:
        for service in file.service:
            for method in service.method:
                rule = method.options.Extensions[annotations_pb2.http]
                verb = rule.WhichOneof("pattern")
                if verb is not None:
                    path = re.sub(r"\{[\w.]+=((?:properties|reprocessings)/[^}]*)\}", r"\1", getattr(rule, verb))
                    path = path.replace("properties/*", "properties/{property}").replace("keys/*", "keys/{key}")
                    path = path.replace("reprocessings/*", "reprocessings/{reprocessing}")
                    found.append((f"{service.name}_{method.name}", verb, path))
                else:
                    # a stream in both directions has no place in HTTP/1.1
                    assert method.client_streaming, method.name
    return found


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_it_has_the_path_of_every_method_and_no_other(document: dict[str, Any]) -> None:
    described = [
        (operation["operationId"], verb, path)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    ]
    assert len(described) == 23
    assert sorted(described) == sorted(methods())


def test_descriptions_are_the_contracts_own_comments(document: dict[str, Any]) -> None:
    comment = re.compile(r"^ *// ?", re.MULTILINE)
    text = "".join(comment.sub("", file.read_text()) for file in (ROOT / "protos/footfall/v1").glob("*.proto"))
    for verbs in document["paths"].values():
        for operation in verbs.values():
            assert operation["description"] in text
    event = document["components"]["schemas"]["footfall.v1.Event"]["properties"]
    assert event["clientId"]["description"] in text
    assert event["timestampMicros"]["type"] == "string"


def test_a_stream_is_one_message_a_line(document: dict[str, Any]) -> None:
    answer = document["paths"]["/v1/properties/{property}/errors:stream"]["get"]["responses"]["200"]
    (kind,) = answer["content"]
    assert kind == "application/x-ndjson"
    assert answer["content"][kind]["schema"] == {"$ref": "#/components/schemas/footfall.v1.StreamErrorsResponse"}


def test_errors_are_described_as_they_come(document: dict[str, Any]) -> None:
    for verbs in document["paths"].values():
        for operation in verbs.values():
            schema = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/google.rpc.Status"}
