# frozen_string_literal: true

# Rails' Active Storage on a store: what Rails demands of every service, and blobs of a real database.
#
#   ruby tests/hosts/active_storage.rb with the variables of `gem.rb`
#   OARLOCK_RAILS names the directory of another Rails' gems.
require_relative "gem_server"
if (gems = ENV["OARLOCK_RAILS"])
  $LOAD_PATH.unshift(*Dir["#{gems}/*/lib"], *Dir["#{gems}/concurrent-ruby-*/lib/concurrent-ruby"])
end
require "logger"
require "active_record"
require "active_job"
require "active_storage"
require "active_storage/service"
require "net/http"
require "securerandom"
require "tempfile"
require "active_support/all"

PLACE = {
  endpoint: ENDPOINT, access_key_id: ID, secret_access_key: SECRET, region: "us-east-1",
  addressing_style: "path"
}.freeze

def same(expected, given)
  raise "expected #{expected.inspect[0, 200]}, not #{given.inspect[0, 200]}" unless expected == given
end

def raises(kind)
  yield
rescue kind => error
  error
else
  raise "#{kind} was not raised"
end

def sum(text) = Digest::MD5.base64digest(text)

# A file name as Active Storage's, which the test needs no Rails application for.
Name = Struct.new(:sanitized)

Oarlock.open("s3://#{BUCKET}", **PLACE) do |store|
  store.create_bucket
rescue Oarlock::AlreadyExistsError
  nil
end

Dir.mktmpdir("oarlock-files-") do |directory|
  configured = {
    bucket: {service: "Oarlock", url: "s3://#{BUCKET}/files", multipart_threshold: 5 << 20, **PLACE},
    public: {service: "Oarlock", url: "s3://#{BUCKET}/files", public: true,
             upload: {cache_control: "max-age=9"}, **PLACE},
    directory: {service: "Oarlock", url: "file://#{directory}"}
  }
  services = configured.to_h { |name, _| [name, ActiveStorage::Service.configure(name, configured)] }
  key = ->(start = "") { start + SecureRandom.hex(12) }

  puts "     Rails #{ActiveStorage.version}"
  services.each do |name, service|
    proves("#{name}: upload, download, chunks, delete") do
      one = key[]
      data = "\x00\x01é".b * 700_000
      service.upload(one, StringIO.new(data), checksum: sum(data), content_type: "text/x-test")
      same(true, service.exist?(one))
      same(data, service.download(one))
      same(Encoding::BINARY, service.download(one).encoding)
      parts = []
      service.download(one) { |part| parts << part }
      same(data, parts.join)
      same([data[1..3], data[0...5]], [service.download_chunk(one, 1..3), service.download_chunk(one, 0...5)])
      service.open(one, checksum: sum(data), name: ["file", ".bin"]) { |file| same(data, file.read.b) }
      service.delete(one)
      same(false, service.exist?(one))
      service.delete(one)
    end

    proves("#{name}: what is missing, and what does not match its checksum") do
      missing = key[]
      raises(ActiveStorage::FileNotFoundError) { service.download(missing) }
      raises(ActiveStorage::FileNotFoundError) { service.download(missing) { nil } }
      raises(ActiveStorage::FileNotFoundError) { service.download_chunk(missing, 0..1) }
      [100, 12_000_000].each do |size|
        one = key[]
        file = StringIO.new("x" * size)
        raises(ActiveStorage::IntegrityError) { service.upload(one, file, checksum: sum("y")) }
        same(false, service.exist?(one))
      end
    end

    proves("#{name}: a prefix, and files joined") do
      keys = Array.new(3) { |number| key["folder/#{number}"] }
      other = key["other/"]
      [*keys, other].each { |one| service.upload(one, StringIO.new(one)) }
      service.compose(keys, joined = key[], content_type: "text/plain", filename: Name.new("all.txt"),
                                            disposition: :attachment)
      same(keys.join, service.download(joined))
      service.delete_prefixed("folder/")
      same([false, false, false, true], [*keys, other].map { |one| service.exist?(one) })
    end
  end

  fetch = ->(url) { Net::HTTP.get_response(URI(url)) }
  bucket, open = services.values_at(:bucket, :public)
  named = {filename: Name.new("a \"b\".txt"), disposition: :attachment, content_type: "text/x-ours"}

  proves("a URL that expires, with a name and a media type") do
    bucket.upload(one = key[], StringIO.new("hello"), content_type: "text/plain")
    response = fetch[bucket.url(one, expires_in: 5.minutes, **named)]
    same(%w[200 hello text/x-ours], [response.code, response.body, response["content-type"]])
    expect response["content-disposition"], /attachment; filename=/
  end

  proves("a direct upload, bound to its bytes") do
    facts = {content_type: "text/x-test", checksum: sum("hello"), content_length: 5}
    url = bucket.url_for_direct_upload(one = key[], expires_in: 5.minutes, **facts)
    shown = {filename: Name.new("a.txt"), disposition: :inline}
    headers = bucket.headers_for_direct_upload(one, **shown, **facts)
    put = ->(body) do
      uri = URI(url)
      Net::HTTP.start(uri.host, uri.port) { |http| http.put(uri.request_uri, body, headers).code }
    end
    same("400", put["other"])
    same("200", put["hello"])
    found = bucket.store.head(one)
    same("text/x-test", found.content_type)
    expect found.content_disposition, /inline; filename="a.txt"/
  end

  proves("a public URL is plain, and the file is stored for everyone") do
    open.upload(one = key[], StringIO.new("hello"), content_type: "text/plain")
    url = open.url(one)
    raise "a signed URL: #{url}" unless url.match?(%r{/#{BUCKET}/files/#{one}(\?x-id=GetObject)?\z})

    same("max-age=9", open.store.head(one).cache_control)
  end

  proves("notifications have the service's name") do
    seen = []
    note = ->(event, *, facts) { seen << [event, facts[:service]] }
    ActiveSupport::Notifications.subscribed(note, /active_storage/) { bucket.exist?("nothing") }
    same([["service_exist.active_storage", "Oarlock"]], seen)
  end
end
