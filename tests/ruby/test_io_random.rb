# frozen_string_literal: true

require_relative "support"

# Random steps on a reader or writer and on Ruby's own File, with the same bytes, have the same results.
# OARLOCK_IO_SEED repeats a failure, OARLOCK_IO_ROUNDS runs longer. Of thousands of rounds some meet what only
# Ruby 3.1 does, such as limits within a separator, or `gets(nil, limit)` that ends at a byte FF; the first
# hundreds do not.
class IORandomTest < OarlockTest
  ROUNDS = Integer(ENV.fetch("OARLOCK_IO_ROUNDS", 400))
  STEPS = 25
  PIECES = ["a", "b|", "\n", "\n\n", "\r\n", "é", "あ", "𝄞", "x" * 40, "\r", " "].freeze
  BROKEN = ["\xFF", "\xE3\x81", "\xF0\x9F", "\x80"].map(&:b).freeze
  # Without UTF-16: from an odd position Ruby splits characters, and reads past a limit; `test_io.rb` has it.
  MODES = {
    "r" => "UTF-8", "rb" => "UTF-8", "r:utf-8" => "UTF-8", "rb:utf-8" => "UTF-8", "r:iso-8859-1" => "UTF-8",
    "r:bom|utf-8" => "UTF-8", "r:us-ascii" => "UTF-8",
    "r:windows-31j" => "Windows-31J", "r:euc-jp" => "EUC-JP"
  }.freeze
  SEPARATORS = ["\n", "|", "\n\n", "a", "b|", "x\n"].freeze
  WHENCES = [IO::SEEK_SET, IO::SEEK_CUR, IO::SEEK_END, :SET, :CUR, :END].freeze

  # A step is a method and its arguments, or a block on the stream.
  def reader_step(random)
    few = random.rand(0..9)
    separator = SEPARATORS.sample(random: random)
    chomp = random.rand < 0.3
    steps = [
      [:gets], [:gets, few], [:gets, separator], [:gets, separator[0], few], [:gets, ""],
      [:gets, nil], [:gets, nil, few],
      [:gets, {chomp: chomp}], [:gets, separator, {chomp: chomp}], [:gets, -1],
      [:readline], [:readline, few], [:readlines], [:readlines, few + 1], [:readlines, separator],
      [:readlines, "", {chomp: chomp}], [:read], [:read, few], [:read, few, +"buffer"],
      [:read, nil, +"buffer"],
      [:readpartial, few], [:read_nonblock, few], [:read_nonblock, few, {exception: false}],
      [:getc], [:readchar], [:getbyte], [:readbyte], [:eof?], [:eof], [:pos], [:tell], [:lineno],
      [:lineno=, few], [:rewind], [:seek, few], [:seek, random.rand(-60..60), WHENCES.sample(random: random)],
      [:pos=, random.rand(-3..60)], [:pread, few, random.rand(0..60)], [:put_back, [random.rand(1 << 30)]],
      [:external_encoding], [:internal_encoding], [:binmode?], [:closed?], [:tty?],
      [:each_line_some, few], [:each_char_some, few], [:each_byte_some, few], [:copy],
      [:set_encoding, "utf-8"], [:set_encoding, nil], [:encoding_of_read, few]
    ]
    steps += [[:binmode], [:close]] if random.rand < 0.02
    steps.sample(random: random)
  end

  def writer_step(random)
    text = PIECES.sample(random: random)
    steps = [
      [:write, text], [:write, text, 1, :b], [:write], [:<<, text], [:print, text, 2], [:puts], [:puts, text],
      [:puts, [text, ["b\n", []]], nil], [:puts, []], [:printf, "%s-%d\n", text, 7], [:putc, text],
      [:putc, 353],
      [:pos], [:tell], [:flush], [:fsync], [:sync], [:sync=, random.rand < 0.5], [:external_encoding],
      [:internal_encoding], [:binmode?], [:write_nonblock, text], [:tty?], [:closed?]
    ]
    steps << [:set_encoding, %w[utf-8 utf-16le iso-8859-15].sample(random: random)] if random.rand < 0.1
    steps << [:binmode] if random.rand < 0.02
    steps.sample(random: random)
  end

  # What a step returns, or the class of its error, and where the stream stands.
  def result(io, (name, *arguments), reads: true)
    options = arguments.last.is_a?(Hash) ? arguments.last : {}
    arguments = arguments.grep_v(Hash).map { |one| one.frozen? ? one : one.dup }
    value = begin
      case name
      when :put_back then put_back(io, arguments[0])
      when :each_line_some then io.each_line.first(arguments[0])
      when :each_char_some then io.each_char.first(arguments[0])
      when :each_byte_some then io.each_byte.first(arguments[0])
      when :copy then StringIO.new(+"").then { |out| [IO.copy_stream(io, out, 5), out.string] }
      when :encoding_of_read then io.read(arguments[0]).to_s.encoding
      else io.public_send(name, *arguments, **options)
      end
    rescue StandardError => error
      error.class
    end
    value = :itself if value.equal?(io)
    return value if value.is_a?(Class)

    encodings = value.is_a?(String) ? value.encoding : nil
    encodings = value.map(&:encoding) if value.is_a?(Array) && value.all?(String)
    [value, encodings, arguments.grep(String), io.closed? ? nil : [io.pos, *(io.lineno if reads)]]
  end

  # Reads what was put back. A file forgets it where its position is wanted.
  def put_back(io, (seed))
    random = Random.new(seed)
    # At the start a file's position would be negative.
    return if io.pos < 4

    position = io.pos
    method, value = [
      [:ungetbyte, random.rand(0..300)], [:ungetbyte, "xy"], [:ungetbyte, nil], [:ungetc, "z"],
      [:ungetc, "é"], [:ungetc, 65]
    ].sample(random: random)
    io.public_send(method, value)
    few = random.rand(1..5)
    read = [[:gets], [:gets, few], [:getc], [:getbyte], [:read, few], [:eof?], [:gets, "|"]]
    found = Array.new(2) { io.public_send(*read.sample(random: random)) }
    [found, found.grep(String).map(&:encoding)]
  ensure
    io.pos = position if position
  end

  def content(random, encoding)
    text = Array.new(random.rand(0..30)) { PIECES.sample(random: random) }.join
    # Ruby splits a character of three bytes of EUC-JP at a limit.
    text = text.delete("é") if encoding == "EUC-JP"
    bytes = text.encode(encoding, invalid: :replace, undef: :replace).b
    return bytes unless encoding == "UTF-8" && random.rand < 0.3

    bytes.insert(random.rand(0..bytes.bytesize), BROKEN.sample(random: random))
  end

  def rounds
    first = Integer(ENV.fetch("OARLOCK_IO_SEED", 0))
    count = ENV["OARLOCK_IO_SEED"] ? 1 : ROUNDS
    count.times { |n| yield first + n, Random.new(first + n) }
  end

  def test_readers
    path = "#{@directory}/objects/a"
    rounds do |seed, random|
      mode, encoding = MODES.to_a.sample(random: random)
      File.binwrite(path, content(random, encoding))
      done = []
      @store.open("a", mode) do |ours|
        File.open(path, mode) do |theirs|
          STEPS.times do
            done << (step = reader_step(random))
            wanted = result(theirs, step)
            found = result(ours, step)
            bytes = File.binread(path).inspect
            assert_equal wanted, found, "OARLOCK_IO_SEED=#{seed} #{mode} #{bytes}: #{done}"
            break if step == [:close]
          end
        end
      end
    end
  end

  def test_writers
    path = "#{@directory}/theirs"
    rounds do |seed, random|
      mode = %w[w wb w:utf-8 w:iso-8859-15 wb:utf-16le w:utf-16be:utf-8].sample(random: random)
      done = []
      @store.open("b", mode) do |ours|
        File.open(path, mode) do |theirs|
          STEPS.times do
            done << (step = writer_step(random))
            wanted, found = [theirs, ours].map { |io| result(io, step, reads: false) }
            assert_equal wanted, found, "OARLOCK_IO_SEED=#{seed} #{mode}: #{done}"
          end
        end
      end
      assert_equal File.binread(path), @store.get("b"), "OARLOCK_IO_SEED=#{seed} #{mode}: #{done}"
    end
  end
end
