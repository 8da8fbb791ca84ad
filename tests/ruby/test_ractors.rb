# frozen_string_literal: true

require_relative "support"

# A store is shareable, and every verb works in a Ractor other than the main one.
class RactorsTest < OarlockTest
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
      assert_prompt(2) do
        assert_equal ["x"] * 4, Array.new(4) { Ractor.new(store) { |own| own.get("a") } }.map(&:take)
      end
    end
  end

  def test_every_way
    ractor = Ractor.new(@store) do |store|
      store.put("a", ["b", "c"])
      store.open("d", "wb") { |file| file << "e\nf" }
      chunks = []
      store.get("a") { |chunk| chunks << chunk }
      missing = begin store.get("nowhere") rescue $!.kind end
      [chunks.join, store.open("d").each_line.to_a, store.list.map(&:key), store.exists?("a", timeout: 5),
       missing]
    end
    assert_equal ["bc", ["e\n", "f"], %w[a d], true, "NotFound"], ractor.take
  end
end
