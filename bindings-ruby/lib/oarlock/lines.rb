# frozen_string_literal: true

# Lines, characters and bytes of a reader.
#
# Invariant: each method does what IO's method of the same name does, to the byte. It reaches the reader's
# bytes only through `fill`, `more`, `peek`, `index`, `take` and `unget`.
module Oarlock
  # What {Reader} has for text.
  module Lines
    include Enumerable

    # The longest character of any encoding, in bytes.
    LONGEST = 8
    # Separator and limit of a line. By this very text, as by `$/`, IO means a newline of whatever encoding.
    LINE = [String.new("\n", encoding: Encoding::UTF_8).freeze, nil].freeze
    private_constant :LONGEST, :LINE

    # @return [Integer] the number of lines read, unless it was set
    attr_reader :lineno

    # As IO#lineno=.
    def lineno=(number)
      check_open
      @lineno = Integer(number)
    end

    # As IO#gets: the next line with its separator, or nil. A limit is in bytes. Without a separator all that
    # is left is one line; with an empty one a paragraph is.
    #
    # @overload gets(separator = "\n", limit = nil, chomp: false)
    # @overload gets(limit, chomp: false)
    # @return [String, nil]
    def gets(*separator_and_limit, chomp: false)
      check_open
      separator, limit = line_arguments(separator_and_limit)
      @encodings.check_separator(separator) unless separator.nil? || newline?(separator)
      return @encodings.decode(String.new) if limit&.zero?

      @is_cut = false
      line = separator == "" ? paragraph(limit, chomp) : line(separator, limit, chomp)
      # IO counts no line that the limit ended.
      @lineno += 1 if line && !@is_cut
      line
    end

    # Only the main Ractor may look at `$/`.
    def newline?(separator)
      separator.equal?(LINE[0]) || (Ractor.current == Ractor.main && separator.equal?($/))
    end
    private :newline?

    # As IO#readline.
    #
    # @return [String]
    def readline(...) = gets(...) || raise(EOFError, "end of object reached")

    # As IO#each_line.
    #
    # @yield [String]
    def each_line(*separator_and_limit, chomp: false)
      return to_enum(:each_line, *separator_and_limit, chomp: chomp) unless block_given?
      raise ArgumentError, "invalid limit: 0 for each_line" if line_arguments(separator_and_limit)[1]&.zero?

      while (line = gets(*separator_and_limit, chomp: chomp))
        yield line
      end
      self
    end
    alias each each_line

    # As IO#readlines.
    #
    # @return [Array<String>]
    def readlines(*separator_and_limit, chomp: false)
      raise ArgumentError, "invalid limit: 0 for readlines" if line_arguments(separator_and_limit)[1]&.zero?

      each_line(*separator_and_limit, chomp: chomp).to_a
    end

    # As IO#getbyte.
    #
    # @return [Integer, nil]
    def getbyte
      check_open
      take_byte if fill(1)
    end

    # As IO#readbyte.
    #
    # @return [Integer]
    def readbyte = getbyte || raise(EOFError, "end of object reached")

    # As IO#each_byte.
    #
    # @yield [Integer]
    def each_byte
      return to_enum(:each_byte) unless block_given?

      while (byte = getbyte)
        yield byte
      end
      self
    end

    # As IO#getc.
    #
    # @return [String, nil] a character, or a byte that is none
    def getc
      check_open
      return unless fill(1)

      head = peek(LONGEST)
      return @encodings.decode(take(1)) if head.getbyte(0) < 0x80 && @encodings.external.ascii_compatible?

      until (first = head.force_encoding(@encodings.external)[0]).valid_encoding?
        break unless head.bytesize < LONGEST && @encodings.cut?(head.b)
        unless fill(head.bytesize + 1)
          # A character that the object's end cuts is returned as it is.
          first = head if head.scrub("?").size == 1
          break
        end
        head = peek(LONGEST)
      end
      @encodings.decode(take(first.bytesize))
    end

    # As IO#readchar.
    #
    # @return [String]
    def readchar = getc || raise(EOFError, "end of object reached")

    # As IO#each_char.
    #
    # @yield [String]
    def each_char
      return to_enum(:each_char) unless block_given?

      while (char = getc)
        yield char
      end
      self
    end

    # As IO#ungetc: puts text, or the character of a number, before the next byte.
    #
    # @param char [String, Integer]
    # @return [nil]
    def ungetc(char)
      check_open
      char = char.chr(@encodings.text) if char.is_a?(Integer)
      raise TypeError, "no implicit conversion of #{char.class} into String" unless char.is_a?(String)

      unget(@encodings.internal ? @encodings.raw(char) : char.b)
    end

    # As IO#ungetbyte.
    #
    # @param byte [Integer, String, nil]
    # @return [nil]
    def ungetbyte(byte)
      check_open
      unget(byte.is_a?(Integer) ? [byte].pack("C") : byte.b) if byte
    end

    # @return [Encoding] the encoding of the object's bytes
    def external_encoding = @encodings.external

    # @return [Encoding, nil] the encoding that text is converted to
    def internal_encoding = @encodings.internal

    # As IO#set_encoding.
    #
    # @param external [Encoding, String, nil] also both, as in "utf-16le:utf-8"
    # @param internal [Encoding, String, nil]
    # @return [self]
    def set_encoding(external, internal = nil)
      @encodings.set(external, internal)
      by_bom if @encodings.bom?
      self
    end

    # As IO#set_encoding_by_bom: if a byte order mark is next, skips it and sets its encoding.
    #
    # @return [Encoding, nil]
    def set_encoding_by_bom
      check_open
      @encodings.check_bom
      by_bom
    end

    # As IO#binmode: lines and whole contents are binary from now on.
    #
    # @return [self]
    def binmode
      check_open
      @encodings.binmode
      self
    end

    # As IO#binmode?.
    def binmode? = @encodings.binary?

    private

    # Separator and limit. One argument may be either.
    def line_arguments(given)
      return LINE if given.empty?
      raise ArgumentError, "wrong number of arguments (given #{given.size}, expected 0..2)" if given.size > 2

      first, second = given
      only_limit = given.size == 1 && !first.nil? && !first.respond_to?(:to_str)
      separator = only_limit ? LINE[0] : first
      limit = only_limit ? first : second
      raise TypeError, "no implicit conversion of #{limit.class} into Integer" unless limit.nil? ||
                                                                                    limit.respond_to?(:to_int)
      unless separator.nil? || separator.respond_to?(:to_str)
        raise TypeError, "no implicit conversion of #{separator.class} into String"
      end

      limit = limit&.to_int
      [separator&.to_str, limit&.negative? ? nil : limit]
    end

    def line(separator, limit, chomp)
      wanted = separator && @encodings.separator(separator)
      is_odd = (limit && @encodings.internal) || (wanted && !wanted.searchable)
      return line_of_chars(separator, limit, chomp) if is_odd

      fill(limit) unless wanted
      found = wanted && find(wanted, limit)
      bytes = found ? take(found + wanted.bytes.bytesize) : take_whole(limit)
      return if bytes.empty?

      @is_cut = limit && !found && ended_by_limit?(bytes, limit, wanted)
      bytes = chomped(bytes, wanted.bytes, separator) if chomp && wanted && bytes.end_with?(wanted.bytes)
      @encodings.decode(bytes)
    end

    # Whether neither the separator nor, within a character, the end of the object ended a line first.
    def ended_by_limit?(bytes, limit, wanted)
      bytes.bytesize >= limit && !(wanted && bytes.end_with?(wanted.bytes)) && !@encodings.cut?(bytes)
    end

    # The offset of the separator from the next byte, if it ends within the limit.
    def find(wanted, limit)
      bytes, from = wanted.bytes, 0
      loop do
        window = limit && peek(limit)
        while (found = window ? window.index(bytes, from) : index(bytes, from))
          return found if (found % wanted.unit).zero?

          from = found + 1
        end
        return if limit && unread >= limit

        from = [from, unread - bytes.bytesize + 1].max
        return unless more
      end
    end

    # Takes bytes, and as many more as complete their last character.
    def take_whole(size)
      return take(unread) if size.nil? || size > unread

      size += 1 while @encodings.cut?(peek(size)) && fill(size + 1)
      take(size)
    end

    # For what can't be found among bytes.
    def line_of_chars(separator, limit, chomp)
      is_newline = separator == "\n"
      separator = separator&.encode(@encodings.text)
      line = nil
      until limit && line && line.bytesize >= limit
        char = getc or break
        line = line ? line << char : char
        next unless separator && line.end_with?(separator)

        return line unless chomp

        line.delete_suffix!(separator)
        return is_newline && @encodings.text.ascii_compatible? ? line.delete_suffix("\r") : line
      end
      @is_cut = limit && line && line.bytesize >= limit
      line
    end

    def chomped(bytes, wanted, separator)
      bytes = bytes.byteslice(0, bytes.bytesize - wanted.bytesize)
      return bytes unless separator == "\n" && @encodings.text.ascii_compatible?

      bytes.delete_suffix(@encodings.raw("\r"))
    end

    def paragraph(limit, chomp)
      skip_newlines
      found = line("\n\n", limit, chomp)
      skip_newlines
      found
    end

    def skip_newlines
      newline = @encodings.raw("\n")
      take(newline.bytesize) while fill(newline.bytesize) && peek(newline.bytesize) == newline
    end

    def by_bom
      fill(4)
      size = @encodings.set_by_bom(peek(4)) or return
      take(size)
      @encodings.external
    end
  end
end
