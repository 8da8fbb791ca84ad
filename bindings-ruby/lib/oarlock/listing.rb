# frozen_string_literal: true

# A listing: an Enumerator that requests a page only when its first row is needed.
module Oarlock
  # The result of `list`, `list_versions` and `list_uploads` without a block.
  #
  # @example
  #   store.list("logs/").lazy.select { |entry| entry.size > 1_000_000 }.first(3)
  class Listing < Enumerator
    # @private
    def initialize(&page)
      @page = page
      super() { |rows| each_page { |page| page.entries.each { |row| rows << row } } }
    end

    # Yields each page; its `next` is the `continuation` of the following one.
    #
    # @yield [Page, UploadPage]
    def each_page
      return to_enum(:each_page) unless block_given?

      continuation = nil
      loop do
        page = @page.call(continuation)
        yield page
        break unless (continuation = page.next)
      end
      self
    end
  end
end
