# frozen_string_literal: true

require_relative "support"
require "rubygems_plugin"
require "oarlock/gem_source"

# The texts of a gem source's index, byte by byte. `tests/hosts/publish.rb` publishes with the real `gem`.
class GemSourceTest < OarlockTest
  include Oarlock::GemSource

  AT = "2026-11-30T06:52:16Z"
  SUM = "ab" * 32

  def spec(name, version, platform: nil)
    Gem::Specification.new(name, version) do |spec|
      spec.platform = platform if platform
      yield spec if block_given?
    end
  end

  def line(spec) = Info.line(spec, GemFile.number(spec), SUM, AT)

  def test_a_line_of_info
    assert_equal "1.0 |checksum:#{SUM},created_at:#{AT}", line(spec("oar", "1.0"))
    full = spec("oar", "2.0", platform: "x86_64-linux") do |s|
      s.add_dependency("ring", "~> 1.0", "< 3")
      s.add_dependency("boat")
      s.add_development_dependency("rake")
      s.required_ruby_version = [">= 3.1", "< 5"]
      s.required_rubygems_version = "> 1.3.1"
    end
    assert_equal "2.0-x86_64-linux boat:>= 0,ring:< 3&~> 1.0|checksum:#{SUM},ruby:< 5&>= 3.1," \
                 "rubygems:> 1.3.1,created_at:#{AT}", line(full)
  end

  def test_info_is_sorted_and_keeps_strange_lines
    text = "---\n10.0 |checksum:x,new:y\n2.0-x86_64-linux |checksum:x\n2.0 |checksum:x\n2.0.a |checksum:x\n"
    info = Info.parse(text)
    assert_equal %w[2.0.a 2.0 2.0-x86_64-linux 10.0], info.numbers
    assert_equal "x", info.field("10.0", "checksum")
    assert_equal "y", info.field("10.0", "new")
    assert_nil info.field("10.0", "old")
    assert_equal "---\n2.0.a |checksum:x\n2.0 |checksum:x\n2.0-x86_64-linux |checksum:x\n" \
                 "10.0 |checksum:x,new:y\n", info.to_s
    assert_equal "---\n", info.with(without: info.numbers).to_s
  end

  def test_versions_grows_by_lines
    one = Info.new({"1.0" => "1.0 |checksum:x"})
    first = Versions.new(nil).with({"oar" => one}, AT)
    assert_equal "created_at: #{AT}\n---\noar 1.0 #{md5(one)}\n", first.to_s
    assert_same first, first.with({"oar" => one}, AT)

    two = one.with({"1.1-java" => "1.1-java |checksum:x"}, without: ["1.0"])
    second = first.with({"oar" => two}, "later")
    assert_equal "#{first}oar -1.0,1.1-java #{md5(two)}\n", second.to_s
    assert_equal [%w[1.1-java], %w[1.0], md5(two)], second.rows["oar"].to_a

    # Only the content of a line changed.
    three = two.with({"1.1-java" => "1.1-java |checksum:z"})
    third = second.with({"oar" => three}, "later")
    assert_equal "#{second}oar -1.1-java,1.1-java #{md5(three)}\n", third.to_s
    compact = Versions.compact(third.rows, AT)
    assert_equal "created_at: #{AT}\n---\noar 1.1-java,-1.0 #{md5(three)}\n", compact.to_s
    assert_equal third.rows, compact.rows
  end

  def test_what_follows_from_versions
    versions = Versions.new(<<~TEXT)
      created_at: #{AT}
      ---
      oar 1.0,1.0-java,2.0,2.0.1.pre,1.5-x86-linux,3.0-x86-linux x
      boat 1.0 y
      gone -1.0 z
    TEXT
    files = derived(versions)
    assert_equal "---\nboat\ngone\noar\n", files["names"]
    read = lambda do |name|
      Marshal.load(Gem::Util.gunzip(files["#{name}.4.8.gz"])).map { |gem| gem.map(&:to_s).join(" ") }
    end
    assert_equal ["boat 1.0 ruby", "oar 1.0 ruby", "oar 1.0 java", "oar 1.5 x86-linux", "oar 2.0 ruby",
                  "oar 3.0 x86-linux"], read["specs"]
    assert_equal ["boat 1.0 ruby", "oar 2.0 ruby", "oar 3.0 x86-linux"], read["latest_specs"]
    assert_equal ["oar 2.0.1.pre ruby"], read["prerelease_specs"]
    assert_equal files, derived(Versions.new(versions.to_s)), "other bytes the second time"
    assert_empty Marshal.load(Gem::Util.gunzip(derived(Versions.new(nil))["specs.4.8.gz"]))
  end

  # A slow writer must not take a state for the one that it read.
  def test_no_state_of_a_list_comes_back
    first = Versions.new(nil).with({"oar" => Info.new({"1.0" => "1.0 |checksum:x"})}, AT)
    second = first.with({"oar" => Info.new({"1.0" => "1.0 |checksum:x", "2.0" => "2.0 |checksum:y"})}, AT)
    third = second.with({"oar" => Info.new({"1.0" => "1.0 |checksum:x"})}, AT)
    before, after = derived(first), derived(third)
    %w[specs.4.8.gz latest_specs.4.8.gz].each do |key|
      assert_equal Gem::Util.gunzip(before[key]), Gem::Util.gunzip(after[key])
      refute_equal before[key], after[key]
    end
    assert_equal before["prerelease_specs.4.8.gz"], after["prerelease_specs.4.8.gz"], "written needlessly"
  end

  def test_names_that_would_break_the_index
    ["oar,ring", "oar ring", "oar\n", "plus+gem", ""].each do |name|
      assert_raises(Refused, name.inspect) { GemFile.check(spec(name, "1"), "x.gem") }
      needing = spec("oar", "1") { |s| s.dependencies << Gem::Dependency.new(name, ">= 0") }
      assert_raises(Refused, name.inspect) { GemFile.check(needing, "x.gem") }
    end
  end

  private

  def derived(versions) = Oarlock::GemSource.derived(versions)
  def md5(info) = Digest::MD5.hexdigest(info.to_s)
end
