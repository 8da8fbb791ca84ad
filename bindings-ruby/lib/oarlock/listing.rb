# frozen_string_literal: true

# A listing: an Enumerator that asks for a page when its first row is wanted, and never for one that nobody
# wants.
module Oarlock
  # What `list`, `list_versions` and `list_uploads` give without a block.
  #
  # @example
  #   store.list("logs/").lazy.select { |entry| entry.size > 1_000_000 }.first(3)
  class Listing < Enumerator
    # @private
    def initialize(&page)
      @page = page
      super() { |rows| each_page { |page| page.entries.each { |row| rows << row } } }
    end

    # Goes through the pages; each tells in `next` how the listing goes on.
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
