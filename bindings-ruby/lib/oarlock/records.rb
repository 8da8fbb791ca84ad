# frozen_string_literal: true

# The replies: a struct for each of the core's records, and an object's bytes with its metadata.
#
# Invariant: structs come from the core's table, with members in its order; the extension fills and freezes
# them.
module Oarlock
  # Shows the size of contents instead of their bytes.
  # @private
  module Contents
    def inspect
      shown = each_pair.map do |name, value|
        is_long = value && self.class::CONTENTS.include?(name)
        "#{name}=#{is_long ? "(#{value.bytesize} bytes)" : value.inspect}"
      end
      "#<struct #{self.class} #{shown.join(", ")}>"
    end
    alias to_s inspect

    def pretty_print(printer) = printer.text(inspect)
  end

  Native.records.each do |record|
    names = record[:fields].map { |field| field[:name].to_sym }
    struct = const_set(record[:name], Struct.new(*names, keyword_init: true))
    contents = record[:fields].select { |field| field[:type] == "bytes" }.map { |field| field[:name].to_sym }
    next if contents.empty?

    struct.const_set(:CONTENTS, contents.freeze)
    struct.include(Contents)
  end

  # The bytes that `get` fetched into memory: a binary string with the metadata of its object.
  class Body < String
    # @return [ObjectMeta] the object's metadata
    attr_reader :meta
    # @return [Integer] the offset of the bytes in the object
    attr_reader :offset

    # @param reply [GetReply]
    def initialize(reply)
      super(reply.body)
      @meta = reply.meta
      @offset = reply.offset
    end
  end
end
