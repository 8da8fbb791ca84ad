# frozen_string_literal: true

# Figures of reading: the same gems of the same bucket, installed through oarlock and by stock clients over
# plain HTTP, and the start of `gem`.
#
# Invariant: both take turns, so that other work of the machine meets both. The best of the rounds counts.
class Reading
  ROUNDS = 3
  STARTS = 40
  SOURCE = "s3://figures/read/"

  def initialize(ground) = @ground = ground

  # @yield [String, String, String] what, the target and the result
  def call(&row)
    install(&row)
    bundle(&row)
    start(&row)
  end

  private

  def http = "#{ENDPOINT}/figures/read/"

  def publish(count)
    names = Array.new(count - 1) { |n| "part_#{n}" }
    gems = names.map { |name| @ground.build(name, "1.0") }
    gems << @ground.build("all_of_#{count}", "1.0", needs: names.to_h { |name| [name, ">= 0"] })
    Push.new(Source.new(SOURCE)).call(gems)
  end

  def install(&row)
    publish(50)
    [20, 100].each do |delay|
      compare("`gem install` of 50 gems, #{delay} ms", delay, row) do |source, stock|
        @ground.measured("gem", "install", "all_of_50", "-N", "--clear-sources", "--source", source,
                         stock: stock)
      end
    end
  end

  def bundle(&row)
    publish(200)
    [20, 100].each do |delay|
      compare("`bundle install` of 200 gems, #{delay} ms", delay, row) do |source, stock|
        head = stock ? "" : "require 'oarlock/bundler'\n"
        gemfile = "#{head}source #{source.inspect}\ngem 'all_of_200'\n"
        @ground.measured("bundle", "install", stock: stock, files: {"Gemfile" => gemfile})
      end
    end
  end

  def compare(what, delay, row)
    best = {}
    counts = {}
    ROUNDS.times do
      [[SOURCE, false], [http, true]].each do |source, stock|
        late(delay)
        took = yield(source, stock)
        counts[stock] = Fake.log.size
        best[stock] = [best[stock], took].compact.min_by(&:seconds)
      end
    end
    ours, theirs = best.values_at(false, true)
    row.call(what, "0.5 × stock",
             format("%.2f × stock: %.1f s (CPU %.1f s, %d requests), stock %.1f s (CPU %.1f s, %d requests)",
                    ours.seconds / theirs.seconds, ours.seconds, ours.cpu, counts[false], theirs.seconds,
                    theirs.cpu, counts[true]))
  end

  # CPU of `gem --version`, which loads the plugin and uses nothing of it.
  def start
    took = {false => [], true => []}
    STARTS.times do
      took.each { |stock, all| all << @ground.measured("gem", "--version", stock: stock).cpu }
    end
    more = (took[false].min - took[true].min) * 1000
    yield "start of `gem` with the plugin", "1 ms of CPU more", format("%.1f ms of CPU more", more)
  end
end
