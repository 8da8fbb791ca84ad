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
          ->(io) {
            [io.seek(2), io.read(2), io.seek(-1, IO::SEEK_CUR), io.pos, io.rewind, io.read(1),
             io.seek(0, :END), io.read]
          },
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
    store.open("rows.csv.gz") do |file|
      assert_equal [%w[a b], %w[1 2]], CSV.parse(Zlib::GzipReader.new(file).read)
    end

    store.open("big", "wb") do |file|
      assert_equal NUMBERS.bytesize, IO.copy_stream(StringIO.new(NUMBERS), file)
    end
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

  CHECKSUM = {"x-amz-checksum-crc64nvme" => "AAAAAAAAAAA="}.freeze
  WRONG = [{match: {op: "GetObject"}, fault: {answer_headers: CHECKSUM}}].freeze

  # Runs the block while every response to a get has a checksum that does not match its bytes.
  def with_wrong_checksums
    Fake.tell("plan", {rules: WRONG})
    yield
  ensure
    Fake.tell("plan", {rules: []})
  end

  # Each way to read a file to its end.
  TO_THE_END = {
    "read" => ->(io, _) { io.read },
    "read of the size" => ->(io, size) { io.read(size) },
    "read of the size into a buffer" => ->(io, size) { io.read(size, String.new) },
    "reads that end with the last byte" => ->(io, size) { [io.read(size - 1), io.read(1)] },
    "small reads" => ->(io, _) { nil while io.read(7) },
    "readpartial" => ->(io, _) { loop { io.readpartial(1 << 16) } },
    "readpartial of the size" => ->(io, size) { size < 1000 ? io.readpartial(size) : io.read },
    "gets" => ->(io, _) { nil while io.gets },
    "gets of all" => ->(io, _) { io.gets(nil) },
    "each_line" => ->(io, _) { io.each_line { |line| line } },
    "an enumerator of lines" => ->(io, _) { io.each_line.to_a },
    "Enumerable" => ->(io, _) { io.count },
    "until eof?" => ->(io, _) { io.read(3) until io.eof? },
    "copy_stream" => ->(io, _) { IO.copy_stream(io, StringIO.new) },
    "copy_stream of the size" => ->(io, size) { IO.copy_stream(io, StringIO.new, size) },
    "a seek back" => ->(io, size) { [io.read(size - 1), io.rewind, io.read] },
    "a range first" => ->(io, size) { [io.seek(size - 1), io.read, io.rewind, io.read] }
  }.freeze

  def test_the_read_that_reaches_the_end_tells_a_wrong_checksum
    store = Fake.store
    ["x", "one\ntwo\n", NUMBERS].each do |content|
      store.put("a", content)
      TO_THE_END.each do |how, reading|
        %w[rb r].each do |mode|
          store.open("a", mode) { |io| begin reading[io, content.bytesize]; rescue EOFError; nil; end }
          with_wrong_checksums do
            assert_raises(Oarlock::CorruptError, how) do
              store.open("a", mode) { |io| reading[io, content.bytesize] }
            end
          end
        end
      end
    end
  end

  def test_a_reader_that_does_not_reach_the_end_says_nothing
    store = Fake.store
    ["one\ntwo\n", NUMBERS].each do |content|
      store.put("a", content)
      size = content.bytesize
      with_wrong_checksums do
        [
          [->(io) { io.read(5) }, content[0, 5]],
          [->(io) { io.read(size - 1) }, content[..-2]],
          [->(io) { io.gets }, content.lines.first],
          [->(io) { io.read(1) && io.seek(0, :END) && [io.read, io.eof?] }, ["", true]],
          [->(io) { io.seek(size - 3) && [io.read, io.read(1), io.eof?] }, [content[-3..], nil, true]]
        ].each { |reading, expected| assert_equal expected, store.open("a", &reading) }
      end
    end
  end

  def test_after_a_failed_check_no_read_goes_on
    store = Fake.store
    store.put("a", "hello world")
    store.open("a") do |io|
      with_wrong_checksums { assert_raises(Oarlock::CorruptError) { io.read(11) } }
      assert_equal "hello worl", io.read(10)
      reads = [-> { io.read(1) }, -> { io.read }, -> { io.gets }, -> { io.readpartial(1) }]
      reads.each { |read| assert_raises(Oarlock::CorruptError, &read) }
      io.rewind
      assert_equal "hello world", io.read
    end
  end

  def test_partial_reads_are_as_long_as_before
    store = Fake.store
    store.put("a", "hello world")
    store.open("a") { |io| assert_equal ["hello world", true], [io.readpartial(100), io.eof?] }
    store.open("a") { |io| assert_equal ["hello worl", "d"], [io.readpartial(10), io.readpartial(10)] }
  end

  def test_an_encrypted_object_is_opened_as_it_is_fetched
    plain = Fake.store
    sealed, other = %w[k o].map do |letter|
      key = [letter * 32].pack("m0")
      Oarlock.open(plain.url, endpoint: Fake.endpoint, **Fake::KEYS, encryption_aes_key: key)
    end
    {"a" => NUMBERS, "empty" => ""}.each do |name, content|
      sealed.put(name, content)
      sealed.open(name) do |io|
        assert_equal [content.bytesize, content, "", nil], [io.size, io.read, io.read, io.read(1)]
      end
      sealed.open(name, unverified: true) { |io| assert_equal content, io.read }
      sealed.open(name) do |io|
        io.seek(content.bytesize / 2)
        assert_equal content.byteslice(io.pos..), io.read
        assert_equal content.byteslice(3, 4), io.pread(4, 3) unless content.empty?
      end
      assert_raises(Oarlock::DecryptError) { other.open(name, &:read) }
      assert_raises(Oarlock::DecryptError) { other.open(name) { |io| io.read(10) until io.eof? } }
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
