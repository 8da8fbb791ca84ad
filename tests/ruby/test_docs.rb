# frozen_string_literal: true

require_relative "support"
require "open3"
require "rdoc"

# `ri`, RDoc and YARD know every verb and every record, with its parameters and replies.
class DocsTest < OarlockTest
  ROOT = Fake::ROOT.to_s
  SOURCES = ["bindings-ruby/lib", "bindings-ruby/doc"].freeze

  def test_ri_knows_every_verb
    command = ["rdoc", "--ri", "--quiet", "--op", "#{@directory}/ri", *SOURCES]
    out, status = Open3.capture2e(*command, chdir: ROOT)
    assert_predicate status, :success?, out
    known = RDoc::RI::Store.new("#{@directory}/ri").tap(&:load_cache)
    Oarlock::VERBS.each do |name, verb|
      method = known.load_method("Oarlock::Store", "##{name}")
      refute_empty method.comment, name
      [*verb[:params], *verb[:options]].each do |field|
        assert_match(/\b#{field[:name]}\b/, method.arglists, name)
      end
    end
    Oarlock::Native.records.each do |record|
      refute_empty known.load_class("Oarlock::#{record[:name]}").comment, record[:name]
    end
  end

  def test_yard_finds_nothing_undocumented
    skip "yard is not installed" unless system("yard --version", out: File::NULL, err: File::NULL)
    out, status = Open3.capture2e("yard", "stats", "--list-undoc", "--no-save", "--no-cache", "--quiet",
                                  "--db", "#{@directory}/yard", chdir: ROOT)
    assert_predicate status, :success?, out
    assert_match(/100\.00% documented/, out)
  end
end
