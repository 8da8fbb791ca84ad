# frozen_string_literal: true

require_relative "support"

# The extension keeps nothing that the garbage collector may take, and lets go of what it should.
class GcTest < OarlockTest
  def test_under_stress
    store = Fake.store
    source = ["a" * 100, "b"].freeze
    key = "stress"
    GC.stress = true
    @store.put(key, source)
    store.put(key, "x", metadata: {"k" => "v"})
    store.get(key)
    got = String.new
    store.get(key) { |chunk| got << chunk }
    store.list("s", page_size: 1).to_a
    store.open(key) { |file| file.read(1) }
    @store.open("w", "wb") { |file| file << "x" }
    begin
      store.get("nowhere")
    rescue Oarlock::NotFoundError
      nil
    end
    begin
      store.get("\xFF")
    rescue Oarlock::InvalidInputError
      nil
    end
    GC.stress = false
    assert_equal "#{"a" * 100}b", @store.get(key)
  ensure
    GC.stress = false
  end

  def test_calls_that_nobody_keeps_are_cancelled
    silence = Silence.new
    5.times { silence.store.start("get", {key: "a"}) }
    5.times { soon(silence.came) }
    # The last of them may still lie on the stack.
    Timeout.timeout(20) { GC.start && Thread.pass until silence.left.size >= 4 }
    assert_operator silence.left.size, :>=, 4
  ensure
    silence&.close
  end

  def test_descriptors_are_given_back
    count = -> { Dir.children("/proc/self/fd").size }
    10.times { @store.exists?("a", timeout: 5) }
    GC.start
    before = count.call
    200.times { @store.exists?("a", timeout: 5) }
    GC.start
    assert_operator count.call, :<, before + 100
  end
end
