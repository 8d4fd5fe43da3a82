-- What is left of a quota stands behind a gRPC answer, in its trailers; JSON over HTTP has it in front, as headers.
--
-- The transcoder holds back all of an answer that is one message anyway, so waiting here for its end costs nothing. A
-- stream has no end to wait for. A status without an answer has everything in its headers already.

local FIELDS = {"ratelimit-policy", "ratelimit"}

function envoy_on_response(handle)
  local of_request = handle:streamInfo():dynamicMetadata():get("footfall.rest")
  if (of_request and of_request["stream"]) or handle:headers():get("grpc-status") then
    return
  end
  handle:body()
  local trailers = handle:trailers()
  if not trailers then
    return
  end
  local headers = handle:headers()
  for _, name in ipairs(FIELDS) do
    local value = trailers:get(name)
    if value then
      headers:replace(name, value)
      trailers:remove(name)
    end
  end
end
