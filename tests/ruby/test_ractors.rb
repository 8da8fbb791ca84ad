# frozen_string_literal: true

require_relative "support"

# A store is shareable, and every verb works in a Ractor other than the main one. Each test is a process of
# its own: once a process has had a second Ractor, Ruby 3.1 may wait for its own lock for ever when it loads
# an encoding.
class RactorsTest < OarlockTest
  def ractor(body, *arguments) = ruby("require 'oarlock'\nWarning[:experimental] = false\n#{body}", *arguments)

  def test_shareable
    @store.put("a", "x", content_type: "text/plain", metadata: {"k" => "v"})
    assert Ractor.shareable?(@store)
    assert Ractor.shareable?(@store.head("a"))
    assert Ractor.shareable?(@store.list.first)
    assert Ractor.shareable?(Oarlock::VERBS)
  end

  def test_four_ractors
    store = Fake.store
    store.put("a", "x")
    Fake.late(200) do
      assert_equal "true xxxx\n", ractor(<<~'RUBY', store.url, Fake.endpoint)
        keys = {access_key_id: "test", secret_access_key: "secret"}
        store = Oarlock.open(ARGV[0], endpoint: ARGV[1], **keys)
        begun = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        got = Array.new(4) { Ractor.new(store.dup) { |own| own.get("a") } }.map(&:take)
        puts "#{Process.clock_gettime(Process::CLOCK_MONOTONIC) - begun < 2} #{got.join}"
      RUBY
    end
  end

  def test_every_way
    expected = ["bc", ["e\n", "f"], %w[a d], true, "NotFound"]
    assert_equal "#{expected.inspect}\n", ractor(<<~'RUBY', @store.url)
      ractor = Ractor.new(Oarlock.open(ARGV[0])) do |store|
        store.put("a", ["b", "c"])
        store.open("d", "wb") { |file| file << "e\nf" }
        chunks = []
        store.get("a") { |chunk| chunks << chunk }
        missing = begin store.get("nowhere") rescue $!.kind end
        [chunks.join, store.open("d").each_line.to_a, store.list.map(&:key), store.exists?("a", timeout: 5),
         missing]
      end
      p ractor.take
    RUBY
  end
end
