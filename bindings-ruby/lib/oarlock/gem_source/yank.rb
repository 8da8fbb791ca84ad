# frozen_string_literal: true

# Takes a version out of a source, and lists a kept one again.
#
# Invariant: the index is changed first and the gem deleted last, so that no index file lists a missing gem.
# The same command again completes what an earlier one left undone.
module Oarlock
  module GemSource
    # Takes a version out.
    class Yank
      def initialize(source, unsafe: false, dry_run: false)
        @source = source
        @unsafe = unsafe
        @dry_run = dry_run
      end

      # @param number [String] VERSION or VERSION-PLATFORM
      # @param keep_gem [Boolean] whether lock files that name the gem can still install it
      def call(name, number, keep_gem: false)
        snapshot = @source.snapshot
        @source.require_index(snapshot)
        row = snapshot.versions.rows[name]
        unless (row.listed + row.yanked).include?(number)
          raise Refused, "#{@source.url} has no #{name} #{number}; it has #{known(row)}"
        end
        return if @dry_run

        @source.require_conditions unless @unsafe
        # Again if an unyank listed it before the gem was gone.
        while snapshot
          Yank.take_out(@source, name, number, snapshot)
          @source.store.delete(GemSource.quick_key("#{name}-#{number}"))
          break if keep_gem

          @source.store.delete(GemSource.gem_key(Yank.full_name(name, number)))
          now = @source.snapshot
          snapshot = (now if now.versions.rows[name].listed.include?(number))
        end
      end

      # Takes a number out of all lists.
      def self.take_out(source, name, number, snapshot)
        source.publish(snapshot) { {name => source.edit(name) { |info| info.with(without: [number]) }} }
      end

      # The name of a number's gem file, in which clients write the platform their own way.
      def self.full_name(name, number)
        version, platform = GemSource.split(number)
        return "#{name}-#{version}" if platform == Gem::Platform::RUBY

        "#{name}-#{version}-#{Gem::Platform.new(platform)}"
      end

      private

      def known(row) = row.listed.empty? ? "no version of it" : GemSource.sort(row.listed).join(", ")
    end

    # Lists a yanked version again whose gem was kept.
    class Unyank
      def initialize(source, unsafe: false, dry_run: false)
        @source = source
        @unsafe = unsafe
        @dry_run = dry_run
      end

      # @param number [String] VERSION or VERSION-PLATFORM
      def call(name, number)
        snapshot = @source.snapshot
        @source.require_index(snapshot)
        unless snapshot.versions.rows[name].yanked.include?(number)
          raise Refused, "#{name} #{number} was not yanked from #{@source.url}"
        end

        key = GemSource.gem_key(Yank.full_name(name, number))
        stored = kept(key)
        return if @dry_run

        @source.require_conditions unless @unsafe
        quick = GemSource.quick_key("#{name}-#{number}")
        @source.store.put(quick, GemSource.quick(stored.spec), **GemSource.headers(quick))
        @source.publish(snapshot) do
          {name => @source.edit(name) { |info| info.with({number => stored.line}) }}
        end
        return if @source.store.exists?(key)

        # A yank deleted the gem meanwhile.
        Yank.take_out(@source, name, number, @source.snapshot)
        kept(key)
      end

      private

      def kept(key)
        StoredGem.read(@source, key)
      rescue NotFoundError
        raise Refused, "#{@source.url}#{key} was deleted by the yank (without --keep-gem); push the gem " \
                       "under a new version"
      end
    end
  end
end
