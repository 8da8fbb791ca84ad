# frozen_string_literal: true

# Figures of publishing: an index of many gems, one push to them, and many publishers at a time.
#
# Invariant: a lost gem, or a source that `check` finds wrong, ends the run.
class Publishing
  # Gems of each publisher of the crowd.
  EACH = 5
  MANY = "s3://figures/many"
  CROWD = "s3://figures/crowd"

  def initialize(ground, gems, publishers)
    @ground = ground
    @gems = gems
    @publishers = publishers
  end

  # @yield [String, String, String] what, the target and the result
  def call(&row)
    store
    index(&row)
    push(&row)
    crowd(&row)
  end

  private

  # Stores the gems as pushes would, without an index.
  def store
    source = Source.new(MANY)
    paths = Array.new(@gems) { |n| build("gem_#{n / 4}", "1.#{n % 4}") }
    Oarlock::GemSource.at_once(paths) do |path|
      gem = GemFile.new(path)
      facts = {"sha256" => gem.sha256, "created-at" => "2026-01-01T00:00:00Z"}
      source.store.put(gem.key, Pathname(path), metadata: facts)
    end
  end

  def build(name, version)
    @ground.build(name, version, needs: name == "gem_0" ? {} : {"gem_0" => [">= 0.1", "< 9"]})
  end

  def index
    late(5)
    command = ["gem", "s3", "index", "--source", MANY]
    took = @ground.measured(*command)
    yield "`gem s3 index` of #{@gems} gems, 5 ms", "60 s", figures(took)
    yield "the same again, nothing to write", "", figures(@ground.measured(*command))
  end

  def figures(took) = format("%.1f s, %d MiB of memory", took.seconds, took.mebibytes)

  def push
    {"gem_0 9.0" => "another version", "gem_new 1.0" => "a new name"}.each do |words, what|
      path = build(*words.split)
      late(20)
      took = @ground.measured("gem", "s3", "push", path, "--source", MANY)
      yield "`gem s3 push` of #{what} to them, 20 ms", "12 requests, 1.5 s",
            format("%d requests, %.2f s", Fake.log.size, took.seconds)
    end
  end

  def crowd
    paths = Array.new(@publishers) { |one| Array.new(EACH) { |n| build("crowd_#{one}", "1.#{n}") } }
    late(20)
    started = now
    children = paths.map { |mine| child { mine.each { |path| Push.new(Source.new(CROWD)).call([path]) } } }
    joined(children)
    seconds = now - started
    kept = Source.new(CROWD).snapshot.versions.rows.sum { |_, row| row.listed.size }
    raise "#{kept} gems were kept" unless kept == @publishers * EACH

    lost = Fake.log.count { |one| one["status"] == 412 && !one["key"].to_s.end_with?(Source::PROBE) }
    sound(Source.new(CROWD))
    yield "#{@publishers} publishers of #{EACH} gems each, 20 ms", "every gem kept",
          format("%d of %d kept, %d lost races, %.1f s", kept, @publishers * EACH, lost, seconds)
  end
end
