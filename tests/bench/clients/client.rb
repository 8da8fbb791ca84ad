# One client in Ruby does one piece of work: `client.rb CLIENT WORK ENDPOINT COUNT`, with CLIENT one of
# oarlock, oarlock-many and net-http, which signs each URL as RubyGems does. Prints CPU and wall seconds of
# the work after a first request.
client, work, endpoint, count = ARGV
KEYS = Array.new(count.to_i) { |number| "4096-#{number}" }
BODY = "\0" * 4096
KEY, SECRET = ENV.values_at("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")

def oarlock(work, endpoint)
  require "oarlock"
  store = Oarlock.open("s3://bench", endpoint:, region: "us-east-1", access_key_id: KEY,
                       secret_access_key: SECRET)
  one = { "get" => ->(key) { store.get(key) }, "put" => ->(key) { store.put(key, BODY) },
          "head" => ->(key) { store.head(key) } }
  many = {
    "get" => -> { store.get_many(KEYS, max_concurrency: 32) },
    "put" => -> { store.put_many(KEYS.map { |key| { key:, body: BODY } }, max_concurrency: 32) },
    "head" => -> { store.head_many(KEYS, max_concurrency: 32) }
  }
  [one[work], many[work]]
end

def net_http(work, endpoint)
  require "net/http"
  require "openssl"
  require "time"
  uri = URI(endpoint)
  http = Net::HTTP.start(uri.host, uri.port)
  host = "#{uri.host}:#{uri.port}"
  presigned = lambda do |verb, key|
    time = Time.now.utc.strftime("%Y%m%dT%H%M%SZ")
    scope = "#{time[0, 8]}/us-east-1/s3/aws4_request"
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=#{KEY}%2F#{scope.gsub("/", "%2F")}&X-Amz-Date=#{time}" \
            "&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
    canonical = "#{verb}\n/bench/#{key}\n#{query}\nhost:#{host}\n\nhost\nUNSIGNED-PAYLOAD"
    to_sign = "AWS4-HMAC-SHA256\n#{time}\n#{scope}\n#{OpenSSL::Digest::SHA256.hexdigest(canonical)}"
    signing = scope.split("/").inject("AWS4#{SECRET}") do |secret, part|
      OpenSSL::HMAC.digest("sha256", secret, part)
    end
    "/bench/#{key}?#{query}&X-Amz-Signature=#{OpenSSL::HMAC.hexdigest("sha256", signing, to_sign)}"
  end
  request = { "get" => Net::HTTP::Get, "put" => Net::HTTP::Put, "head" => Net::HTTP::Head }.fetch(work)
  lambda do |key|
    asked = request.new(presigned.call(request::METHOD, key))
    asked.body = BODY if work == "put"
    answer = http.request(asked)
    raise answer.message unless answer.is_a?(Net::HTTPSuccess)
  end
end

one, many = client == "net-http" ? net_http(work, endpoint) : oarlock(work, endpoint)
now = -> {
  [Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID), Process.clock_gettime(Process::CLOCK_MONOTONIC)]
}
one.call("4096-first")
begun = now.call
client == "oarlock-many" ? many.call : KEYS.each(&one)
cpu, wall = now.call.zip(begun).map { |after, before| after - before }
puts %({"cpu": #{cpu}, "wall": #{wall}})
