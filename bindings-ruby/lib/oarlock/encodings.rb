# frozen_string_literal: true

# The encodings of a stream, as a mode such as "r:bom|utf-16le:utf-8" or `set_encoding` names them.
#
# Invariant: they mean what they mean for Ruby's files, but an encoding that Ruby does not know is an error.
module Oarlock
  # @private
  class Encodings
    MODE = /\A(?<way>[rw])(?<binary>b?)(?::(?<names>.+))?\z/
    BOMS = {
      "\xEF\xBB\xBF" => Encoding::UTF_8, "\xFF\xFE\0\0" => Encoding::UTF_32LE,
      "\0\0\xFE\xFF" => Encoding::UTF_32BE, "\xFF\xFE" => Encoding::UTF_16LE, "\xFE\xFF" => Encoding::UTF_16BE
    }.to_h { |mark, encoding| [mark.b.freeze, encoding] }.freeze

    # The encoding of the bytes, or nil for whatever is written; and that of the text they are read as, if it
    # is another.
    attr_reader :external, :internal

    # @param mode [String] "r", "rb", "w" or "wb", and encodings after a colon
    def initialize(mode, names = nil)
      parts = MODE.match(mode) or raise ArgumentError, "the mode is \"r\", \"rb\", \"w\" or \"wb\", with " \
                                                       "encodings as in \"r:utf-8\", not #{mode.inspect}"
      @is_reader = parts[:way] == "r"
      @is_binary = !parts[:binary].empty?
      names = parts[:names] || names
      names ? set(names) : set(default)
      @is_named = !names.nil?
      return if @is_binary || @external.nil? || @internal || @external.ascii_compatible?

      raise ArgumentError, "#{@external} is not ASCII compatible; add \"b\" to the mode #{mode.inspect}"
    end

    # The encoding of the text that is read.
    def text = @internal || @external

    def reader? = @is_reader
    def binary? = @is_binary
    # Whether a byte order mark decides.
    def bom? = @is_marked

    # As IO#set_encoding.
    def set(external = nil, internal = nil)
      if external.is_a?(String)
        external, named = external.split(":", 2)
        internal ||= named
        @is_marked = external.match?(/\Abom\|/i)
        external = external.sub(/\Abom\|/i, "")
      end
      @is_named = !external.nil? && external != "-"
      @external = @is_named ? Encoding.find(external) : (Encoding.default_external if @is_reader)
      target = [nil, "-"].include?(internal) ? Encoding.default_internal : Encoding.find(internal)
      @internal = [nil, Encoding::BINARY, target].include?(@external) ? nil : target
      @separators = {}
    end

    # Makes it binary, as IO#binmode.
    def binmode
      @is_binary = true
      @external, @internal = Encoding::BINARY, nil
      @separators = {}
    end

    # As IO#set_encoding_by_bom: the size of the mark that the bytes start with, or nil.
    def set_by_bom(bytes)
      mark, encoding = BOMS.find { |start, _| bytes.start_with?(start) }
      set(encoding) if mark
      mark&.bytesize
    end

    # Raises where IO#set_encoding_by_bom does.
    def check_bom
      raise ArgumentError, "ASCII incompatible encoding needs binmode" unless @is_binary
      raise ArgumentError, "encoding is set to #{@external} already" if @is_named
    end

    # Bytes that were read, as text.
    def decode(bytes)
      bytes.force_encoding(@external)
      @internal ? bytes.encode(@internal) : bytes
    end

    # Text as the bytes that are written.
    def encode(text)
      return text if [nil, Encoding::BINARY, text.encoding].include?(@external) || @external.dummy?

      text.ascii_only? && @external.ascii_compatible? ? text : text.encode(@external)
    end

    # The bytes of a text such as a separator.
    def raw(text) = (text.encoding == Encoding::BINARY ? text : encode(text)).b

    # How a separator is found among bytes: its own bytes; the bytes of the smallest character, by which a
    # search steps; and whether such a search finds only whole characters.
    Separator = Struct.new(:bytes, :unit, :searchable)

    def separator(text)
      @separators[text] ||= begin
        bytes = raw(text)
        is_wide = !(@external.ascii_compatible? || @external.dummy?)
        sure = is_wide || [Encoding::UTF_8, Encoding::BINARY].include?(@external)
        # In no encoding are bytes below 0x30 the second byte of a character.
        Separator.new(bytes, is_wide ? "\n".encode(@external).bytesize : 1,
                      sure || bytes.each_byte.all? { |byte| byte < 0x30 })
      end
    end

    # Whether the last character of the bytes lacks some of its bytes.
    def cut?(bytes)
      return false if @external == Encoding::BINARY || @external.dummy?

      is_utf8 = @external == Encoding::UTF_8
      if is_utf8
        # In UTF-8 a character's start is found from its end; in others only from the text's start.
        bytes = bytes.byteslice(-[4, bytes.bytesize].min..)[/[\xC2-\xF4][\x80-\xBF]{0,2}\z/n] or return false
      end
      target = is_utf8 ? Encoding::UTF_16LE : Encoding::UTF_8
      converter = Encoding::Converter.new(@external, target)
      rest, result = bytes.dup.force_encoding(@external), nil
      nil until %i[finished incomplete_input].include?(result = converter.primitive_convert(rest, +""))
      result == :incomplete_input
    rescue Encoding::ConverterNotFoundError
      false
    end

    # Raises where IO#gets does.
    def check_separator(text)
      return if text.empty? || text.encoding == self.text
      return if text.ascii_only? && self.text.ascii_compatible?

      raise ArgumentError, "encoding mismatch: #{self.text} IO with #{text.encoding} RS"
    end

    private

    def default
      return Encoding::BINARY if @is_binary

      Encoding.default_external if @is_reader
    end
  end
end
