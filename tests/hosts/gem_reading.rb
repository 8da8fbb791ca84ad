# frozen_string_literal: true

# What `gem` does with a server in a bucket beyond installing from it: signed gems, sources, several at a
# time, roles of the machine, tokens that end, buckets of other regions.
#
#   ruby tests/hosts/gem_reading.rb with the variables of `gem.rb`; the server must be fake-s3.
require_relative "gem_server"
require "rubygems/security"
require "socket"
require_relative "tls_front"

place = {"endpoint" => ENDPOINT, "path_style" => true, "region" => "us-east-1"}
entry = {"id" => ID, "secret" => SECRET, **place}
source = "s3://#{BUCKET}/gems/"

# A machine's metadata service, which hands out keys of a role whose name is not its profile's.
class Metadata
  attr_reader :endpoint

  def initialize(keys)
    server = TCPServer.new("127.0.0.1", 0)
    @endpoint = "http://127.0.0.1:#{server.addr[1]}"
    role = {"Code" => "Success", "Type" => "AWS-HMAC", "LastUpdated" => "2026-01-01T00:00:00Z",
            "Expiration" => (Time.now + 7200).utc.strftime("%FT%TZ"), **keys}
    answers = {
      "PUT /latest/api/token" => "token", "GET /latest/meta-data/iam/security-credentials/" => "the-role",
      "GET /latest/meta-data/iam/security-credentials/the-role" => JSON.generate(role)
    }
    Thread.new { loop { Thread.new(server.accept) { |client| serve(client, answers) } } }
  end

  def serve(client, answers)
    while (line = client.gets)
      nil until client.gets.strip.empty?
      body = answers[line.split[0, 2].join(" ")]
      head = body ? "200 OK\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600" : "404 Not Found"
      client.write("HTTP/1.1 #{head}\r\ncontent-length: #{body.to_s.bytesize}\r\n\r\n#{body}")
    end
  rescue SystemCallError
    nil
  end
end

Dir.mktmpdir("oarlock-reading-") do |directory|
  user = ->(name, given = entry) { User.new("#{directory}/#{name}", given) }
  store = Oarlock.open(source, endpoint: ENDPOINT, access_key_id: ID, secret_access_key: SECRET,
                               region: "us-east-1", addressing_style: "path")
  publisher = Publisher.new("#{directory}/server")

  proves("publish: a signed gem and others") do
    key = Gem::Security.create_key("rsa")
    certificate = Gem::Security.create_cert_email("a@example.com", key)
    File.write("#{directory}/key.pem", key.to_pem)
    File.write("#{directory}/cert.pem", certificate.to_pem)
    publisher.build("oar_seal", "1.0.0", {}, ["#{directory}/key.pem", "#{directory}/cert.pem"])
    publisher.build("oar_ring", "1.0.0")
    store.create_bucket
    publisher.publish(store)
  end

  proves("gem install -P HighSecurity: a signed gem, and no other") do
    someone = user["signed"]
    someone.gem("cert", "--add", "#{directory}/cert.pem")
    install = ["install", "--no-document", "--source", source, "-P", "HighSecurity"]
    expect someone.gem(*install, "oar_seal"), /1 gem installed/
    expect someone.gem(*install, "oar_ring", ok: false), /unsigned gems are not allowed/
    expect user["stranger"].gem(*install, "oar_seal", ok: false), /not trusted|doesn't exist/
  end

  proves("gem sources --add, --list, --remove keep the entry with the keys") do
    someone = user["sources"]
    expect someone.gem("sources", "--add", source), /added to sources/
    expect someone.gem("sources", "--list"), /#{source}/
    expect someone.gem("install", "--no-document", "--clear-sources", "--source", source, "oar_ring"), /1 gem/
    expect someone.gem("sources", "--remove", source), /removed from sources/
    expect File.read("#{someone.home}/.gemrc"), /#{Regexp.escape(ID)}/
    expect someone.gem("install", "--no-document", "--clear-sources", "--source", source, "oar_seal"), /1 gem/
  end

  proves("eight installs at a time") do
    outputs = Array.new(8) do |number|
      Thread.new { user["parallel#{number}"].gem("install", "--no-document", "--source", source, "oar_ring") }
    end
    outputs.each { |thread| expect thread.value, /1 gem installed/ }
  end

  proves("gems are read ahead of RubyGems' own downloads, here one at a time") do
    names = Array.new(12) { |n| "oar_crew#{n}" }
    crew = Publisher.new("#{directory}/crew")
    names.each { |name| crew.build(name, "1.0.0") }
    crew.build("oar_crew", "1.0.0", names.to_h { |name| [name, "~> 1.0"] })
    crew.compact
    crew.publish(Oarlock.open("s3://#{BUCKET}/crew/", endpoint: ENDPOINT, access_key_id: ID,
                              secret_access_key: SECRET, region: "us-east-1", addressing_style: "path"))
    someone = user["crew", nil]
    someone.write({"concurrent_downloads" => 1, "s3_source" => {BUCKET => entry}})
    # No gem comes before all are requested, or it takes a minute.
    Fake.forget
    Fake.plan({match: {prefix: "crew/gems/"}, fault: {slow: 60_000}})
    install = someone.start("install", "--no-document", "--clear-sources", "--source",
                            "s3://#{BUCKET}/crew/", "oar_crew")
    wanted = ["oar_crew", *names].map { |name| "crew/gems/#{name}-1.0.0.gem" }
    seen = []
    until (wanted - seen).empty?
      log = Fake.log(seen.size + 1)
      raise "not requested: #{wanted - seen}" if log.size == seen.size

      seen = log.map { |one| one["key"] }
    end
    Process.kill(:KILL, install)
    Process.wait(install)
    Fake.plan
  end

  proves("the role of the machine, by a token of its metadata service") do
    keys = {"AccessKeyId" => "ASIAROLE", "SecretAccessKey" => "role-secret", "Token" => "role-token"}
    Fake.post("credential", {access_key: "ASIAROLE", secret_key: "role-secret", session_token: "role-token"})
    metadata = Metadata.new(keys)
    someone = user["role", {"provider" => "instance_profile", **place}]
    out = someone.run("env", "AWS_EC2_METADATA_DISABLED=false",
                      "AWS_EC2_METADATA_SERVICE_ENDPOINT=#{metadata.endpoint}",
                      "gem", "install", "--no-document", "--source", source, "oar_ring")
    expect out, /1 gem installed/
  end

  proves("a token that has ended: named, without it") do
    Fake.post("plan", {rules: [{match: {bucket: BUCKET}, fault: {expire_token: true}}]})
    keys = {"id" => "ASIAROLE", "secret" => "role-secret", "security_token" => "role-token"}
    someone = user["ended", {**keys, **place}]
    out = someone.gem("install", "--no-document", "--source", source, "oar_ring", ok: false)
    Fake.post("plan", {rules: []})
    expect out, /ExpiredToken/
    raise "it shows a secret:\n#{out}" if out.match?(/role-secret|role-token/)
  end

  proves("a bucket of another region than the entry's") do
    Fake.post("bucket", {name: "far-away", region: "eu-central-1"})
    far = Oarlock.open("s3://far-away/gems/", endpoint: ENDPOINT, region: "eu-central-1",
                       access_key_id: ID, secret_access_key: SECRET, addressing_style: "path")
    publisher.publish(far)
    someone = user["far", nil]
    someone.write({"s3_source" => {"far-away" => entry}})
    out = someone.gem("install", "--no-document", "--source", "s3://far-away/gems/", "oar_ring")
    expect out, /1 gem installed/
  end
  front = TlsFront.new(ENDPOINT, "#{directory}/front.pem")
  trusted = {ssl_ca_cert: "#{directory}/front.pem", "s3_source" => {
    BUCKET => {**entry, "endpoint" => front.endpoint}
  }}

  proves("an endpoint with TLS: signatures hold, and only a certificate of .gemrc is trusted") do
    someone = user["tls", nil]
    someone.write(trusted)
    install = ["install", "--no-document", "--source", source, "oar_ring"]
    expect someone.gem(*install), /1 gem installed/
    other = user["tls-untrusted", nil]
    other.write(trusted.except(:ssl_ca_cert))
    expect other.gem(*install, ok: false), /certificate is not trusted/
  end

  proves("gem s3 mirror from https") do
    Fake.post("bucket", {name: BUCKET, anonymous_read: true})
    someone = user["mirroring", nil]
    someone.write(trusted)
    out = someone.gem("s3", "mirror", "oar_ring", "--from", "#{front.endpoint}/#{BUCKET}/gems",
                      "--source", "s3://#{BUCKET}/mirrored")
    expect out, /oar_ring 1\.0\.0: pushed/
    expect someone.gem("s3", "list", "--source", "s3://#{BUCKET}/mirrored"), /oar_ring \(1\.0\.0\)/
  end
end
