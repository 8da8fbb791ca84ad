# frozen_string_literal: true

# The replies: a struct for each of the core's records, and the bytes of an object with what is known of it.
#
# Law: structs come from the core's table, members in its order; the extension fills and freezes them.
module Oarlock
  Native.records.each do |record|
    names = record[:fields].map { |field| field[:name].to_sym }
    const_set(record[:name], Struct.new(*names, keyword_init: true))
  end

  # The bytes that `get` fetched into memory: a binary string that knows the object it comes from.
  class Body < String
    # @return [ObjectMeta] the object's metadata
    attr_reader :meta
    # @return [Integer] where in the object the bytes begin
    attr_reader :offset

    # @param reply [GetReply]
    def initialize(reply)
      super(reply.body)
      @meta = reply.meta
      @offset = reply.offset
    end
  end
end
