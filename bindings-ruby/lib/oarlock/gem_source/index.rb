# frozen_string_literal: true

# Makes the whole index anew from the gems that are there.
#
# Invariant: the same gems give the same bytes. Publishers may go on meanwhile: what they list stays listed,
# and what they yank stays yanked. A number that was once listed is afterwards listed or yanked. If a gem is
# broken, no list changes.
module Oarlock
  module GemSource
    # One run over a source.
    class Index
      # What was found and done.
      Report = Struct.new(:gems, :adopted, :names, :missing)

      def initialize(source, unsafe: false, dry_run: false, threads: 16)
        @source = source
        @unsafe = unsafe
        @dry_run = dry_run
        @threads = threads
        @lines = {}
        @adopted = 0
        @lock = Mutex.new
      end

      # @yield [Integer, Integer] gems read, and all
      # @return [Report]
      def call(&progress)
        @source.require_conditions unless @unsafe || @dry_run
        missing = gems = nil
        versions, etags = @source.compete("versions") do
          snapshot = @source.snapshot
          infos = list("info/")
          gems = list("gems/").select { |key, _| key.end_with?(".gem") }
          lines = read(gems, snapshot.versions, &progress)
          next [snapshot.versions, nil] if @dry_run

          rows, missing, created_at = settle(lines, infos, snapshot.versions)
          versions = Versions.compact(rows, created_at)
          written = versions.to_s == snapshot.versions.to_s ||
                    @source.replace("versions", snapshot.etags["versions"], versions.to_s)
          [versions, snapshot.etags] if written
        end
        unless @dry_run
          @source.derive(versions, etags)
          forget(versions)
        end
        Report.new(gems.size, @adopted, versions.rows.size, missing.to_a)
      end

      private

      # ETags by key.
      def list(prefix) = @source.store.list(prefix).to_h { |entry| [entry.key, entry.etag] }

      # The lines of all gems, by name and number. Gems that were read before are not read again.
      def read(gems, versions)
        quick = list("quick/Marshal.4.8/")
        broken = []
        count = 0
        GemSource.at_once(gems.to_a, @threads) do |key, etag|
          @lines[[key, etag]] ||= line(key, versions, quick)
        rescue NotFoundError
          nil # It was yanked meanwhile.
        rescue Refused => error
          @lock.synchronize { broken << error.message }
        ensure
          @lock.synchronize { yield count += 1, gems.size if block_given? }
        end
        raise Refused, "#{broken.sort.join("\n")}\nnothing was indexed; remove or replace #{broken.size} " \
                       "of #{gems.size} gems" unless broken.empty?

        gems.filter_map { |gem| @lines[gem] }.group_by(&:first).transform_values do |lines|
          lines.to_h { |_, number, line| [number, line] }
        end
      end

      # The name, number and line of a gem. Its specification is stored too, unless it is there.
      def line(key, versions, quick)
        gem = StoredGem.read(@source, key)
        names = [gem.spec.full_name, "#{gem.spec.name}-#{gem.number}"].map { |name| GemSource.gem_key(name) }
        unless names.include?(key)
          raise Refused, "#{@source.url}#{key} holds #{gem.spec.full_name}; clients look for that at " \
                         "#{names.first}"
        end

        adopt(gem) unless gem.adopted? || @dry_run
        unless @dry_run || versions.rows[gem.spec.name].yanked.include?(gem.number)
          specify(GemSource.quick_key("#{gem.spec.name}-#{gem.number}"), GemSource.quick(gem.spec), quick)
        end
        [gem.spec.name, gem.number, gem.line]
      end

      def adopt(gem)
        info = Info.parse(@source.read(GemSource.info_key(gem.spec.name)).first)
        gem.adopt(@source, info.field(gem.number, "created_at"))
        @lock.synchronize { @adopted += 1 }
      end

      def specify(key, body, quick)
        return if quick[key] == Digest::MD5.hexdigest(body)

        @source.store.put(key, body, **GemSource.headers(key))
      end

      # Writes the info files. Returns the rows of `versions`, the missing gems and the newest time.
      def settle(gems, etags, versions)
        rows = {}
        missing = []
        newest = "1970-01-01T00:00:00Z"
        names = gems.keys | etags.keys.map { |key| key.delete_prefix("info/") } | versions.rows.keys
        GemSource.at_once(names, @threads) do |name|
          row = versions.rows[name]
          info = info(name, gems.fetch(name, {}), row, etags[GemSource.info_key(name)])
          text = info.to_s
          yanked = (row.yanked | row.listed) - info.lines.keys
          lost = yanked - row.yanked
          @lock.synchronize do
            missing.concat(lost.map { |number| "#{name}-#{number}" })
            newest = [newest, *info.lines.keys.map { |number| info.field(number, "created_at") }].compact.max
            next if info.lines.empty? && yanked.empty?

            rows[name] = Versions::Row.new(info.lines.keys, yanked, Digest::MD5.hexdigest(text))
          end
        end
        [rows, missing.sort, newest]
      end

      # Stores the info file of a name, and returns it.
      def info(name, lines, row, etag)
        wanted = Info.new(lines.except(*row.yanked))
        return wanted if etag == Digest::MD5.hexdigest(wanted.to_s)

        @source.edit(name) do |info, exists|
          # Gems that were pushed since the gems were listed.
          added = (info.lines.keys - lines.keys).to_h { |number| [number, pushed(name, number)] }.compact
          # Listed but no longer in the file: a yank that is in progress, or was killed.
          yanked = exists ? (row.listed & lines.keys) - info.lines.keys : []
          Info.new({**lines, **added}.except(*row.yanked, *yanked))
        end
      end

      def pushed(name, number)
        StoredGem.read(@source, GemSource.gem_key(Yank.full_name(name, number))).line
      rescue NotFoundError
        nil
      end

      # Deletes the specifications of yanked gems.
      def forget(versions)
        yanked = versions.rows.flat_map do |name, row|
          row.yanked.map { |number| GemSource.quick_key("#{name}-#{number}") }
        end
        return if yanked.empty?

        present = list("quick/Marshal.4.8/")
        yanked.select! { |key| present.key?(key) }
        @source.store.delete_many(yanked) unless yanked.empty?
      end
    end
  end
end
