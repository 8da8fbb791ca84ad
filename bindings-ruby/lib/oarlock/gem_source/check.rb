# frozen_string_literal: true

# Compares a source's index with its gems, and tests the server and the permissions.
#
# Invariant: writes nothing but the probe of conditional writes. Each finding that is wrong names what to do.
require "securerandom"

module Oarlock
  module GemSource
    # One check of a source.
    class Check
      # What was checked, whether it is right, and the details or the remedy.
      Finding = Struct.new(:ok, :what, :detail)

      # Names that a finding lists at most.
      SHOWN = 5

      # @param deep [Boolean] whether to read every gem whole
      def initialize(source, deep: false)
        @source = source
        @deep = deep
        @findings = []
        @lock = Mutex.new
      end

      # @return [Array<Finding>]
      def call
        gemrc
        publisher
        snapshot = reader or return @findings
        if snapshot.etags["versions"]
          compare(snapshot)
        else
          wrong("index", "there is no `versions`; run `gem s3 index`, or push a gem")
        end
        @findings
      end

      private

      def right(what, detail = nil) = @findings << Finding.new(true, what, detail)
      def wrong(what, detail) = @findings << Finding.new(false, what, detail)

      # Newer RubyGems lose a `.gemrc` with symbols for keys when `gem sources` writes it.
      def gemrc
        path = Gem.configuration.config_file_name
        return unless File.file?(path) && File.read(path).match?(/^\s*:?s3_source:(?:\s*\n\s+\S.*)*?\n\s+:\w/)

        wrong("settings", "#{path} has symbols for keys in `s3_source`; `gem sources --add` of RubyGems " \
                          "3.6 and later then empties the file. Write the keys without the colon in front")
      end

      def publisher
        if @source.honours_conditions?
          right("conditional writes", "the server refuses a write whose condition fails")
        else
          wrong("conditional writes", "the server ignores conditions; publishers at the same time would " \
                                      "lose each other's gems. Use another server")
        end
        @source.store.delete("missing-#{SecureRandom.hex(8)}")
        right("permissions", "this identity may publish and yank")
      rescue PermissionDeniedError => error
        raise unless GemSource.right_missing?(error)

        right("permissions", "this identity may not publish and yank; that needs s3:PutObject and " \
                             "s3:DeleteObject")
      end

      def reader
        @source.snapshot.tap { right("permissions", "this identity may list and read") }
      rescue PermissionDeniedError, Refused => error
        wrong("permissions", "readers need s3:ListBucket and s3:GetObject (#{error.message})")
        nil
      end

      def compare(snapshot)
        rows = snapshot.versions.rows
        gems = keys("gems/").select { |key, _| key.end_with?(".gem") }
        listed = rows.flat_map { |name, row| row.listed.map { |number| [name, number] } }
        yanked = rows.flat_map { |name, row| row.yanked.map { |number| Yank.full_name(name, number) } }
        missing = listed.reject { |name, number| gems.key?(gem_key(name, number)) }
        extra = gems.keys - (listed.map { |name, number| gem_key(name, number) }) -
                yanked.map { |name| GemSource.gem_key(name) }
        report("gems", missing.map { |gem| gem.join(" ") }, "listed, but there is no gem",
               "put the gem back, or run `gem s3 index`, which records it as yanked")
        report("index", extra, "not listed", "run `gem s3 index`, or push the gem again")
        specifications(listed)
        infos(rows, gems)
        derived(snapshot)
      end

      def keys(prefix) = @source.store.list(prefix).to_h { |entry| [entry.key, entry.etag] }

      def gem_key(name, number) = GemSource.gem_key(Yank.full_name(name, number))

      def specifications(listed)
        present = keys("quick/Marshal.4.8/")
        missing = listed.map { |gem| GemSource.quick_key(gem.join("-")) }.reject { |key| present.key?(key) }
        report("specifications", missing, "missing", "run `gem s3 index`")
      end

      # The numbers, the MD5 and the checksums of each gem.
      def infos(rows, gems)
        stale, sums = [], []
        GemSource.at_once(rows.to_a) do |name, row|
          text, = @source.read(GemSource.info_key(name))
          info = Info.parse(text)
          agrees = info.lines.keys.sort == row.listed.sort && Digest::MD5.hexdigest(text.to_s) == row.md5
          wrong = info.lines.keys.select do |number|
            key = gem_key(name, number)
            gems.key?(key) && info.field(number, "checksum") != sha256(key)
          end
          @lock.synchronize do
            stale << "info/#{name}" unless agrees
            sums.concat(wrong.map { |number| gem_key(name, number) })
          end
        end
        report("versions", stale, "not as `versions` describes it", "run `gem s3 index`")
        report("checksums", sums, "not the checksum in info", "find out who replaced the gem; if it is " \
                                                              "right, run `gem s3 index`")
      end

      def sha256(key)
        record = Record.of(@source.store.head(key)) unless @deep
        (record || StoredGem.whole(@source, key).record).sha256
      rescue Refused => error
        error.message
      end

      def derived(snapshot)
        stale = GemSource.derived(snapshot.versions).reject do |key, body|
          next true if snapshot.etags[key] == Digest::MD5.hexdigest(body)

          there = @source.read(key).first
          there && (there == body || expand(there) == expand(body))
        end
        encoded = (DERIVED & snapshot.etags.keys).select { |key| @source.store.head(key).content_encoding }
        report("lists", stale.keys, "not as `versions` describes it", "run `gem s3 index`")
        report("headers", encoded, "stored with a content encoding, so that clients expand it twice",
               "delete it and run `gem s3 index`")
      end

      # Other writers compress otherwise; the content counts.
      def expand(body)
        Gem::Util.gunzip(body)
      rescue Zlib::Error
        body
      end

      def report(what, wrong, problem, remedy)
        return right(what) if wrong.empty?

        names = wrong.first(SHOWN).join(", ")
        names += " and #{wrong.size - SHOWN} more" if wrong.size > SHOWN
        wrong(what, "#{names}: #{problem}. To mend it: #{remedy}")
      end
    end
  end
end
