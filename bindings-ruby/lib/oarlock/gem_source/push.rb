# frozen_string_literal: true

# Publishes built gems.
#
# Invariant: the same gem again succeeds and completes what an earlier push left undone. Other bytes under a
# published name are refused, and so is a number that was yanked. Each index file is written once, however
# many gems there are.
module Oarlock
  module GemSource
    # One push of some files.
    class Push
      # What was done with a gem: `pushed`, `present` (it was there already), or `would push`.
      Pushed = Struct.new(:name, :number, :sha256, :action)

      def initialize(source, unsafe: false, dry_run: false)
        @source = source
        @unsafe = unsafe
        @dry_run = dry_run
      end

      # @param paths [Array<String>]
      # @yield [Integer, Integer] gems stored, and all
      # @return [Array<Pushed>]
      def call(paths, &progress)
        gems = paths.map { |path| GemFile.new(path) }.uniq { |gem| [gem.full_name, gem.sha256] }
        gems.each { |gem| allow(gem) }
        same = gems.group_by(&:full_name).values.find { |files| files.size > 1 }
        raise Refused, "#{same.map(&:path).join(" and ")} are the same gem with other content" if same

        snapshot = @source.snapshot
        @source.require_index(snapshot)
        gems.each { |gem| refuse_yanked(gem, snapshot.versions) }
        return gems.map { |gem| result(gem, "would push") } if @dry_run

        @source.require_conditions unless @unsafe
        publish(gems, snapshot, &progress)
      end

      private

      def publish(gems, snapshot)
        done = {}
        lock = Mutex.new
        GemSource.at_once(gems) do |gem|
          stored = store(gem)
          lock.synchronize do
            done[gem] = stored
            yield done.size, gems.size if block_given?
          end
        end
        @source.publish(snapshot) { |now| list(gems, now.versions) { |gem| done[gem].last } }
        gems.map { |gem| result(gem, done[gem].first) }
      end

      def result(gem, action) = Pushed.new(gem.name, gem.number, gem.sha256, action)

      def allow(gem)
        host = gem.allowed_push_host
        return if host.nil? || host.chomp("/") == @source.url.chomp("/")

        raise Refused, "#{gem.path}: its metadata `allowed_push_host` allows #{host} only, not #{@source.url}"
      end

      def refuse_yanked(gem, versions)
        return unless versions.rows[gem.name].yanked.include?(gem.number)

        raise Refused, "#{gem.full_name} was yanked from #{@source.url}; push it under a new version, or " \
                       "list it again by `gem s3 unyank`"
      end

      # Stores the gem and its specification. Returns whether it is new, and when it was first stored.
      def store(gem)
        action, created_at = "pushed", GemSource.timestamp
        begin
          facts = {"sha256" => gem.sha256, "created-at" => created_at}
          @source.store.put(gem.key, Pathname(gem.path), **GemSource.headers(gem.key), metadata: facts,
                            if_none_match: "*")
        rescue PreconditionError
          action, created_at = "present", present(gem)
        end
        quick = GemSource.quick_key(gem.full_name)
        @source.store.put(quick, GemSource.quick(gem.spec), **GemSource.headers(quick))
        [action, created_at]
      end

      # The time at which a gem was first stored, if the bytes there are the same.
      def present(gem)
        record = Record.of(@source.store.head(gem.key)) || StoredGem.whole(@source, gem.key).record
        return record.created_at if record.sha256 == gem.sha256

        raise Refused, "#{@source.url}#{gem.key} exists with other content (SHA-256 #{record.sha256}, not " \
                       "#{gem.sha256}); push the gem under a new version"
      end

      # Adds the lines of the gems to their info files. A line that is there stays.
      #
      # @yieldreturn [String] when a gem was first stored
      def list(gems, versions)
        infos = {}
        GemSource.at_once(gems.group_by(&:name).to_a) do |name, mine|
          lines = mine.to_h { |gem| [gem.number, Info.line(gem.spec, gem.number, gem.sha256, yield(gem))] }
          infos[name] = @source.edit(name) do |info, exists|
            mine.each do |gem|
              compare(gem, info)
              refuse_yanked(gem, versions)
              refuse_leaving(gem, versions) if exists && !info.lines.key?(gem.number)
            end
            info.with(lines.except(*info.lines.keys))
          end
        end
        infos
      end

      # A yank takes a number out of its info file first, and out of `versions` next.
      def refuse_leaving(gem, versions)
        return unless versions.rows[gem.name].listed.include?(gem.number)

        raise Refused, "#{gem.full_name} is being yanked from #{@source.url}, or a yank of it was killed; " \
                       "run the yank again, or `gem s3 index`"
      end

      def compare(gem, info)
        listed = info.field(gem.number, "checksum")
        return if listed.nil? || listed == gem.sha256

        raise Refused, "#{@source.url}info/#{gem.name} has the checksum #{listed} for #{gem.number}, but " \
                       "the gem's is #{gem.sha256}; run `gem s3 index --source #{@source.url}`"
      end
    end
  end
end
