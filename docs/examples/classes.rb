# frozen_string_literal: true

# A package server's storage classes; run by tests/driver/test_site.py. Opening sends no request.
require "pathname"
require "oarlock"

path = Pathname(ARGV[0])

# --8<-- [start:classes]
classes = Oarlock::StorageClasses.new(path)
puts classes.keys.inspect
store = classes["packages"]
puts store.url
# --8<-- [end:classes]
