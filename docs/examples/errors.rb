# frozen_string_literal: true

# How a failed call looks; run by tests/driver/test_site.py with the URL of a store.
require "oarlock"

store = Oarlock.open(ARGV[0])

# --8<-- [start:errors]
begin
  store.get("no-such-key")
rescue Oarlock::NotFoundError => error
  puts "#{error.sentence} #{error.code} #{error.status} #{error.retryable?}"
rescue Oarlock::Error => error
  puts "#{error.kind}: #{error.message}"
end
# --8<-- [end:errors]
