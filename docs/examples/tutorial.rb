# frozen_string_literal: true

# The tutorial in Ruby; run by tests/driver/test_site.py.
require "pathname"
require "tmpdir"

# --8<-- [start:open]
require "oarlock"

store = Oarlock.open("file:///tmp/oarlock-first/ruby")
# --8<-- [end:open]

directory = Dir.mktmpdir
store = Oarlock.open(ARGV[0]) if ARGV[0]

# --8<-- [start:first]
store.create_bucket
store.put("greeting", "hello", content_type: "text/plain")
puts store.get("greeting")
# --8<-- [end:first]

# --8<-- [start:range]
reply = store.get("greeting", range: "0-3")
puts "#{reply} #{reply.meta.size}"
# --8<-- [end:range]

# --8<-- [start:files]
store.open("big", "wb") { |file| file.write("x" * 1000) } # appears when the block ends
store.get("big", into: Pathname("#{directory}/big")) # a file that is whole, or not there
# --8<-- [end:files]

# --8<-- [start:list]
store.list { |entry| puts "#{entry.key} #{entry.size}" }
# --8<-- [end:list]

# --8<-- [start:errors]
begin
  store.get("no-such-key")
rescue Oarlock::NotFoundError => error
  puts error.kind
end
# --8<-- [end:errors]
