-- Asks for addresses of a file, one a line, at random; the same seed gives the same order. What it measured goes to
-- standard output as one line of JSON. Arguments: the file, the value of Accept-Encoding (- for none).
local n_threads = 0

function setup(thread)
  thread:set("number", n_threads)
  n_threads = n_threads + 1
end

function init(args)
  math.randomseed(1000 + number)
  if args[2] and args[2] ~= "-" then
    wrk.headers["Accept-Encoding"] = args[2]
  end
  requests = {}
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"n":%d,"seconds":%.6f,"bytes":%d,"p50_ms":%.3f,"p99_ms":%.3f,"refused":%d,"broken":%d,"late":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.status, errors.connect + errors.read + errors.write, errors.timeout))
end
