# frozen_string_literal: true

# Measures publishing to a gem source and installing from it, and writes `tests/hosts/GEM_FIGURES.md`.
#
#   ruby tests/hosts/gem_figures/run.rb [GEMS [PUBLISHERS]]
require_relative "ground"
require_relative "publishing"
require_relative "reading"

GEMS = Integer(ARGV.fetch(0, 10_000))
PUBLISHERS = Integer(ARGV.fetch(1, 100))
PAGE = "#{ROOT}/tests/hosts/GEM_FIGURES.md"
HEAD = <<~MARKDOWN
  # How fast is a gem source in a bucket?

  `make gem-figures` measures this and writes the page. The server is fake-s3, which delays each request by
  the time named. Stock clients read the same bucket over plain HTTP, without the round trips of TLS. The
  machine has %d cores, Ruby is %s, RubyGems %s, Bundler %s, and oarlock is a %s build.
  Installing itself costs CPU, which is the same for both.

  | what | target | result |
  |---|---|---|
MARKDOWN

rows = []
Dir.mktmpdir("oarlock-figures-") do |directory|
  ground = Ground.new(directory)
  [Reading.new(ground), Publishing.new(ground, GEMS, PUBLISHERS)].each do |part|
    part.call do |*row|
      rows << "| #{row.join(" | ")} |\n"
      puts rows.last
      $stdout.flush
    end
  end
end
require "bundler"
require "etc"
head = format(HEAD, Etc.nprocessors, RUBY_VERSION, Gem::VERSION, Bundler::VERSION,
              ENV.fetch("OARLOCK_BUILD", "development"))
File.write(PAGE, head + rows.join) if [GEMS, PUBLISHERS] == [10_000, 100]
