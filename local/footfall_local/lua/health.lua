-- grpc.health.v1.Health/Check through the gateway: asked of a service, that service's servers answer; asked of "",
-- which is the whole gateway, one server answers when servers of every kind said that they serve.

local CLUSTERS, ALL = {}, {}
-- CONTRACTS: lines like these two are put here
-- CLUSTERS["footfall.v1.IngestService"] = "ingest"
-- ALL[1] = {cluster = "ingest", service = "footfall.v1.IngestService"}

local CHECK = "/grpc.health.v1.Health/Check"
local ROUTED_BY = "x-footfall-cluster"
local ANY = "any"
local TIMEOUT_MS = 1000
local SERVING = "\8\1"
local LONGEST = 120

-- A HealthCheckRequest has one field: number 1, a string. With at most 120 characters its length is one byte.
local function service_of(frame)
  local message = string.sub(frame, 6)
  if string.byte(frame, 1) ~= 0 then
    return nil
  end
  if message == "" then
    return ""
  end
  local tag, length = string.byte(message, 1, 2)
  if tag ~= 10 or not length or length > LONGEST or #message ~= length + 2 then
    return nil
  end
  return string.sub(message, 3)
end

local function frame_of(service)
  local message = "\10" .. string.char(#service) .. service
  return "\0\0\0\0" .. string.char(#message) .. message
end

local function serves(handle, kind)
  local headers, body = handle:httpCall(kind.cluster, {
    [":method"] = "POST",
    [":path"] = CHECK,
    [":authority"] = "gateway",
    ["content-type"] = "application/grpc",
    ["te"] = "trailers",
  }, frame_of(kind.service), TIMEOUT_MS)
  return headers[":status"] == "200" and body and string.sub(body, 6) == SERVING
end

function envoy_on_request(handle)
  local body = handle:body()
  local service = body and service_of(body:getBytes(0, body:length()))
  if service == "" then
    for _, kind in ipairs(ALL) do
      if not serves(handle, kind) then
        return handle:respond({[":status"] = "503"}, "No server of " .. kind.service .. " is serving.")
      end
    end
  end
  -- a name that is not ours, and what could not be read, is any server's to answer
  handle:headers():replace(ROUTED_BY, CLUSTERS[service] or ANY)
  handle:clearRouteCache()
end
