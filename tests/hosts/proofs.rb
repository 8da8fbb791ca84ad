# frozen_string_literal: true

# How the tests of the hosts of Ruby print what they proved, and how they steer fake-s3.
require "json"
require "net/http"

# The control interface of fake-s3.
module Fake
  def self.post(door, body) = Net::HTTP.post(URI("#{ENDPOINT}/_fake/#{door}"), JSON.generate(body))
  def self.plan(*rules) = post("plan", {rules: rules})
  def self.log(wait = nil) = JSON.parse(Net::HTTP.get(URI("#{ENDPOINT}/_fake/log#{"?wait=#{wait}" if wait}")))
  def self.forget = post("reset", {keep_objects: true})
end

def proves(what)
  yield
  puts "ok   #{what}"
rescue StandardError => error
  abort "FAIL #{what}\n#{error.full_message}"
end

def expect(text, pattern)
  raise "expected #{pattern.inspect} in:\n#{text}" unless pattern === text
end
