# frozen_string_literal: true

# Publishing to a gem source by many at a time: at random, in orders that once lost something, and killed at
# any request.
#
#   ruby tests/hosts/publish_races.rb, with the environment of `workshop.rb`
#
# Prints a line for each thing proved; the first failure ends it.
require "timeout"
require_relative "workshop"

# What the index files together offer to clients.
def offered(source)
  infos = source.store.list("info/").flat_map do |entry|
    name = entry.key.delete_prefix("info/")
    Info.parse(source.store.get(entry.key)).numbers.map { |number| "#{name}-#{number}" }
  end
  specs = DERIVED.grep(/\.gz\z/).filter_map { |key| source.read(key).first }.flat_map do |body|
    Marshal.load(Gem::Util.gunzip(body)).map { |name, version, _| "#{name}-#{version}" }
  end
  infos | specs | listed(source)
end

# A source whose writer stops before it writes a key.
class HeldSource < Source
  def initialize(url, key)
    super(url)
    @key = key
    @reached = Queue.new
    @resumed = Queue.new
  end

  def replace(key, *)
    if key == @key
      @key = nil
      @reached << true
      @resumed.pop
    end
    super
  end

  # Runs a command up to that write, then the block, and then the rest of the command.
  def during(command)
    thread = Thread.new { command.call(self) }
    thread.report_on_exception = false
    Timeout.timeout(60) { @reached.pop }
    yield
    @resumed << true
    thread.value
  end
end

# Every list is what follows from the gems that are there.
def consistent(source)
  missing = offered(source).reject { |gem| source.store.exists?("gems/#{gem}.gem") }
  raise "listed without a gem: #{missing}" unless missing.empty?

  sound(source)
end

Dir.mktmpdir("oarlock-races-") do |directory|
  shop = Workshop.new(directory)

  proves("ten publishers of 5 gems, of their own names and a shared one, with index and yank: 50 of 50") do
    many = "s3://publish-d/x"
    gems = Array.new(10) do |one|
      Array.new(5) do |n|
        n < 2 ? shop.build("oar_all", "1.#{one}.#{n}") : shop.build("oar_#{one}_#{n}", "1")
      end
    end
    Push.new(Source.new(many)).call([shop.build("oar_gone", "1"), shop.build("oar_all", "0.1")])
    children = gems.map { |mine| child { mine.each { |gem| Push.new(Source.new(many)).call([gem]) } } }
    children << child { 2.times { Index.new(Source.new(many)).call } }
    children << child { Yank.new(Source.new(many)).call("oar_gone", "1") }
    joined(children)
    wanted = gems.flatten.map { |path| File.basename(path, ".gem") } + ["oar_all-0.1"]
    there = listed(Source.new(many))
    raise "lost: #{wanted - there}; too many: #{there - wanted}" unless there == wanted.sort

    sound(Source.new(many))
    Index.new(Source.new(many)).call
    sound(Source.new(many))
  end

  proves("a push that is late with a list, while its gem is yanked: the list is not the push's") do
    base, late = shop.build("oar_base", "1"), shop.build("oar_late", "1")
    %w[specs.4.8.gz latest_specs.4.8.gz names].each do |key|
      place = "s3://publish-c/late-#{key}"
      Push.new(Source.new(place)).call([base])
      HeldSource.new(place, key).during(->(at) { Push.new(at).call([late]) }) do
        Yank.new(Source.new(place)).call("oar_late", "1")
      end
      consistent(Source.new(place))
    end
  end

  proves("a yank between its two lists, while its gem is pushed: the push is refused") do
    gem, other = shop.build("oar_twice", "1"), shop.build("oar_twice", "2")
    place = "s3://publish-c/twice"
    Push.new(Source.new(place)).call([gem])
    HeldSource.new(place, "versions").during(->(at) { Yank.new(at).call("oar_twice", "1") }) do
      refused(/is being yanked/) { Push.new(Source.new(place)).call([gem]) }
      Push.new(Source.new(place)).call([other])
    end
    raise "not yanked" unless listed(Source.new(place)) == ["oar_twice-2"]

    consistent(Source.new(place))
  end

  proves("an unyank and a yank that deletes the gem, in both orders: it is not listed") do
    gem = shop.build("oar_torn", "1")
    %w[info/oar_torn versions specs.4.8.gz].each do |key|
      place = "s3://publish-c/torn-#{key.tr("/", "-")}"
      Push.new(Source.new(place)).call([gem])
      Yank.new(Source.new(place)).call("oar_torn", "1", keep_gem: true)
      refused(/was deleted by the yank/) do
        HeldSource.new(place, key).during(->(at) { Unyank.new(at).call("oar_torn", "1") }) do
          Yank.new(Source.new(place)).call("oar_torn", "1")
        end
      end
      consistent(Source.new(place))
    end
    place = "s3://publish-c/torn"
    Push.new(Source.new(place)).call([gem])
    HeldSource.new(place, "specs.4.8.gz").during(->(at) { Yank.new(at).call("oar_torn", "1") }) do
      Unyank.new(Source.new(place)).call("oar_torn", "1")
    end
    raise "listed" unless listed(Source.new(place)).empty?

    consistent(Source.new(place))
  end

  next unless FAKE

  proves("push, yank and index killed at each of their requests: readers see a sound source; again: done") do
    first, second = shop.build("oar_kill", "1"), shop.build("oar_kill", "2")
    steps = {
      "push" => ->(at) { Push.new(at).call([second]) },
      "yank" => ->(at) { Yank.new(at).call("oar_kill", "1") },
      "index" => ->(at) { Index.new(at, threads: 1).call }
    }
    steps.each do |verb, work|
      (1..).each do |number|
        place = "s3://publish-e/#{verb}-#{number}"
        at = Source.new(place)
        Push.new(at).call([first])
        at.store.delete_many(%w[versions info/oar_kill names specs.4.8.gz]) if verb == "index"
        Fake.forget
        # A killed client may or may not have had its request carried out.
        fault = number.even? ? {slow: 60_000} : {stall: {after: 0}}
        Fake.plan({match: {nth: number, times: 1}, fault: fault})
        pid = child { work.call(Source.new(place)) }
        finished = nil
        until finished || Fake.log.size >= number
          finished = Process.wait(pid, Process::WNOHANG)
          Thread.pass
        end
        Process.kill(:KILL, pid) unless finished
        Process.wait(pid) unless finished
        Fake.plan
        if finished
          raise "#{verb} took only #{number} requests" if number < 10

          break
        end

        # Nothing that any index file lists is missing, at any moment.
        missing = offered(at).reject { |gem| at.store.exists?("gems/#{gem}.gem") }
        raise "#{verb} killed at request #{number}: no gem for #{missing}" unless missing.empty?

        work.call(at)
        sound(at)
      end
    end
  end
end
