# frozen_string_literal: true

# The package server of `server.py` in Ruby: CRAN's and PyPI's paths over the storage classes of a `.gcfg`
# file.
#
#   ruby server.rb FILE.gcfg UPSTREAM [SETTINGS]
#
# Prints its URL and serves until its standard input ends. Only Ruby's standard library and oarlock are used.

require "json"
require "oarlock"
require "socket"

# What a request path is: the class, the key's pattern, and whether it is an index, which changes.
ROUTES = [
  [%r{\A/cran/(src/contrib/PACKAGES(?:\.gz)?)\z}, :cran, true],
  [%r{\A/cran/(src/contrib/[\w.-]+\.tar\.gz)\z}, :cran, false],
  [%r{\A/pypi/(simple/[a-z0-9-]+/)\z}, :pypi, true],
  [%r{\A/pypi/(packages/[\w.-]+)\z}, :pypi, false]
].freeze
LINK = %r{href="[^"]*/([\w.-]+)#sha256=([0-9a-f]{64})"}

# Serves one connection: one request, as HTTP/1.0 has it.
class Packages
  def initialize(classes, upstream)
    @stores = {cran: classes[:cran], pypi: classes[:pypi]}
    @upstream = upstream
    @checksums = {}
  end

  def serve(socket)
    path = socket.gets.to_s.split[1].to_s
    nil until socket.gets.to_s.chomp.empty?
    return reply(socket, 200, JSON.generate(stats)) if path == "/stats"

    pattern, name, is_index = ROUTES.find { |pattern,| pattern.match?(path) }
    pattern ? fetch(socket, name, path[pattern, 1], is_index) : reply(socket, 404)
  rescue Oarlock::NotFoundError
    reply(socket, 404)
  rescue Oarlock::Error => error
    reply(socket, 502, error.message)
  ensure
    socket.close
  end

  private

  def fetch(socket, name, path, is_index)
    store, upstream = @stores[name], "#{@upstream}/#{name}/#{path}"
    # A key that ends in a slash can't be a file.
    key = path.end_with?("/") ? "#{path}index.html" : path
    if is_index
      page = store.fetch_through(key, upstream, refresh: true, max_size: 64 << 20).body
      page.scan(LINK) { |file, sum| @checksums[file] = "sha256:#{sum}" }
      return reply(socket, 200, page, "text/html")
    end
    size = store.head_through(key, upstream).size
    started = false
    store.fetch_through(key, upstream, checksum: @checksums[File.basename(path)]) do |chunk|
      socket.write("HTTP/1.0 200 OK\r\nContent-Length: #{size}\r\n\r\n") unless started
      started = true
      socket.write(chunk)
    end
  rescue Oarlock::Error
    # After the first byte the client sees a body that is too short.
    raise unless started
  end

  def reply(socket, status, body = "", media = "text/plain")
    head = "HTTP/1.0 #{status} -\r\nContent-Type: #{media}\r\nContent-Length: #{body.bytesize}\r\n\r\n"
    socket.write(head, body)
  end

  def stats
    rows = @stores.each_value.flat_map(&:stats).select { |row| row.verb == "fetch_through" }
    %i[hits fetched joined passed upstream_bytes].to_h { |name| [name, rows.sum(&name)] }
  end
end

settings = JSON.parse(ARGV[2] || "{}")
given = {settings: settings["settings"] || {}, overrides: settings["overrides"] || {}}
packages = Packages.new(Oarlock::StorageClasses.new(ARGV[0], **given), ARGV[1])
server = TCPServer.new("127.0.0.1", 0)
puts "http://127.0.0.1:#{server.addr[1]}"
$stdout.flush
Thread.new { loop { Thread.new(server.accept) { |socket| packages.serve(socket) } } }
$stdin.read
