import pytest

from footfall.v1 import query_pb2
from footfall_core.problems import InvalidRequest
from footfall_core.report.fields import DIMENSIONS, METRICS
from footfall_server.hosts.call import Call
from footfall_server.hosts.draining import Draining
from footfall_server.query.get_metadata import get_metadata
from tests.gates import everybody


def call() -> Call:
    return Call("/footfall.v1.QueryService/GetMetadata", {}, "", lambda: None, Draining(), everybody({}))


async def test_metadata_name_everything_that_can_be_asked_for_with_its_definition() -> None:
    a_call = call()
    request = query_pb2.GetMetadataRequest(property="properties/shop").SerializeToString()
    response = query_pb2.GetMetadataResponse.FromString(await get_metadata(request, a_call))
    assert a_call.log["property"] == "shop"
    assert [one.api_name for one in response.dimensions] == list(DIMENSIONS)
    assert [one.api_name for one in response.metrics] == list(METRICS)
    assert all(one.description.endswith((".", ").")) for one in (*response.dimensions, *response.metrics))
    scopes = {one.api_name: one.scope for one in (*response.dimensions, *response.metrics)}
    assert scopes["pagePath"] == scopes["event.<param>"] == scopes["eventCount"] == query_pb2.SCOPE_EVENT
    assert scopes["itemName"] == scopes["itemRevenue"] == scopes["itemsViewed"] == query_pb2.SCOPE_ITEM
    assert scopes["country"] == scopes["source"] == query_pb2.SCOPE_ANY
    assert scopes["errorCode"] == scopes["errorWriter"] == scopes["errorCount"] == query_pb2.SCOPE_ERROR
    assert scopes["date"] == scopes["hour"] == scopes["dateRange"] == query_pb2.SCOPE_ALL
    metrics = {one.api_name: one for one in response.metrics}
    assert metrics["itemRevenue"].type == query_pb2.METRIC_TYPE_CURRENCY
    assert {name for name, one in metrics.items() if one.may_be_approximate} == {
        "sessions",
        "totalUsers",
        "activeUsers",
        "transactions",
    }


@pytest.mark.parametrize(
    "request_bytes", [b"\xff\xff", query_pb2.GetMetadataRequest(property="shop").SerializeToString()]
)
async def test_what_is_no_request_of_a_property_is_refused(request_bytes: bytes) -> None:
    with pytest.raises(InvalidRequest):
        await get_metadata(request_bytes, call())
