# frozen_string_literal: true

# What Bundler does with a gem server in a bucket beyond installing from it: failures that stay, indexes that
# did not change, mirrors, credentials, several sources, caches and deployments.
#
#   ruby tests/hosts/bundler.rb with the variables of `gem.rb`; the server must be fake-s3, whose log is read.
#   OARLOCK_BUNDLER names the directory of another Bundler.
require_relative "gem_server"
require "oarlock/gem_source"

# The requests of a block, and what it returns.
def requests
  before = Fake.log.size
  value = yield
  [Fake.log.drop(before).reject { |one| one["op"] == "Control" }, value]
end

place = {"endpoint" => ENDPOINT, "path_style" => true, "region" => "us-east-1"}
keys = {"id" => ID, "secret" => SECRET}
entry = {**keys, **place}
source = "s3://#{BUCKET}/team/gems/"

Dir.mktmpdir("oarlock-bundler-") do |directory|
  user = ->(name, given = entry) { User.new("#{directory}/#{name}", given) }
  open = ->(url) do
    Oarlock.open(url, endpoint: ENDPOINT, access_key_id: ID, secret_access_key: SECRET, region: "us-east-1",
                      addressing_style: "path")
  end
  store = open[source]
  publisher = Publisher.new("#{directory}/server")
  locked = ->(someone) { File.read("#{someone.home}/Gemfile.lock") }

  proves("publish with a compact index") do
    store.create_bucket
    publisher.build("oar_ring", "1.0.0")
    publisher.build("oar_boat", "1.0.0", "oar_ring" => "~> 1.0")
    60.times { |number| publisher.build("oar_crew#{number}", "1.0.0") }
    publisher.compact
    publisher.publish(store)
  end

  proves("a wrong secret: one message, no retry, one request") do
    someone = user["wrong", {**entry, "secret" => "wrong-secret-canary"}]
    someone.gemfile(source, '"oar_ring"')
    seen, out = requests { someone.bundle("install", ok: false) }
    expect out, /SignatureDoesNotMatch/
    raise "it is tried again:\n#{out}" if out.match?(/Retrying|Bad username|bundle config/)
    raise "it shows a secret:\n#{out}" if out.match?(/wrong-secret-canary/)
    raise "#{seen.size} requests: #{seen.map { |one| one["key"] }}" if seen.size > 1
  end

  proves("no entry, no keys: one message, no retry") do
    someone = user["none", place]
    someone.gemfile(source, '"oar_ring"')
    out = someone.bundle("install", ok: false)
    expect out, /no id and secret, and no provider/
    raise "it is tried again:\n#{out}" if out.include?("Retrying")
  end

  proves("an unchanged index: lock --update twice moves at most 1 KB") do
    someone = user["unchanged"]
    someone.gemfile(source, '"oar_boat"')
    someone.bundle("lock")
    someone.bundle("lock", "--update")
    seen, = requests { someone.bundle("lock", "--update") }
    moved = seen.sum { |one| one["reply_length"] }
    raise "#{moved} bytes: #{seen.map { |one| one.values_at("key", "status") }}" if moved > 1024
    unchanged = seen.select { |one| one["status"] == 304 }
    raise "no conditional request" if unchanged.none? { |one| one["key"].end_with?("versions") }

    puts "     #{seen.size} requests, #{moved} bytes"
  end

  proves("an index that grew: the rest of it, verified") do
    someone = user["grew"]
    someone.gemfile(source, '"oar_ring"')
    someone.bundle("lock")
    Gem.configuration = Gem::ConfigFile.new(["--config-file", "#{someone.home}/.gemrc"])
    newer = build_gem("#{directory}/newer", "oar_ring", "1.0.1")
    Oarlock::GemSource::Push.new(Oarlock::GemSource::Source.new(source)).call([newer])
    seen, = requests { someone.bundle("lock", "--update") }
    expect locked[someone], /oar_ring \(1\.0\.1\)/
    parts = seen.select { |one| one["key"].end_with?("versions") }
    unless parts.sum { |one| one["reply_length"] } < 200 && parts.map { |one| one["status"] } == [206]
      raise "not by a range: #{parts.map { |one| one.values_at("status", "reply_length") }}"
    end
    publisher.compact
    publisher.publish(store)
    File.delete("#{someone.home}/Gemfile.lock")
    someone.bundle("lock")
    raise "the index shrank unseen" if locked[someone].include?("1.0.1")
  end

  proves("a wrong prefix: the right one is named") do
    ["s3://#{BUCKET}/team/", "s3://#{BUCKET}/team/gems/gems/", "s3://#{BUCKET}/team/gem/"].each do |wrong|
      someone = user[wrong.tr(":/", "-")]
      someone.gemfile(wrong, '"oar_ring"')
      out = someone.bundle("install", ok: false).tr("\n", " ")
      expect out, %r{no gem index at #{wrong}: there is no specs\.4\.8\.gz; did you mean #{source}\?}
      raise "it is tried again:\n#{out}" if out.include?("Retrying")

      expect someone.gem("install", "--source", wrong, "oar_ring", ok: false), %r{did you mean #{source}\?}
    end
  end

  proves("a gem that is missing from the source: no retry") do
    someone = user["lost"]
    someone.bundle("config", "set", "--local", "path", "vendor")
    someone.gemfile(source, '"oar_crew7"')
    store.delete("gems/oar_crew7-1.0.0.gem")
    seen, out = requests { someone.bundle("install", ok: false) }
    raise "it is tried again:\n#{out}" if out.include?("Retrying")
    # One ahead, and one whose failure is shown.
    raise "several requests" if seen.count { |one| one["key"].end_with?(".gem") } > 2
  end

  proves("a mirror in a bucket; credentials of Bundler's settings") do
    id, secret = [ID, SECRET].map { |text| text.gsub(/[^A-Za-z0-9]/) { |one| format("%%%02X", one.ord) } }
    someone = user["mirror", place]
    someone.bundle("config", "set", "--local", "path", "vendor")
    someone.gemfile("https://gems.invalid", '"oar_boat"')
    someone.bundle("config", "set", "--local", "mirror.https://gems.invalid", source)
    with = {"BUNDLE_#{BUCKET.upcase.gsub("-", "___")}" => "#{id}:#{secret}"}
    seen, out = requests { someone.bundle("install", with: with) }
    expect out, /Bundle complete!/
    raise "the lock holds a secret" if locked[someone].include?(secret)

    # Each was read ahead, and not once more.
    gems = seen.map { |one| one["key"] }.grep(/\.gem\z/).tally
    raise "gems were requested otherwise: #{gems}" unless gems.size == 2 && gems.values == [1, 1]
  end

  proves("two sources with a block for one gem; outdated, cache, deployment, frozen, check, clean") do
    other = open["s3://#{BUCKET}/other/"]
    second = Publisher.new("#{directory}/second")
    second.build("oar_sail", "1.0.0")
    second.compact
    second.publish(other)
    someone = user["two"]
    someone.bundle("config", "set", "--local", "path", "vendor")
    someone.gemfile(source, '"oar_boat"', "\"oar_sail\", source: \"s3://#{BUCKET}/other/\"")
    someone.bundle("install")
    expect locked[someone], %r{remote: s3://#{BUCKET}/other/}
    expect locked[someone], %r{remote: #{source}}
    expect someone.bundle("outdated"), /up to date/
    # Bundler has checksums in its lock since 2.6.
    if Gem::Version.new(someone.bundle("version")[/\d+\.\d+\.\d+/]) >= Gem::Version.new("2.6")
      someone.bundle("lock", "--add-checksums")
      sums = locked[someone][/CHECKSUMS\n(.*?)\n\n/m, 1].lines.grep(/oar_/)
      raise "checksums are missing: #{sums}" unless sums.size == 3 && sums.all?(/ sha256=\h{64}$/)
    end
    someone.bundle("cache")
    FileUtils.rm_rf("#{someone.home}/vendor/ruby")
    someone.bundle("config", "set", "--local", "deployment", "true")
    seen, = requests { expect someone.bundle("install", "--local"), /Bundle complete!/ }
    raise "the cache was not used: #{seen.map { |one| one["key"] }}" unless seen.empty?

    someone.bundle("check")
    expect someone.bundle("exec", "ruby", "-e", 'require "oar_sail"'), /oar_sail 1\.0\.0/
    FileUtils.rm_rf(["#{someone.home}/vendor/ruby", "#{someone.home}/vendor/cache"])
    expect someone.bundle("install"), /Bundle complete!/
  end

  proves("oarlock is missing: install names it, exec needs it not") do
    someone = user["bare"]
    someone.bundle("config", "set", "--local", "path", "vendor")
    someone.gemfile(source, '"oar_boat"')
    out = someone.bundle("install", ok: false, with: {"RUBYLIB" => ""})
    expect out, /need oarlock: gem install oarlock/
    someone.bundle("install")
    out = someone.bundle("exec", "ruby", "-e", 'require "oar_boat"', with: {"RUBYLIB" => ""})
    raise "more than the program's output:\n#{out}" if out.include?("oarlock")

    expect out, /oar_boat 1\.0\.0/
  end

  proves("an image in two stages: the second has no oarlock") do
    build = user["build"]
    build.gemfile(source, '"oar_boat"')
    build.bundle("lock")
    build.bundle("config", "set", "--local", "deployment", "true")
    expect build.bundle("install"), /Bundle complete!/
    stage = user["stage", place]
    FileUtils.cp_r(%w[Gemfile Gemfile.lock .bundle vendor].map { |name| "#{build.home}/#{name}" }, stage.home)
    FileUtils.rm_rf(build.home)
    without = {"RUBYLIB" => ""}
    program = 'require "oar_boat"; begin; require "oarlock"; rescue LoadError; p $!.class; end'
    out = stage.bundle("exec", "ruby", "-e", program, with: without)
    expect out, /oar_boat 1\.0\.0\nLoadError/
    raise "more than the program's output:\n#{out}" if out.include?("s3://")

    out = stage.run("env", "RUBYLIB=", "ruby", "-rbundler/setup", "-e", 'require "oar_boat"')
    raise "more than the program's output:\n#{out}" if out.include?("s3://")

    stage.bundle("check", with: without)
    # Another gem in the Gemfile than in the lock: the deployment is frozen.
    stage.gemfile(source, '"oar_boat"', '"oar_crew1"')
    expect stage.bundle("install", with: without, ok: false), /frozen|deployment/
  end

  proves("a reader who may not list: a source without a compact index works") do
    %w[versions names].each { |name| store.delete(name) }
    Fake.post("bucket", {name: BUCKET, allow: ["s3:GetObject"]})
    someone = user["reader"]
    someone.bundle("config", "set", "--local", "path", "vendor")
    someone.gemfile(source, '"oar_boat"')
    expect someone.bundle("install"), /Bundle complete!/
    someone.gemfile("s3://#{BUCKET}/nowhere/", '"oar_boat"')
    out = someone.bundle("update", "--all", ok: false)
    expect out, /AccessDenied/
    raise "it is tried again:\n#{out}" if out.match?(/Retrying|Bad username|bundle config/)
  end
end
