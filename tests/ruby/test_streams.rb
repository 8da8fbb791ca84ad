# frozen_string_literal: true

require_relative "support"

# Every object that Ruby reads from or writes to can be a source or a sink, and keeps its own failures.
class StreamsTest < OarlockTest
  BIG = Random.new(7).bytes(9_000_000).freeze

  # Writes as a socket's wrapper may: less than it was given.
  class Sip
    attr_reader :got

    def initialize = @got = String.new

    def write(chunk)
      @got << chunk.byteslice(0, 1000)
      [chunk.bytesize, 1000].min
    end
  end

  def file(content)
    Pathname(@directory).join("file").tap { |path| path.binwrite(content) }
  end

  def test_sources
    path = file(BIG)
    pipe, write = IO.pipe
    writer = Thread.new { write << BIG; write.close }
    sources = {
      "string" => BIG, "path" => path, "file" => path.open("rb"), "pipe" => pipe,
      "stringio" => StringIO.new(BIG),
      "array" => [BIG[0, 5], "", BIG[5..]],
      "lazy" => (0...9).lazy.map { |at| BIG[at * 1_000_000, 1_000_000] },
      "enumerator" => Enumerator.new { |out| out << BIG[0, 1] << BIG[1..] }
    }
    [@store, Fake.store(multipart_threshold: 5 << 20, multipart_chunksize: 5 << 20)].each do |store|
      sources.each do |name, source|
        source.rewind if %w[file stringio].include?(name)
        next if name == "pipe" && store != @store

        assert_equal BIG.bytesize, store.put(name, source).size, name
        assert_equal BIG, store.get(name), name
      end
    end
    writer.join
  end

  def test_a_file_from_where_it_stands
    open = file("0123456789").open("rb")
    open.seek(7)
    @store.put("a", open)
    assert_equal "789", @store.get("a")
  end

  def test_text_that_changes_afterwards
    text = +"before"
    @store.put("a", text)
    text.replace("after")
    assert_equal "before", @store.get("a")
    @store.put("b", "text".encode("UTF-16LE"))
    assert_equal "text", @store.get("b").force_encoding("UTF-16LE").encode("UTF-8")
  end

  def test_a_source_that_is_none
    [nil, 7, :name, Object.new].each do |source|
      assert_raises(TypeError, Oarlock::InvalidInputError) { @store.put("a", source) }
    end
    assert_raises(TypeError) { @store.put("a", [1]) }
    assert_raises(TypeError) { @store.put("a", {"a" => "b"}) }
    refute @store.exists?("a")
  end

  def test_a_source_that_fails
    mine = IndexError.new("mine")
    [@store, Fake.store(multipart_threshold: 5 << 20, multipart_chunksize: 5 << 20)].each do |store|
      source = Enumerator.new { |out| out << BIG; raise mine }
      assert_same mine, assert_raises(IndexError) { store.put("a", source) }
      refute store.exists?("a")
      assert_empty store.list_uploads.to_a unless store == @store
    end
  end

  def test_sinks
    [@store, Fake.store].each do |store|
      store.put("a", BIG)
      got = String.new
      reply = store.get("a") { |chunk| got << chunk }
      assert_equal [BIG, BIG.bytesize, nil, "a"], [got, reply.length, reply.body, reply.meta.key]
      assert_equal Encoding::BINARY, got.encoding

      io = StringIO.new(String.new)
      store.get("a", into: io)
      assert_equal BIG, io.string

      sip = Sip.new
      store.get("a", into: sip)
      assert_equal BIG, sip.got

      path = Pathname(@directory).join("new")
      assert_nil store.get("a", into: path).body
      assert_equal BIG, path.binread
      path.delete

      body = store.get("a", range: 5...15)
      assert_equal [BIG[5, 10], 5, BIG.bytesize, Encoding::BINARY],
                   [body, body.offset, body.meta.size, body.encoding]
      refute_predicate body, :frozen?
      assert_kind_of String, body
    end
  end

  def test_a_sink_that_is_none
    @store.put("a", "x")
    assert_raises(TypeError) { @store.get("a", into: "path or buffer?") }
    assert_raises(ArgumentError) { @store.get("a", into: StringIO.new) { nil } }
  end

  def test_leaving_the_block
    [@store, Fake.store].each do |store|
      store.put("a", BIG)
      assert_prompt { assert_equal :left, store.get("a") { break :left } }
      assert_prompt { assert_equal 1, catch(:out) { store.get("a") { throw :out, 1 } } }
      mine = IndexError.new("mine")
      assert_same mine, assert_raises(IndexError) { store.get("a") { raise mine } }
    end
  end

  def test_the_block_may_use_the_store
    @store.put("a", BIG)
    @store.put("b", "small")
    seen = []
    @store.get("a") { seen << @store.get("b") }
    assert_equal ["small"], seen.uniq
  end

  def test_a_sink_that_waits_is_waited_for
    store = Fake.store
    store.put("a", BIG)
    gate = Queue.new
    got = 0
    reader = Thread.new { store.get("a") { |chunk| gate.pop; got += chunk.bytesize } }
    Thread.pass until gate.num_waiting == 1
    assert_equal 0, got
    gate.close
    reader.join
    assert_equal BIG.bytesize, got
  end
end
