-- JSON over HTTP, before and after Envoy's transcoder has had its turn.
--
-- The transcoder drops JSON fields that a message does not have, and takes text that is no JSON; it also takes paths
-- with empty parts. Nothing may be cut short silently, so requests are read here first. It also answers its own refusals as plain text, and knows nothing
-- of Retry-After.

local REQUESTS, STREAMS, MESSAGES = {}, {}, {}
-- CONTRACTS: lines like these, made from the contracts, are put here
-- REQUESTS[1] = {method = "POST", path = "^/v1/properties/[^/]+/events:write$", message = "footfall.v1.WriteEventsRequest"}
-- STREAMS[1] = "^/v1/properties/[^/]+/errors:stream$"
-- MESSAGES["footfall.v1.Event"] = {allowed = "clientId, items", fields = {
--   clientId = {name = "clientId"}, client_id = {name = "clientId"},
--   items = {name = "items", message = "footfall.v1.Item", list = true}}}
-- `free` are fields whose JSON the contracts leave open; `map` are objects with any names.

local NAME = "footfall.rest"
local DEEPEST = 100

local find, sub, byte, gsub, format = string.find, string.sub, string.byte, string.gsub, string.format
local char, floor = string.char, math.floor

local CODES = {
  [400] = 3, [404] = 5, [405] = 12, [408] = 4, [413] = 8, [429] = 8, [431] = 8, [500] = 13, [502] = 14, [503] = 14,
  [504] = 4,
}

local SENTENCES = {
  [413] = "The request is too large; allowed are 4 MiB.",
  [503] = "No server can take the request now; try again.",
}

local OF_GRPC = {"grpc-status", "grpc-message", "grpc-accept-encoding", "grpc-retry-pushback-ms"}

local function quoted(text)
  local escaped = gsub(gsub(text, '[\\"]', "\\%0"), "[%z\1-\31\127]", function(c) return format("\\u%04x", byte(c)) end)
  return '"' .. escaped .. '"'
end

local function status_json(code, message, violation)
  local details = ""
  if violation then
    details = format(
      ',"details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":%s,"description":%s}]}]',
      quoted(violation), quoted(message))
  end
  return format('{"code":%d,"message":%s%s}', code, quoted(message), details)
end

-- Reading: each function takes where something begins, and returns where what follows it begins.

local function not_json(text, at)
  local line, line_start = 1, 1
  for ending in string.gmatch(sub(text, 1, at - 1), "()\n") do
    line, line_start = line + 1, ending + 1
  end
  local what = at > #text and "it ends too early" or "something else is expected"
  error({message = format("The body is not JSON: %s at line %d, column %d.", what, line, at - line_start + 1)}, 0)
end

local function next_token(text, at)
  return find(text, "[^ \t\r\n]", at) or #text + 1
end

local function after_string(text, at)
  local from = at + 1
  while true do
    local stop = find(text, '["\\%z\1-\31]', from)
    local c = stop and byte(text, stop)
    if c == 34 then
      return stop + 1
    elseif c == 92 then
      local _, escape = find(text, '^["\\/bfnrt]', stop + 1)
      if not escape then
        _, escape = find(text, "^u%x%x%x%x", stop + 1)
      end
      from = (escape or not_json(text, stop + 1)) + 1
    else
      not_json(text, stop or #text + 1)
    end
  end
end

local function is_number(token)
  local _, stop = find(token, "^-?0")
  if not stop then
    _, stop = find(token, "^-?[1-9]%d*")
  end
  for _, part in ipairs({"^%.%d+", "^[eE][+-]?%d+"}) do
    stop = stop and (select(2, find(token, part, stop + 1)) or stop)
  end
  return stop == #token
end

local function after_scalar(text, at)
  local _, stop = find(text, "^[%w+.-]+", at)
  local token = stop and sub(text, at, stop)
  local known = token == "true" or token == "false" or token == "null"
  if not (known or (token and is_number(token))) then
    not_json(text, at)
  end
  return stop + 1
end

local SHORT = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t"}

local function utf8_of(code)
  if code < 0x80 then
    return char(code)
  end
  local bytes, lead, room = "", 0xC0, 0x20
  repeat
    bytes, code = char(0x80 + code % 64) .. bytes, floor(code / 64)
    local fits = code < room
    if not fits then
      lead, room = lead + room, room / 2
    end
  until fits
  return char(lead + code) .. bytes
end

-- Names are compared, and may be written in more than one way.
local function unescaped(name)
  if not find(name, "\\", 1, true) then
    return name
  end
  name = gsub(name, "\\\\", "\\u005c")
  name = gsub(name, "\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8_of(0x10000 + (tonumber(high, 16) - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00)
  end)
  return (gsub(name, "\\(.)(%x?%x?%x?%x?)", function(kind, digits)
    if kind == "u" then
      return utf8_of(tonumber(digits, 16))
    end
    return (SHORT[kind] or kind) .. digits
  end))
end

-- `path` holds the names and indexes that lead to a place; those deeper than `depth` are of an earlier one.
local function written(path, depth)
  local parts = {}
  for level = 1, depth do
    local step = path[level]
    parts[level] = type(step) == "number" and format("[%d]", step) or (level > 1 and "." or "") .. step
  end
  return table.concat(parts)
end

local function wrong(path, depth, message)
  error({message = message, field = sub(written(path, depth), 1, 200)}, 0)
end

local function unknown_field(path, depth, message)
  local allowed = message.allowed == "" and "it has none" or "allowed are " .. message.allowed
  wrong(path, depth, format("There is no field %s; %s.", sub(path[depth], 1, 100), allowed))
end

-- What a field's JSON must be; nil where it may be anything.
local function belongs(field, in_list)
  if not field or field.free then
    return nil
  elseif field.list and not in_list then
    return "a list"
  end
  return (field.message or field.map) and "an object" or "a single value"
end

local after_value

local function after_members(text, at, message, path, depth)
  at = next_token(text, at)
  if byte(text, at) == 125 then
    return at + 1
  end
  local seen = {}
  while true do
    if byte(text, at) ~= 34 then
      not_json(text, at)
    end
    local stop = after_string(text, at)
    local name = unescaped(sub(text, at + 1, stop - 2))
    path[depth + 1] = name
    local field = message and (message.fields[name] or unknown_field(path, depth + 1, message))
    -- a field has two names, and is given twice by giving both
    local known_as = field and field.name or name
    if seen[known_as] then
      wrong(path, depth + 1, format("%s is given twice.", sub(known_as, 1, 100)))
    end
    seen[known_as] = true
    at = next_token(text, stop)
    if byte(text, at) ~= 58 then
      not_json(text, at)
    end
    at = next_token(text, after_value(text, next_token(text, at + 1), field, false, path, depth + 1))
    local c = byte(text, at)
    if c == 125 then
      return at + 1
    elseif c ~= 44 then
      not_json(text, at)
    end
    at = next_token(text, at + 1)
  end
end

local function after_elements(text, at, field, path, depth)
  at = next_token(text, at)
  if byte(text, at) == 93 then
    return at + 1
  end
  local index = 0
  while true do
    path[depth + 1] = index
    at = next_token(text, after_value(text, at, field, true, path, depth + 1))
    local c = byte(text, at)
    if c == 93 then
      return at + 1
    elseif c ~= 44 then
      not_json(text, at)
    end
    at, index = next_token(text, at + 1), index + 1
  end
end

function after_value(text, at, field, in_list, path, depth)
  if depth > DEEPEST then
    error({message = format("The body is nested too deeply; allowed are %d levels.", DEEPEST)}, 0)
  end
  local c = byte(text, at)
  local found = c == 123 and "an object" or c == 91 and "a list" or "a single value"
  local stop = found == "a single value" and (c == 34 and after_string(text, at) or after_scalar(text, at))
  if c == 110 then
    -- as a field it is one that is not given; in a list the transcoder would drop it, and those behind it move up
    found = in_list and "null" or nil
  end
  local expected = belongs(field, in_list)
  if expected and found and found ~= expected then
    wrong(path, depth, format("There is %s where %s belongs.", found, expected))
  end
  if c == 123 then
    return after_members(text, at + 1, field and MESSAGES[field.message], path, depth)
  elseif c == 91 then
    return after_elements(text, at + 1, expected and field, path, depth)
  end
  return stop
end

local function read(text, message)
  local at = next_token(text, 1)
  if byte(text, at) ~= 123 then
    not_json(text, at)
  end
  local stop = next_token(text, after_members(text, at + 1, message, {}, 0))
  if stop <= #text then
    not_json(text, stop)
  end
end

local function message_of(method, path)
  for _, request in ipairs(REQUESTS) do
    if method == request.method and find(path, request.path) then
      return MESSAGES[request.message]
    end
  end
end

local function is_stream(path)
  for _, pattern in ipairs(STREAMS) do
    if find(path, pattern) then
      return true
    end
  end
  return false
end

-- The transcoder matches some of them with a method all the same, after it has cut the verb off and dropped them.
local function has_empty_part(path)
  return find(path, "//", 1, true) or find(path, "/:", 1, true) or find(path, "/$")
end

local function refuse(handle, problem)
  local status = problem.status or 400
  local headers = {[":status"] = format("%d", status), ["content-type"] = "application/json"}
  handle:respond(headers, status_json(CODES[status], problem.message, problem.field))
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local path = gsub(headers:get(":path"), "%?.*", "")
  handle:streamInfo():dynamicMetadata():set(NAME, "stream", is_stream(path))
  local method = headers:get(":method")
  local message = message_of(method, path)
  -- whatever the transcoder makes of a path: no body reaches a server that was not read here
  if has_empty_part(path) or not (message or method == "GET") then
    return refuse(handle, {status = 404, message = format("There is no %s %s.", method, sub(path, 1, 200))})
  end
  if not message then
    local body = handle:body()
    if body and body:length() > 0 then
      refuse(handle, {message = "A GET request takes no body; use query parameters."})
    end
    return
  end
  -- a browser asks before it sends this type to another origin, and sends every other without asking
  if not find(string.lower(headers:get("content-type") or ""), "^application/json") then
    return refuse(handle, {message = "The body must be JSON: send the header content-type: application/json."})
  end
  if (headers:get("content-encoding") or "identity") ~= "identity" then
    return refuse(handle, {message = "A compressed body is not taken: send it without content-encoding."})
  end
  local body = handle:body()
  local read_well, problem = pcall(read, body and body:getBytes(0, body:length()) or "", message)
  if not read_well then
    refuse(handle, type(problem) == "table" and problem or {message = "The body could not be read."})
  end
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local pushback = tonumber(headers:get("grpc-retry-pushback-ms") or "")
  if pushback and pushback >= 0 then
    headers:replace("retry-after", format("%d", math.max(1, math.ceil(pushback / 1000))))
  end
  for _, name in ipairs(OF_GRPC) do
    headers:remove(name)
  end
  local status = tonumber(headers:get(":status"))
  if find(headers:get("content-type") or "", "^application/json") then
    local of_request = handle:streamInfo():dynamicMetadata():get(NAME)
    if status == 200 and of_request and of_request["stream"] then
      headers:replace("content-type", "application/x-ndjson")
    end
    return
  end
  if CODES[status] then
    local body = handle:body(true)
    local said = body:length() > 0 and body:getBytes(0, body:length()) or format("HTTP %d", status)
    local length = body:setBytes(status_json(CODES[status], SENTENCES[status] or said))
    -- what was taken before the body was waited for is of no use after it
    headers = handle:headers()
    headers:replace("content-length", format("%d", length))
    headers:replace("content-type", "application/json")
  end
end
