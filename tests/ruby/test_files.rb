# frozen_string_literal: true

require_relative "support"
require "csv"
require "zlib"

# Objects opened as files do what Ruby's own files do.
class FilesTest < OarlockTest
  TEXT = "éins\nzwei\n\ndrei"
  NUMBERS = (0...2_000_000).step(7).map(&:to_s).join("\n").freeze

  def test_as_a_file_would
    path = "#{@directory}/same"
    [TEXT, "", "\n", "x" * 100].each do |text|
      File.write(path, text)
      @store.put("same", text)
      %w[r rb].each do |mode|
        steps = [
          ->(io) { [io.read(3), io.pos, io.read, io.read, io.read(1), io.eof?] },
          ->(io) { [io.gets, io.gets(chomp: true), io.gets, io.gets, io.gets] },
          ->(io) { io.each_line.to_a },
          ->(io) { io.each_line(chomp: true).to_a },
          ->(io) { [io.gets(nil), io.gets(nil)] },
          ->(io) { io.each_line("i").to_a },
          ->(io) { [io.seek(2), io.read(2), io.seek(-1, IO::SEEK_CUR), io.pos, io.rewind, io.read(1), io.seek(0, :END), io.read] },
          ->(io) { io.seek(100) && [io.read(1), io.read, io.eof?] },
          ->(io) { io.seek(-1000, IO::SEEK_END) },
          ->(io) { [io.readpartial(4), io.readpartial(4)] },
          ->(io) { io.read && io.readline },
          ->(io) { [io.read(0), io.read(2, buffer = String.new), buffer, io.size] },
          ->(io) { io.close && io.read },
          ->(io) { io.read(-1) }
        ]
        steps.each_with_index do |step, index|
          theirs = File.open(path, mode) { |io| outcome(io, step) }
          ours = @store.open("same", mode) { |io| outcome(io, step) }
          assert_equal theirs, ours, "step #{index} in mode #{mode} of #{text.inspect}"
        end
      end
    end
  end

  # What a step gives: values with their encodings, or the class of what it raises.
  def outcome(io, step)
    [step.call(io)].flatten.map { |value| value.is_a?(String) ? [value.b, value.encoding] : value }
  rescue StandardError => error
    error.class
  end

  def test_what_takes_a_file
    store = Fake.store
    store.open("rows.csv.gz", "wb") { |file| Zlib::GzipWriter.wrap(file) { |zip| zip << "a,b\n1,2\n" } }
    store.open("rows.csv.gz") { |file| assert_equal [%w[a b], %w[1 2]], CSV.parse(Zlib::GzipReader.new(file).read) }

    store.open("big", "wb") { |file| assert_equal NUMBERS.bytesize, IO.copy_stream(StringIO.new(NUMBERS), file) }
    copy = StringIO.new
    store.open("big") { |file| IO.copy_stream(file, copy) }
    assert_equal NUMBERS, copy.string
    store.open("big") { |file| assert_equal NUMBERS.lines.size, file.count }
  end

  def test_seeking_asks_for_what_is_read
    store = Fake.store
    store.put("a", NUMBERS)
    store.open("a") do |file|
      file.seek(-5, IO::SEEK_END)
      assert_equal NUMBERS[-5..], file.read
      file.seek(1000)
      assert_equal NUMBERS[1000, 10], file.read(10)
      file.seek(1005)
      assert_equal NUMBERS[1005, 10], file.read(10)
    end
  end

  def test_an_object_that_changes_while_it_is_read
    store = Fake.store
    store.put("a", NUMBERS)
    store.open("a") do |file|
      store.put("a", "#{NUMBERS} and more")
      assert_raises(Oarlock::PreconditionError) { file.read(1) }
    end
  end

  def test_writing
    reply = nil
    @store.open("a", "w") do |file|
      assert_equal 5, file.write("é", 12, :x)
      file << "y"
      file.print("z", 1)
      file.puts("line", ["lines", "ended\n"])
      file.puts
      assert_equal 26, file.pos
      reply = file
    end
    assert_equal "é12xyz1line\nlines\nended\n\n", @store.get("a").force_encoding("UTF-8")
    assert_equal @store.head("a").etag, reply.reply.etag
    assert_predicate reply, :closed?
    assert_raises(IOError) { reply.write("more") }
    assert_nil reply.close
  end

  def test_leaving_the_writers_block
    [@store, Fake.store(multipart_threshold: 5 << 20, multipart_chunksize: 5 << 20)].each do |store|
      assert_raises(IndexError) { store.open("a", "wb") { |file| file << "x"; raise IndexError } }
      store.open("a", "wb") { |file| file << "x"; break }
      refute store.exists?("a")
      store.open("a", "wb") { |file| file << NUMBERS; file.abort }
      refute store.exists?("a")
    end
  end

  def test_a_writer_without_a_block
    file = @store.open("a", "wb")
    file << "x"
    refute @store.exists?("a")
    file.close
    assert_equal "x", @store.get("a")
  end

  def test_modes
    assert_raises(ArgumentError) { @store.open("a", "a") }
    assert_raises(ArgumentError) { @store.open("a", "rb", range: 0..1) }
    assert_raises(Oarlock::NotFoundError) { @store.open("nowhere") }
    assert_raises(Oarlock::InvalidInputError) { @store.open("a", "wb", colour: "blue") }
  end
end
