# frozen_string_literal: true

# Streams and progress; run by tests/driver/test_site.py with a store's URL.
require "tmpdir"
require "pathname"
require "oarlock"

store = Oarlock.open(ARGV[0])
Dir.chdir(Dir.mktmpdir)
File.binwrite("big.iso", "x" * 20_000_000)

# --8<-- [start:progress]
Oarlock::Bar.open("big.iso") do |bar|
  store.put("big.iso", Pathname("big.iso"), progress: bar)
end
# --8<-- [end:progress]

# --8<-- [start:stream]
store.get("big.iso") { |chunk| puts chunk.size } # the bytes as they arrive
store.open("big.iso") do |file|
  first = file.read(1000)
  store.open("copy.iso", "wb") { |copy| copy.write(first) } # appears when the block ends
end
# --8<-- [end:stream]
