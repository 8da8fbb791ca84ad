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
    ["UTF-16LE", "UTF-8", "UTF-32BE", "GB18030"].each { |encoding| assert_equal "x", @store.get(key.encode(encoding)), encoding }
    assert_equal "x", @store.get(key.b)
    @store.put("na\xEFve".dup.force_encoding("ISO-8859-1"), "y")
    assert_equal "y", @store.get("naïve")
    assert_equal [Encoding::UTF_8], @store.list.map { |entry| entry.key.encoding }.uniq
    assert_equal %w[naïve schön/日本], @store.list.map(&:key)
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
    assert_equal ["text/plain", {"count" => "5"}], @store.head("a").then { |meta| [meta.content_type, meta.metadata] }
    refused(/at most 64 bits/) { @store.list("", page_size: 1 << 70).first }
    refused(/page_size/) { @store.list("", page_size: -1).first }
    refused(/page_size/) { @store.list("", page_size: 1.5).first }
    refused(/option `range`/) { @store.get("a", range: Object.new) }
  end

  def test_ranges
    @store.put("a", "0123456789")
    {0..2 => "012", 0...2 => "01", 7.. => "789", ..2 => "012", -3.. => "789", -3..-1 => "789", 2..-1 => "23456789",
     "3-4" => "34", [3, 4] => "3456"}.each { |range, expected| assert_equal expected, @store.get("a", range: range), range.inspect }
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
    settings = {access_key_id: "AKIDEXAMPLE", secret_access_key: "topsecret", session_token: "tokentoken", region: "eu-west-1"}
    store = Oarlock.open("s3://bucket/prefix", **settings)
    [store.inspect, store.to_s, store.settings.inspect, "#{store}"].each { |text| refute_match(/topsecret|tokentoken/, text) }
    assert_match(/s3:..bucket.prefix.*eu-west-1/, store.inspect)
    assert_raises(TypeError) { Marshal.dump(store) }
    error = assert_raises(Oarlock::ConfigError) { Oarlock.open("s3://bucket", secret_access_key: "topsecret") }
    refute_match(/topsecret/, error.message)
  end

  def test_settings
    assert_match(/did you mean "region"/, assert_raises(Oarlock::ConfigError) { Oarlock.open("s3://bucket", regoin: "x") }.message)
    assert_raises(Oarlock::ConfigError) { Oarlock.open("http://bucket") }
    assert_raises(Oarlock::ConfigError) { Oarlock.open(nil) }
    key = Random.bytes(32)
    store = Fake.store(sse_customer_key: key)
    store.put("a", "x")
    assert_equal "x", store.get("a", sse_customer_key: [key].pack("m0"))
  end
end
