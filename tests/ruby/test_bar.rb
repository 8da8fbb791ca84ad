# frozen_string_literal: true

require "stringio"
require_relative "support"

# A progress bar shows how far a call is.
class BarTest < OarlockTest
  def test_it_shows_the_whole_in_the_end
    store = Fake.store
    store.put("a", "x" * (3 << 20))
    screen = StringIO.new
    Oarlock::Bar.open("archive", screen) { |bar| store.get("a", progress: bar) }
    assert_includes screen.string, "archive: 3.0 MiB of 3.0 MiB, 100 %"
    assert screen.string.end_with?("\n")
  end

  def test_a_total_that_nobody_knows_is_not_shown
    screen = StringIO.new
    Oarlock::Bar.open(nil, screen) { |bar| bar.call(2048, nil) }
    assert_equal "\r2.0 KiB\n", screen.string
  end
end
