# frozen_string_literal: true

require_relative "support"
require "yaml"
require "zlib"
require "rubygems_plugin"
require "oarlock/rubygems"

# What RubyGems asks of its fetcher, and what `.gemrc` may say; `tests/hosts/gem.rb` does the same with the
# real `gem`.
class RubyGemsTest < OarlockTest
  PLACE = {"endpoint" => nil, "region" => "us-east-1", "path_style" => true}.freeze

  def setup
    super
    @fetcher = Gem::RemoteFetcher.new
    @bucket = Fake.store.url[%r{s3://([^/]+)}, 1]
    @store = Oarlock.open("s3://#{@bucket}/p", endpoint: Fake.endpoint, **Fake::KEYS)
    @keys = {"id" => "test", "secret" => "secret"}
    @place = {**PLACE, "endpoint" => Fake.endpoint}
    configure("s3_source", @bucket => {**@keys, **@place})
  end

  def teardown
    Gem.configuration = nil
    super
  end

  def configure(name, sources)
    Oarlock::RubyGems.instance_variable_get(:@stores).clear
    path = "#{@directory}/gemrc"
    File.write(path, YAML.dump({name => sources}))
    Gem.configuration = Gem::ConfigFile.new(["--config-file", path])
  end

  def fetch(path = "p/specs", *rest) = @fetcher.fetch_path("s3://#{@bucket}/#{path}", *rest)

  def test_answers
    @store.put("specs", "content")
    assert_equal "content", fetch
    assert_nil fetch("p/specs", Time.now + 120)
    # Fetched in the second in which it changed: it may have changed once more.
    assert_equal "content", fetch("p/specs", Time.now)
    assert_equal "s3://#{@bucket}/p/specs", fetch("p/specs", nil, true).uri.to_s
    assert_raises(Gem::RemoteFetcher::FetchError) { fetch("p/", nil, true) }
    @store.put("versions", "---")
    assert_equal "s3://#{@bucket}/p/", fetch("p/", nil, true).uri.to_s
    @store.put("a b+c%", "odd")
    assert_equal "odd", fetch("p/a%20b+c%25")
    @store.put("specs.gz", Zlib.gzip("packed"))
    assert_equal "packed", fetch("p/specs.gz")
  end

  def requested = Fake.log.map { |one| one["key"] }

  def test_what_follows_is_read_ahead
    names = Array.new(8) { |n| "gem_#{n}" }
    names.each { |name| @store.put("info/#{name}", "---\n1.0 |checksum:x\n") }
    needs = names.map { |name| "#{name}:>= 0" }.join(",")
    @store.put("info/all", <<~INFO)
      ---
      0.1 old:>= 0|checksum:x
      1.0 #{needs}|checksum:x
      1.0-java no:>= 0|checksum:x
      2.0.a no:>= 0|checksum:x
    INFO
    keys = ["info/all", "quick/Marshal.4.8/all-1.0.gemspec.rz", *names.map { |name| "info/#{name}" }]
    @store.put(keys[1], "x")
    Fake.tell("reset", {keep_objects: true})
    Fake.late(200) { assert_prompt(1.5) { keys.each { |key| fetch("p/#{key}") } } }
    # The specifications of the others, which are missing, may be requested too.
    counts = requested.tally
    assert_equal [1] * keys.size, counts.values_at(*keys.map { |key| "p/#{key}" })
    assert_empty counts.keys.grep(/old|no\b|0\.1|java|2\.0/)
    assert_raises(Gem::RemoteFetcher::FetchError) { fetch("p/quick/Marshal.4.8/gem_0-1.0.gemspec.rz") }
  end

  def test_a_chain_is_read_ahead_to_its_end
    6.times { |n| @store.put("info/link_#{n}", "---\n1.0 link_#{n + 1}:>= 0|checksum:x\n") }
    Fake.tell("reset", {keep_objects: true})
    fetch("p/info/link_0")
    # Nothing else is fetched: each file is requested for the one before it. With each its specification is.
    12.times { |n| Fake.log(n + 1) }
    assert_includes requested, "p/info/link_6"
  end

  def test_what_nobody_takes_is_bounded
    started = Queue.new
    body = Struct.new(:bytesize).new(Oarlock::RubyGems::ReadAhead::LIMIT + 1)
    ahead = Oarlock::RubyGems::ReadAhead.new { |uri| started << uri; body }
    all = Array.new(40, &:to_s)
    ahead.want(all)
    threads = Oarlock::RubyGems::ReadAhead::THREADS
    first = soon(started)
    assert_same body, ahead.take(first)
    assert_nil ahead.take(first)
    assert_operator started.size, :<=, 2 * threads
    # One that has not started is the caller's to read.
    taken = all.map { |uri| ahead.take(uri) }
    assert_includes taken, nil
    ahead.want(all)
    assert_empty all.filter_map { |uri| ahead.take(uri) }, "was read again"
  end

  def test_refusals
    ["p/nowhere", "p/", ""].each do |path|
      error = assert_raises(Gem::RemoteFetcher::FetchError) { fetch(path, nil, path != "p/nowhere") }
      refute_match(/Signature|secret/, error.message)
    end
    assert_match(/no such|not exist/i,
                 assert_raises(Gem::RemoteFetcher::FetchError) { fetch("p/nowhere") }.message)
  end

  def failure(path) = assert_raises(Gem::RemoteFetcher::FetchError) { fetch(path) }

  def test_failures_that_stay_are_marked
    assert_kind_of Oarlock::PermanentFailure, failure("p/nowhere")
    @store.put("specs", "content")
    configure("s3_source", @bucket => {**@keys, **@place, "secret" => "wrong"})
    assert_kind_of Oarlock::PermanentFailure, failure("p/specs")
    nobody = {"endpoint" => "http://127.0.0.1:9", "max_attempts" => 1}
    configure("s3_source", @bucket => {**@keys, **@place, **nobody})
    refute_kind_of Oarlock::PermanentFailure, failure("p/specs")
  end

  def test_a_source_without_an_index
    assert_match(%r{no gem index at s3://#{@bucket}/none/: .*; `gem s3 push` makes one},
                 failure("none/specs.4.8.gz").message)
    @store.put("gems/specs.4.8.gz", "index")
    ["", "p/", "p/gems/gems/", "p/jems/", "p/gems/quick/Marshal.4.8/"].each do |wrong|
      %w[specs.4.8.gz latest_specs.4.8.gz prerelease_specs.4.8.gz].each do |name|
        next if wrong.empty?

        near = %r{no gem index at s3://#{@bucket}/#{wrong}: .*did you mean s3://#{@bucket}/p/gems/\?}
        assert_match(near, failure("#{wrong}#{name}").message)
      end
    end
    @store.put("compact/versions", "---")
    assert_match(/has a compact index only/, failure("p/compact/specs.4.8.gz").message)
    Fake.tell("bucket", {name: @bucket, allow: ["s3:GetObject"]})
    assert_match(/AccessDenied/, failure("p/jems/specs.4.8.gz").message)
  end

  def test_spellings_of_gemrc
    @store.put("specs", "content")
    symbols = {**@keys, **@place}.transform_keys(&:to_sym)
    configure(:s3_source, @bucket.to_sym => symbols)
    assert_equal "content", fetch
    configure("s3_source", @bucket => symbols)
    assert_equal "content", fetch
    configure("s3_source",
              @bucket.to_sym => {"provider" => :static, "access_key_id" => "test",
                                 "secret_access_key" => "secret", **@place})
    assert_equal "content", fetch
  end

  def test_entries_that_make_no_sense
    {
      "no id and secret, and no provider" => @place, "no id and secret" => {"id" => "x", **@place},
      "did you mean \"region\"" => {**@keys, "regoin" => "x"},
      "provider" => {"provider" => "nobody", **@place}
    }.each do |message, entry|
      configure("s3_source", @bucket => entry)
      assert_match(/#{message}/, assert_raises(Gem::RemoteFetcher::FetchError) { fetch }.message)
    end
  end

  def test_credentials_in_the_url
    @store.put("specs", "content")
    Fake.tell("credential", {access_key: "id+x", secret_key: "a/b+c%d"})
    configure("s3_source", @bucket => @place)
    assert_equal "content", @fetcher.fetch_path("s3://id%2Bx:a%2Fb%2Bc%25d@#{@bucket}/p/specs")
    error = assert_raises(Gem::RemoteFetcher::FetchError) do
      @fetcher.fetch_path("s3://id%2Bx:canary@#{@bucket}/p/specs")
    end
    refute_match(/canary/, error.message)
  end

  def test_a_prefix_without_its_slash
    asked = nil
    fetcher = Class.new(Gem::RemoteFetcher) {
      define_method(:cache_update_path) { |uri, *| asked = uri.to_s }
    }.new
    spec = Gem::Specification.new("a", "1") { |one| one.loaded_from = "#{@directory}/a.gemspec" }
    fetcher.download(spec, "s3://#{@bucket}/p", @directory)
    assert_equal "s3://#{@bucket}/p/gems/a-1.gem", asked
  end
end
