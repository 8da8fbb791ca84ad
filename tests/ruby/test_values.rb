# frozen_string_literal: true

require_relative "support"
require "date"

# Values keep what they mean on their way into the core and back, or are refused before anything is sent.
class ValuesTest < OarlockTest
  def refused(pattern, &block)
    error = assert_raises(Oarlock::InvalidInputError, &block)
    assert_match pattern, error.message
    error
  end

  def test_keys_in_other_encodings
    key = "schön/日本"
    @store.put(key, "x")
    ["UTF-16LE", "UTF-8", "UTF-32BE", "GB18030"].each do |encoding|
      assert_equal "x", @store.get(key.encode(encoding)), encoding
    end
    assert_equal "x", @store.get(key.b)
    @store.put("na\xEFve".dup.force_encoding("ISO-8859-1"), "y")
    assert_equal "y", @store.get("naïve")
    assert_equal [Encoding::UTF_8], @store.list.map { |entry| entry.key.encoding }.uniq
    assert_equal %w[naïve schön/日本], @store.list.map(&:key)
  end

  def test_every_string_crosses_in_any_encoding
    latin = "caf\xE9".dup.force_encoding("ISO-8859-1")
    japanese = "テスト".encode("Shift_JIS")
    {latin => "café", japanese => "テスト", "a€".encode("UTF-16") => "a€", "b€".encode("Windows-1252") => "b€",
     latin.to_sym => "café", "c".encode("US-ASCII") => "c"}.each do |given, key|
      @store.put(given, "x", metadata: {"m".encode("UTF-16BE") => "v".encode("UTF-16LE")},
                 content_type: "text/x".encode("UTF-16LE"))
      assert_equal ["text/x", {"m" => "v"}],
                   @store.head(key).then { |meta| [meta.content_type, meta.metadata] }
      assert_equal [key], @store.head_many([given]).map(&:key)
      assert_equal [key], @store.get_many([{key: given}]).map(&:key)
      assert_equal "x", @store.open(given, &:read)
      assert_equal [key], @store.list(given).map(&:key)
      assert_equal [key], @store.delete_many([given]).map(&:key)
    end
    assert_raises(Oarlock::NotFoundError) { @store.get(japanese) }
    # An object's bytes are no text.
    @store.put_many([{key: "l", body: latin}])
    assert_equal "caf\xE9".b, @store.get("l").b
  end

  def test_paths_stay_bytes
    Dir.mktmpdir do |directory|
      path = Pathname("#{directory}/caf\xE9".b)
      path.binwrite("x")
      @store.put("a", path)
      @store.put_many([{key: "b", path: path}])
      assert_equal %w[x x], [@store.get("a"), @store.get("b")]
      target = Pathname("#{directory}/\xFF".dup.force_encoding("ISO-8859-1"))
      @store.get("a", into: target)
      assert_equal "x", target.binread
      within = "#{directory}/in\xE9".b
      Dir.mkdir(within)
      File.binwrite("#{within}/f", "y")
      @store.sync_up(within, "synced")
      assert_equal "y", @store.get("synced/f")
    end
  end

  def test_a_refused_key_is_shown
    refused(/parameter `key` is not valid UTF-8: "a\\xff"/) { @store.get("a\xFF") }
    refused(/is not valid UTF-8: "a\\xff"/) { @store.head_many(["b", "a\xFF"]) }
    refused(/is not valid UTF-8: "a\\xff"/) { @store.delete_many([{key: "a\xFF".b}]) }
  end

  def test_an_option_that_a_verb_does_not_take_is_named
    [-> {}, Object.new, method(:puts), [Object.new], {"a" => Object.new}, 1.5].each do |value|
      refused(/unknown option "metadatum"/) { @store.head("a", metadatum: value) }
      refused(/unknown option "progress"/) { @store.head("a", progress: value) }
      refused(/unknown option "progress"/) { @store.list(progress: value).first }
      error = assert_raises(Oarlock::ConfigError) { Oarlock.open("s3://bucket", regoin: value) }
      assert_match(/unknown setting "regoin"; did you mean "region"/, error.message)
    end
  end

  def test_progress_counts_objects_where_no_bytes_move
    told = []
    hear = ->(*now) { told << now }
    @store.head_many(%w[a b], progress: hear)
    assert_equal [2, 2], told.last
    @store.delete_many(%w[a b c], progress: hear)
    assert_equal [3, 3], told.last
  end

  def test_keys_that_are_no_text
    store = Fake.store
    before = Fake.log.size
    refused(/parameter `key` is not valid UTF-8/) { store.get("\xFF") }
    refused(/parameter `key` is not valid UTF-8/) { store.put("a\xC3".b, "x") }
    refused(/parameter `key` is not valid text/) { store.get("\xFF".dup.force_encoding("EUC-JP")) }
    refused(/parameter `key` takes str, not int/) { store.get(5) }
    refused(/parameter `key` is missing/) { store.get(nil) }
    refused(/option `metadata` is not valid UTF-8/) { store.put("a", "x", metadata: {"k" => "\xFF"}) }
    assert_equal before, Fake.log.size
  end

  def test_symbols_paths_and_numbers
    @store.put(:a, "x", content_type: :"text/plain", metadata: {count: 5})
    assert_equal ["text/plain", {"count" => "5"}],
                 @store.head("a").then { |meta| [meta.content_type, meta.metadata] }
    refused(/at most 64 bits/) { @store.list("", page_size: 1 << 70).first }
    refused(/page_size/) { @store.list("", page_size: -1).first }
    refused(/page_size/) { @store.list("", page_size: 1.5).first }
    refused(/option `range`/) { @store.get("a", range: Object.new) }
  end

  def test_ranges
    @store.put("a", "0123456789")
    {0..2 => "012", 0...2 => "01", 7.. => "789", ..2 => "012", -3.. => "789", -3..-1 => "789",
     2..-1 => "23456789", "3-4" => "34", [3, 4] => "3456"}.each { |range, expected|
       assert_equal expected, @store.get("a", range: range), range.inspect
     }
    [0...0, 5..2, -5..7, 1..-2].each { |range| refused(/range/) { @store.get("a", range: range) } }
    assert_raises(Oarlock::RangeError) { @store.get("a", range: 10..) }
  end

  def test_times
    at = Time.at(1_700_000_000, 123_456_789, :nsec)
    @store.put("a", "x", expires: at)
    meta = @store.head("a")
    assert_predicate meta.last_modified, :utc?
    assert_in_delta Time.now.to_f, meta.last_modified.to_f, 100
    assert_equal at.to_i, meta.expires.to_i
    assert_raises(Oarlock::NotModifiedError) { @store.get("a", if_modified_since: Time.now + 60) }
    assert_raises(Oarlock::NotModifiedError) { @store.get("a", if_modified_since: DateTime.now + 1) }
    assert_equal "x", @store.get("a", if_modified_since: Date.new(2020, 1, 1))
  end

  def test_lists_that_hold_themselves
    list = []
    list << list
    refused(/too deeply/) { @store.delete_many(list) }
    hash = {}
    hash[:a] = hash
    refused(/too deeply/) { @store.put("a", "x", metadata: hash) }
  end

  def test_delete_many_takes_what_a_listing_gives
    5.times { |number| @store.put("d/#{number}", "x") }
    fates = @store.delete_many(@store.list("d/"))
    assert_equal [5, [nil]], [fates.size, fates.map(&:error).uniq]
    assert_empty @store.delete_many([])
  end

  def test_records
    @store.put("a", "hello")
    entry = @store.list.first
    assert_predicate entry, :frozen?
    assert_raises(FrozenError) { entry.key << "x" }
    assert_raises(FrozenError) { @store.head("a").metadata["k"] = "v" }
    found = case entry
            in {key: String => key, size: 5} then key
            end
    assert_equal "a", found
    assert_equal entry, @store.list.first
    assert_equal Oarlock::Entry.new(**entry.to_h), entry
  end

  def test_listings
    7.times { |number| @store.put("l/#{number}", "x") }
    listing = @store.list("l/", page_size: 3)
    assert_nil listing.size
    assert_equal %w[l/0 l/1], listing.lazy.map(&:key).first(2)
    assert_equal "l/0", listing.next.key
    assert_equal [3, 3, 1], listing.each_page.map { |page| page.entries.size }
    assert_equal 7, listing.count
    assert_equal 7, listing.count
    seen = []
    assert_same @store, @store.each_object("l/") { |object| seen << object.key }
    assert_equal 7, seen.size

    store = Fake.store
    7.times { |number| store.put("l/#{number}", "x") }
    before = Fake.log.size
    store.list("l/", page_size: 3).first(2)
    assert_equal before + 1, Fake.log.size
  end

  def test_a_closed_store
    store = @store
    Oarlock.open(store.url) do |open|
      open.put("a", "x")
      store = open
    end
    assert_predicate store, :closed?
    refused(/the store is closed/) { store.get("a") }
    refused(/the store is closed/) { store.list.to_a }
    store.close
  end

  def test_no_secret_is_shown
    settings = {access_key_id: "AKIDEXAMPLE", secret_access_key: "topsecret", session_token: "tokentoken",
                region: "eu-west-1"}
    store = Oarlock.open("s3://bucket/prefix", **settings)
    [store.inspect, store.to_s, store.settings.inspect, "#{store}"].each do |text|
      refute_match(/topsecret|tokentoken/, text)
    end
    assert_match(/s3:..bucket.prefix.*eu-west-1/, store.inspect)
    assert_raises(TypeError) { Marshal.dump(store) }
    error = assert_raises(Oarlock::ConfigError) do
      Oarlock.open("s3://bucket", secret_access_key: "topsecret")
    end
    refute_match(/topsecret/, error.message)
  end

  def test_settings
    assert_match(/did you mean "region"/,
                 assert_raises(Oarlock::ConfigError) { Oarlock.open("s3://bucket", regoin: "x") }.message)
    assert_raises(Oarlock::ConfigError) { Oarlock.open("http://bucket") }
    assert_raises(Oarlock::ConfigError) { Oarlock.open(nil) }
    key = Random.bytes(32)
    store = Fake.store(sse_customer_key: key)
    store.put("a", "x")
    assert_equal "x", store.get("a", sse_customer_key: [key].pack("m0"))
  end
end
