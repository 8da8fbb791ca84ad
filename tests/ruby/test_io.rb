# frozen_string_literal: true

require_relative "support"
require "csv"
require "json"
require "logger"
require "rubygems/package"
require "yaml"
require "zlib"

# Each method of a reader or writer does what Ruby's own File does with the same bytes, to the byte.
class IOTest < OarlockTest
  UNICODE = "é1\r\nzwei\n\n\n\nあ|drei\n\n𝄞🎼 four".freeze
  CONTENTS = {
    "utf-8" => UNICODE, "empty" => "", "newlines" => "\n\n\n", "carriage returns" => "a\r\n\r\nb\rc\r",
    "broken" => "a\xFF\xE3\x81\nb\x80\xF0\x9F\n\xC3", "long" => "#{"ab\n" * 500}#{"é" * 3000}\nend",
    "marked" => "\uFEFF#{UNICODE}", "latin" => "\xE9\xE8\n\xFC|".b,
    "shift_jis" => "表|ソ\n十|x\nソ".encode("Shift_JIS")
  }.freeze
  MODES = %w[
    r rb r:utf-8 rb:utf-8 r:iso-8859-1 r:iso-8859-1:utf-8 r:bom|utf-8 r:us-ascii
  ].freeze
  # Whose smallest character has two bytes. A newline's bytes also stand across two characters.
  WIDE = {
    "utf-16" => UNICODE.encode("UTF-16LE"), "marked utf-16" => "\uFEFF#{UNICODE}".encode("UTF-16LE"),
    "across" => "\u0a61\u6200\n\u0a0a\u000a".encode("UTF-16LE"), "no utf-16" => ""
  }.freeze
  WIDE_MODES = %w[rb:utf-16le rb:utf-16le:utf-8 rb:bom|utf-16le].freeze
  # A character or line that can't be converted raises in both; IO then stands where its own buffer ends.
  STEPS = {
    lines: ->(io) { [*io.each_line, io.lineno, io.pos] },
    chomped: ->(io) { io.readlines(chomp: true) },
    separators: ->(io) { ["|", "\n\n", "i", "x\n"].map { |text| io.rewind && io.readlines(text) } },
    chomped_separators: ->(io) { ["|", "i"].map { |text| io.rewind && io.readlines(text, chomp: true) } },
    limits: ->(io) { [1, 2, 3, 4, 5, 100].map { |limit| io.rewind && io.readlines(limit) } },
    chomped_limits: ->(io) { [1, 2, 5, 100].map { |limit| io.rewind && io.readlines(limit, chomp: true) } },
    limited_separators: ->(io) { [1, 3, 7].map { |limit| io.rewind && io.readlines("|", limit) } },
    limited_all: ->(io) { [1, 4, 70_000].map { |limit| io.rewind && io.readlines(nil, limit) } },
    no_limit: ->(io) { [io.gets(-1), io.gets(0), io.gets(nil, 0), io.gets(nil)] },
    paragraphs: ->(io) { [*io.readlines(""), io.lineno] },
    chomped_paragraphs: ->(io) { io.readlines("", chomp: true) },
    all: ->(io) { [io.gets(nil), io.gets(nil), io.read, io.read(1)] },
    chars: ->(io) { [*io.each_char, io.getc] },
    mixed: ->(io) { [io.getc, io.gets, io.getc, io.readline, io.readchar, io.read] },
    lineno: ->(io) { [io.gets, io.lineno, io.lineno = 41, io.gets, io.lineno, io.rewind, io.lineno] },
    encodings: ->(io) { [io.external_encoding, io.internal_encoding, io.binmode?] },
    put_back: ->(io) { [io.getc.then { |char| io.ungetc(char) }, io.gets] },
    readchars: ->(io) { loop { io.readchar } },
    bom: ->(io) { [io.set_encoding_by_bom, io.external_encoding, io.gets, io.pos] }
  }.freeze
  # For readers of bytes; IO refuses some of them after it has converted characters.
  BYTES = {
    each_byte: ->(io) { [io.each_byte.first(20), io.each_byte.sum, io.getbyte, io.pos] },
    getbyte: ->(io) { [io.getbyte, io.pos, io.readbyte, io.read] },
    ungetbyte: ->(io) { [io.ungetbyte(65), io.ungetbyte("xy"), io.ungetbyte(nil), io.pos, io.read] },
    ungetbyte_and_seek: ->(io) { [io.read(3), io.ungetbyte("xy"), io.read(1), io.seek(1), io.pos, io.read] },
    ungetc: ->(io) { [io.ungetc(65), io.ungetc("yz"), io.read(2), io.getc, io.gets] },
    ungetbyte_large: ->(io) { [io.ungetbyte(0x1ff), io.getbyte, io.eof?] },
    eof: ->(io) { [io.eof?, io.gets(nil), io.eof, io.getc, io.getbyte, io.gets] },
    readbytes: ->(io) { loop { io.readbyte } || io.readbyte },
    pread: ->(io) { [io.pread(3, 1), io.pos, io.pread(2, 0), io.pread(0, 99), io.pread(4, 2, +"x")] },
    pread_end: ->(io) { [io.pread(0, 1 << 40), io.pread(1, 1 << 40)] },
    pread_wrong: ->(io) { io.pread(1, -1) }, pread_size: ->(io) { io.pread(-1, 0) },
    partial: ->(io) { [io.readpartial(2, into = +"abc"), into, io.readpartial(0)] },
    partial_wrong: ->(io) { io.readpartial(-1) },
    nonblock: ->(io) { [io.read_nonblock(2), io.read && io.read_nonblock(1, exception: false)] },
    nonblock_end: ->(io) { [io.read, io.read_nonblock(1)] },
    sysread: ->(io) { io.sysread(3) },
    binmode: ->(io) { [io.getbyte, io.binmode.equal?(io), io.binmode?, io.external_encoding, io.read] },
    set_encoding: ->(io) { [io.set_encoding("utf-8").gets, io.set_encoding(nil).equal?(io), io.gets] },
    recode: ->(io) { [io.set_encoding("iso-8859-1", "utf-8").gets, io.internal_encoding] },
    terminals: ->(io) { [io.tty?, io.isatty] }
  }.freeze
  WRONG = {
    three: ->(io) { io.gets("a", 1, 2) }, no_text: ->(io) { io.gets(1, 2) },
    no_limit: ->(io) { io.gets("a", "b") },
    lines_of_none: ->(io) { io.each_line(0) { nil } }, all_of_none: ->(io) { io.readlines(0) },
    closed_gets: ->(io) { io.close || io.gets }, closed_getc: ->(io) { io.close || io.getc },
    closed_byte: ->(io) { io.close || io.getbyte }, closed_pread: ->(io) { io.close || io.pread(1, 0) },
    closed_lines: ->(io) { io.close || io.readlines }, closed_unget: ->(io) { io.close || io.ungetbyte(1) }
  }.freeze

  # What a step gives: values with their encodings, or the class of what it raises.
  def outcome(io, step)
    [step.call(io)].flatten.map { |value| value.is_a?(String) ? [value.b, value.encoding] : value }
  rescue StandardError => error
    error.class
  end

  def same(contents, modes, steps)
    path = "#{@directory}/same"
    contents.each do |name, content|
      File.binwrite(path, content)
      @store.put("same", content)
      modes.each do |mode|
        steps.each do |what, step|
          theirs = File.open(path, mode) { |io| outcome(io, step) }
          ours = @store.open("same", mode) { |io| outcome(io, step) }
          assert_equal theirs, ours, "#{what} in mode #{mode} of #{name}"
        end
      end
    end
  end

  def test_text_as_a_file_reads_it
    same(CONTENTS.except("broken"), MODES, STEPS)
    # Where a limit cuts bytes that are no characters, Ruby's own files cut once here and once there.
    unlimited = STEPS.reject { |name, _| name.to_s.match?(/limit/) }
    same(CONTENTS.slice("broken"), MODES, unlimited)
    same(CONTENTS, %w[r:utf-8:utf-16le], unlimited.reject { |name, _| name.to_s.match?(/paragraphs/) })
    # A separator may be the second byte of a character.
    same(CONTENTS.slice("shift_jis", "empty", "newlines"), %w[r:shift_jis r:shift_jis:utf-8], STEPS)
  end

  # Ruby's own files lose bytes between paragraphs of these, and cut characters at a limit.
  def test_wide_text_as_a_file_reads_it
    same(WIDE, WIDE_MODES, STEPS.reject { |name, _| name.to_s.match?(/paragraphs|separators|limit/) })
    @store.put("a", WIDE["utf-16"])
    @store.open("a", "rb:utf-16le") do |io|
      expected = ["é1\r\nzwei\n\n", "あ|drei\n\n", "𝄞🎼 four"]
      assert_equal expected, io.readlines("").map { |text| text.encode("UTF-8") }
      assert_equal UNICODE.chars, io.rewind && io.readlines(1).map { |text| text.encode("UTF-8") }
    end
  end

  def test_bytes_as_a_file_reads_them
    steps = BYTES.reject { |name, _| name == :ungetbyte_and_seek }
    same(CONTENTS, %w[r rb rb:utf-8 r:iso-8859-1], steps)
    same(CONTENTS.slice("utf-8", "long"), %w[r rb], BYTES)
  end

  def test_what_a_file_refuses = same(CONTENTS.slice("utf-8"), %w[r rb], WRONG)

  # What writes to a file writes the same bytes to an object.
  WRITES = {
    puts: ->(io) { [io.puts, io.puts("a", "b\n", nil, 1, [2, [nil, "é"]], []), io.puts([])] },
    print: ->(io) { [io.print("a", 1, :b, nil), io.printf("%03d %s|", 7, "é")] },
    putc: ->(io) { [io.putc("éx"), io.putc(321)] },
    write: ->(io) { [io.write("é", 12, :x), io.write, io.pos] },
    syswrite: ->(io) { io.syswrite("é") }, nonblock: ->(io) { io.write_nonblock("é") },
    append: ->(io) { (io << "a" << 1 << nil).equal?(io) },
    sync: ->(io) { [io.sync, io.sync = true, io.sync, io.write("ab"), io.fsync, io.fdatasync] },
    flush: ->(io) { io.flush.equal?(io) },
    utf16: ->(io) { [io.write("é".encode("UTF-16LE")), io.puts("x\n".encode("UTF-16BE"))] },
    encodings: ->(io) { [io.external_encoding, io.internal_encoding, io.binmode?] },
    recode: ->(io) { [io.set_encoding("iso-8859-1").equal?(io), io.write("é"), io.external_encoding] },
    binmode: ->(io) { [io.binmode.equal?(io), io.write("é"), io.binmode?, io.external_encoding] },
    binary: ->(io) { [io.write("\xFF\x00".b), io.tty?, io.isatty] },
    csv: ->(io) { CSV.new(io) { |csv| csv << ["a", nil, "é,"] << [1, 2] } && nil },
    marshal: ->(io) { Marshal.dump({"a" => [1, "é"]}, io) && nil },
    yaml: ->(io) { YAML.dump({"a" => [1, "é"]}, io) && nil },
    json: ->(io) { JSON.dump({"a" => 1}, io) && nil },
    logger: ->(io) { Logger.new(io, formatter: ->(*, text) { "#{text}\n" }).warn("é") },
    closed: ->(io) { io.close || io.write("x") }
  }.freeze

  def test_writes_as_a_file_does
    path = "#{@directory}/same"
    %w[w wb wb:utf-16le w:iso-8859-1 w:utf-8].each do |mode|
      WRITES.each do |what, step|
        theirs = File.open(path, mode) { |io| outcome(io, step) }
        ours = @store.open("same", mode) { |io| outcome(io, step) }
        assert_equal theirs, ours, "#{what} in mode #{mode}"
        assert_equal File.binread(path), @store.get("same").to_s, "#{what} in mode #{mode}"
      end
    end
  end

  # Libraries that read from an IO.
  READERS = {
    csv: ["id,näme\r\n1,é\r\n2,\"x\ny\"\r\n", ->(io) { CSV.new(io, headers: true).map(&:to_h) }],
    csv_foreach: ["a;b\n1;2\n", ->(io) { CSV.new(io, col_sep: ";", row_sep: :auto).each.to_a }],
    csv_big: ["abc,def\n" * 3000, ->(io) { CSV.new(io).count }],
    yaml: ["a: [1, é]\nb: {c: d}\n", ->(io) { YAML.load(io) }],
    yaml_stream: ["--- 1\n--- 2\n", ->(io) { YAML.load_stream(io) }],
    json: ['{"a": [1, "é"]}', ->(io) { JSON.load(io) }],
    marshal: [Marshal.dump({"a" => [1, "é", 2.5, :x]}) * 2, ->(io) { [Marshal.load(io), Marshal.load(io)] }],
    gzip: [Zlib.gzip("one\ntwo\n"), ->(io) { Zlib::GzipReader.new(io).each_line.to_a }],
    gzip_wrap: [Zlib.gzip("x" * 100_000), ->(io) { Zlib::GzipReader.wrap(io, &:read).size }],
    each_slice: ["1\n2\n3\n", ->(io) { io.each_slice(2).to_a + io.to_a }],
    copy: ["x" * 100_000, ->(io) { StringIO.new.then { |to| [IO.copy_stream(io, to), to.string.size] } }],
    copy_some: ["0123456789",
                ->(io) { StringIO.new.then { |to| [IO.copy_stream(io, to, 4), to.string, io.pos] } }]
  }.freeze

  def test_libraries_that_read
    READERS.each do |what, (content, step)|
      path = Pathname("#{@directory}/same").tap { |file| file.binwrite(content) }
      [@store, Fake.store].each do |store|
        store.put("same", content)
        %w[r rb r:utf-8 rb:utf-8].each do |mode|
          theirs = path.open(mode) { |io| outcome(io, step) }
          refute_kind_of Class, theirs, "#{what} raises #{theirs}"
          assert_equal theirs, store.open("same", mode) { |io| outcome(io, step) }, "#{what} in mode #{mode}"
        end
      end
    end
  end

  def test_archives
    archive = StringIO.new
    Gem::Package::TarWriter.new(archive) do |tar|
      tar.add_file_simple("x", 0o644, 5) { |entry| entry.write "hello" }
    end
    @store.put("a.tar", archive.string)
    @store.open("a.tar") do |file|
      assert_equal [%w[x hello]], Gem::Package::TarReader.new(file).map { |one| [one.full_name, one.read] }
    end
  end

  # A body as Rack's servers take it: each, then close.
  def test_a_body_for_rack
    @store.put("page", "one\ntwo\nend")
    body = @store.open("page")
    sent = []
    body.each { |part| sent << part }
    body.close
    assert_equal [%W[one\n two\n end], true], [sent, body.closed?]
  end

  def test_pread_is_a_request_of_its_own_and_threads_share_it
    store = Fake.store
    store.put("a", "0123456789")
    store.open("a") do |io|
      io.read(2)
      parts = (0..9).map { |at| Thread.new { io.pread(1, at) } }.map(&:value)
      assert_equal ["0123456789", 2, "23456789"], [parts.join, io.pos, io.read]
      store.put("a", "changed...")
      assert_raises(Oarlock::PreconditionError) { io.pread(1, 1) }
    end
  end

  def test_a_mark_decides_the_encoding
    @store.put("a", "\uFEFFé\n".encode("UTF-16BE"))
    @store.open("a", "rb:bom|utf-8:utf-8") do |io|
      assert_equal [Encoding::UTF_16BE, "é\n".encode("UTF-16BE")], [io.external_encoding, io.gets]
      assert_equal 2, io.rewind.then { io.gets.encode("UTF-8").index("é") + 1 }
    end
    @store.put("a", "é")
    @store.open("a", "rb:bom|utf-8") do |io|
      assert_equal ["é", Encoding::UTF_8], [io.read, io.external_encoding]
    end
  end

  def test_modes_that_make_no_sense
    @store.put("a", "x")
    ["a", "rw", "r+", "", "rb:", "r:nope", "r:utf-16le", "w:utf-16be"].each do |mode|
      error = assert_raises(ArgumentError, mode) { @store.open("a", mode) }
      assert_match(/mode|encoding|compatible/, error.message)
    end
    assert_equal Encoding::UTF_16LE, @store.open("a", "rb", encoding: "utf-16le", &:external_encoding)
  end

  def test_inspect_shows_no_bytes
    store = Fake.store
    store.put("a", "canary-of-content\n" * 10)
    reader = store.open("a")
    reader.gets
    assert_equal "#<Oarlock::Reader #{store.url.chomp("/")}/a, at byte 18 of 180>", reader.inspect
    writer = store.open("b", "w")
    writer << "canary-of-content"
    assert_equal "#<Oarlock::Writer #{store.url.chomp("/")}/b, at byte 17>", writer.inspect
    error = assert_raises(NoMethodError) { reader.canary }
    refute_match(/canary-of/, error.message)
    body = store.get_many(["a"]).first
    source = Oarlock::Source.new("canary-of-content")
    call = store.start("get", {key: "a"}, nil, [:stream, nil]).tap(&:chunk)
    [body, source, call, reader, writer, store].each { |one| refute_match(/canary-of|secret/, one.inspect) }
    [reader, writer].each(&:close)
    [reader, writer].each { |one| assert_match(/, closed>\z/, one.inspect) }
  end

  def test_a_copy_of_a_store_is_the_store
    copies = [@store.dup, @store.clone]
    copies.each do |copy|
      assert_equal [@store, @store.hash, true, true], [copy, copy.hash, copy.frozen?, copy.eql?(@store)]
      assert_equal :found, {@store => :found}[copy]
      copy.put("a", "x")
    end
    refute_equal @store, Oarlock.open(@store.url)
    refute_equal @store, @store.url
    assert copies.all? { |copy| Ractor.shareable?(copy) }
  end
end
