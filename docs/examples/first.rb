# frozen_string_literal: true

# --8<-- [start:first]
require "oarlock"

Oarlock.open("file:///tmp/oarlock-first/ruby") do |store|
  store.create_bucket
  store.put("greeting", "hello", content_type: "text/plain")
  puts store.get("greeting", range: "0-3")
  store.get("greeting") { |chunk| $stdout.write(chunk) }
  puts store.each_object.map(&:key)
end
# --8<-- [end:first]
