# frozen_string_literal: true

# A private gem server in a bucket, used by the real, unmodified `gem` and `bundle` through oarlock's RubyGems
# plugin and Bundler hook.
#
#   ruby tests/hosts/gem.rb with OARLOCK_ENDPOINT, OARLOCK_ACCESS_KEY_ID, OARLOCK_SECRET_ACCESS_KEY and
#   OARLOCK_BUCKET (made if it is not there)
#
# Builds two gems, one of which needs the other, publishes them with their index, and does with them what
# people do. The plugin is the working tree's, or that of the oarlock installed in OARLOCK_GEM_HOME. Prints a
# line for each thing proved; the first failure ends it.
require_relative "gem_server"

place = {"endpoint" => ENDPOINT, "path_style" => true, "region" => "us-east-1"}
keys = {"id" => ID, "secret" => SECRET}
source = "s3://#{BUCKET}/gems-of-tests/"

Dir.mktmpdir("oarlock-gem-") do |directory|
  user = ->(name, entry) { User.new("#{directory}/#{name}", entry) }
  store = Oarlock.open(source, endpoint: ENDPOINT, access_key_id: ID, secret_access_key: SECRET,
                       region: "us-east-1", addressing_style: "path")
  publisher = Publisher.new("#{directory}/server")

  proves("publish: two gems and their index") do
    begin
      store.create_bucket
    rescue Oarlock::AlreadyExistsError
      nil
    end
    publisher.build("oar_ring", "1.0.0")
    publisher.build("oar_boat", "1.0.0", "oar_ring" => "~> 1.0")
    publisher.publish(store)
  end

  proves("gem install: a gem and what it needs") do
    someone = user["install", {**keys, **place}]
    expect someone.gem("install", "--source", source, "--no-document", "oar_boat"), /2 gems installed/
    expect someone.run("ruby", "-e", 'require "oar_boat"'), /oar_ring 1\.0\.0\noar_boat 1\.0\.0/
  end

  proves("sources of .gemrc, symbols for names: list, search, fetch, specification, outdated, update") do
    someone = user["symbols", nil]
    symbols = {**keys, **place}.transform_keys(&:to_sym)
    someone.write({sources: [source], s3_source: {BUCKET.to_sym => symbols}})
    expect someone.gem("list", "-r"), /oar_boat \(1\.0\.0\)/
    expect someone.gem("search", "oar"), /oar_ring/
    expect someone.gem("specification", "-r", "oar_boat", "dependencies"), /oar_ring/
    someone.gem("fetch", "oar_ring")
    raise "no gem was fetched" unless File.size?("#{someone.home}/oar_ring-1.0.0.gem")

    someone.gem("install", "--no-document", "oar_boat")
    publisher.build("oar_ring", "1.1.0")
    publisher.build("oar_ring", "2.0.0.pre1")
    publisher.publish(store)
    expect someone.gem("outdated"), /oar_ring \(1\.0\.0 < 1\.1\.0\)/
    expect someone.gem("list", "-r", "--prerelease", "--all"), /2\.0\.0\.pre1/
    expect someone.gem("update", "--no-document"), /oar_ring/
  end

  proves("a prefix without its slash") do
    slash = user["slash", {**keys, **place}]
    expect slash.gem("install", "--source", source.chomp("/"), "--no-document", "oar_boat"),
           /2 gems installed/
  end

  proves("a server at the root of its bucket, added as a source") do
    root = Oarlock.open("s3://#{BUCKET}", endpoint: ENDPOINT, access_key_id: ID, secret_access_key: SECRET,
                        region: "us-east-1", addressing_style: "path")
    publisher.publish(root)
    someone = user["root", {**keys, **place}]
    expect someone.gem("sources", "--add", "s3://#{BUCKET}/"), /added to sources/
    expect someone.gem("sources"), %r{s3://#{BUCKET}/}
    # What RubyGems wrote anew must still say all of the bucket.
    expect someone.gem("install", "--clear-sources", "--source", "s3://#{BUCKET}", "--no-document",
                       "oar_boat"), /2 gems installed/
    expect someone.gem("install", "--no-document", "oar_ring:1.0.0", "--clear-sources", "--source",
                       "s3://#{BUCKET}/"), /1 gem installed/
  end

  proves("credentials in the URL, escaped") do
    escaped = [ID, SECRET].map { |text|
      text.gsub(/[^A-Za-z0-9]/) { |one| format("%%%02X", one.ord) }
    }.join(":")
    someone = user["url", place]
    expect someone.gem("install", "--source", source.sub("//", "//#{escaped}@"), "--no-document", "oar_ring"),
           /1 gem installed/
  end

  proves("credentials in the environment") do
    someone = user["env", {"provider" => "env", **place}]
    out = someone.run("env", "AWS_ACCESS_KEY_ID=#{ID}", "AWS_SECRET_ACCESS_KEY=#{SECRET}", "gem", "install",
                      "--source", source, "--no-document", "oar_ring")
    expect out, /1 gem installed/
  end

  proves("a gem that is not there") do
    expect user["missing", {**keys, **place}].gem("install", "--source", source, "oar_less", ok: false),
           /Could not find a valid gem 'oar_less'/
  end

  proves("a wrong secret: a refusal that shows none") do
    wrong = user["wrong", {"id" => ID, "secret" => "wrong-secret-canary", **place}]
    out = wrong.gem("install", "--source", source, "oar_ring", ok: false)
    expect out, /SignatureDoesNotMatch/
    raise "the refusal shows a secret:\n#{out}" if out.match?(/wrong-secret-canary|Signature=/)
  end

  proves("an entry that says nothing of credentials") do
    expect user["none", place].gem("install", "--source", source, "oar_ring", ok: false),
           /no id and secret, and no provider/
    expect user["half", {"id" => ID, **place}].gem("install", "--source", source, "oar_ring", ok: false),
           /no id and secret/
  end

  proves("a setting that does not exist") do
    typo = user["typo", {**keys, **place, "endpiont" => "x"}]
    expect typo.gem("install", "--source", source, "oar_ring", ok: false), /did you mean "endpoint"/
  end

  # What a bundle runs, installed from the bucket and nowhere else.
  boats = lambda do |someone, ring|
    expect someone.bundle("exec", "ruby", "-e", 'require "oar_boat"'),
           /oar_ring #{Regexp.escape(ring)}\noar_boat 1\.0\.0/
    expect File.read("#{someone.home}/Gemfile.lock"), %r{remote: #{Regexp.escape(source)}\n}
  end

  proves("bundle install, lock, outdated, update, cache: from the index of all gems") do
    someone = user["bundle", {**keys, **place}]
    someone.bundle("config", "set", "--local", "path", "vendor")
    someone.gemfile(source.chomp("/"), '"oar_boat"', '"oar_ring", "1.0.0"')
    expect someone.bundle("install"), /Bundle complete! 2 Gemfile dependencies, 3 gems now installed/
    boats[someone, "1.0.0"]
    someone.gemfile(source, '"oar_boat"')
    expect someone.bundle("outdated", ok: false), /oar_ring +1\.0\.0 +1\.1\.0/
    someone.bundle("update", "oar_ring")
    boats[someone, "1.1.0"]
    someone.bundle("cache")
    raise "no gem in the cache" unless File.size?("#{someone.home}/vendor/cache/oar_ring-1.1.0.gem")
  end

  proves("bundle install from the compact index, and again") do
    publisher.compact
    publisher.publish(store)
    # Only this index has it, so this one was read.
    %w[specs.4.8.gz prerelease_specs.4.8.gz].each { |name| store.delete(name) }
    someone = user["compact", {**keys, **place}]
    someone.bundle("config", "set", "--local", "path", "vendor")
    someone.gemfile(source, '"oar_boat"')
    expect someone.bundle("install"), /Bundle complete!/
    boats[someone, "1.1.0"]
    File.delete("#{someone.home}/Gemfile.lock")
    expect someone.bundle("install"), /Bundle complete!/
    compact = user["gem-compact", {**keys, **place}]
    expect compact.gem("install", "--source", source, "--no-document", "oar_boat"), /2 gems installed/
    publisher.publish(store)
  end

  proves("bundle install with RUBYOPT and credentials from the environment") do
    someone = user["rubyopt", {"provider" => "env", **place}]
    someone.gemfile(source, '"oar_ring"', head: "")
    someone.run("env", "RUBYOPT=-roarlock/bundler", "AWS_ACCESS_KEY_ID=#{ID}",
                "AWS_SECRET_ACCESS_KEY=#{SECRET}", "bundle", "install", "--path", "vendor")
    expect File.read("#{someone.home}/Gemfile.lock"), /oar_ring \(1\.1\.0\)/
  end

  proves("bundle install that must fail: a wrong secret, a gem that is not there") do
    someone = user["bundle-wrong", {"id" => ID, "secret" => "wrong-secret-canary", **place}]
    someone.gemfile(source, '"oar_ring"')
    out = someone.bundle("install", "--retry", "0", ok: false)
    raise "the refusal shows a secret:\n#{out}" if out.match?(/wrong-secret-canary|Signature=/)
    expect out, /SignatureDoesNotMatch/

    someone = user["bundle-missing", {**keys, **place}]
    someone.gemfile(source, '"oar_less"')
    expect someone.bundle("install", ok: false), /Could not find gem 'oar_less'/
  end
end
