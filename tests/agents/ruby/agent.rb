# frozen_string_literal: true

# The Ruby agent: a JSON request a line in, a JSON answer a line out, see `tests/agents/README.md`.
#
# Invariant: only the public interface of oarlock is used, and of it what a Rubyist would: methods, blocks,
# Pathnames, StringIOs, Enumerators.

$LOAD_PATH.unshift(File.expand_path("../../../bindings-ruby/lib", __dir__))
require "json"
require "logger"
require "pathname"
require "stringio"
require "time"
require "oarlock"

# What the agent's own reader or sink raises, and must get back unchanged.
class Broken < StandardError; end

# JSON to Ruby values and back.
module Spelling
  module_function

  def bytes(text) = text.unpack1("m")

  def read(json)
    case json
    when Array then json.map { |item| read(item) }
    when Hash
      case json.keys
      when ["$bytes"] then bytes(json["$bytes"])
      when ["$time"] then Time.iso8601(json["$time"])
      when ["$source"] then source(*json["$source"].first)
      when ["$sink"] then json["$sink"].is_a?(Hash) ? Pathname(json["$sink"]["file"]) : json["$sink"].to_sym
      when ["$callback"] then Function.new(json["$callback"])
      else json.transform_values { |item| read(item) }
      end
    else json
    end
  end

  def source(kind, given)
    case kind
    when "bytes" then bytes(given)
    when "file" then Pathname(given)
    when "reader" then StringIO.new(given.map { |chunk| bytes(chunk) }.join)
    when "iterator" then given.lazy.map { |chunk| bytes(chunk) }
    when "reader_fails" then FailingReader.new(given.map { |chunk| bytes(chunk) })
    end
  end

  def write(value)
    case value
    when nil, true, false, Integer then value
    when Oarlock::Body then {meta: write(value.meta), offset: value.offset, length: value.bytesize,
                             body: binary(value)}
    when String then value.encoding == Encoding::BINARY ? binary(value) : value
    when Time then {"$time" => [value.to_i, value.nsec]}
    when Array then value.map { |item| write(item) }
    when Hash then value.transform_values { |item| write(item) }
    when Struct then write(value.to_h)
    end
  end

  def binary(value) = {"$bytes" => [value].pack("m0")}
end

# A function for a setting: returns its answers in turn, then the last one, and keeps the questions.
class Function
  class << self
    attr_accessor :asked
  end
  self.asked = []

  def initialize(answers) = @answers = answers

  def call(question)
    Function.asked << question
    answer = @answers.size > 1 ? @answers.shift : @answers.first
    raise Broken, answer["$raise"] if answer.is_a?(Hash) && answer.key?("$raise")

    Spelling.read(answer)
  end
end

# Counts log events.
class Events < Logger
  attr_reader :count

  def initialize
    super(nil, level: DEBUG)
    @count = 0
  end

  def add(*)
    @count += 1
  end
end

# A reader that breaks after its chunks.
class FailingReader
  def initialize(chunks) = @chunks = chunks
  def read(_size) = @chunks.shift || raise(Broken, "the reader broke")
end

# The stores that were opened, and what is done with them.
class Agent
  FACTS = %i[verb bucket key status code request_id].freeze

  def initialize = @stores = []

  def answer(request)
    {ok: send("do_#{request.fetch("op")}", request)}
  rescue Oarlock::Error => error
    facts = FACTS.to_h { |fact| [fact, error.public_send(fact)] }
    {error: {**facts, kind: error.kind, message: error.sentence, retryable: error.retryable?}}
  rescue Broken => error
    # The host's own exception came through as it is; as a fact of the protocol it is a failed stream.
    foreign("Io", error, request)
  rescue ArgumentError, TypeError => error
    # Ruby's own word for an argument that cannot be.
    foreign("InvalidInput", error, request)
  end

  private

  def foreign(kind, error, request)
    {error: {**FACTS.to_h { |fact| [fact, nil] }, kind: kind, message: error.message, verb: request["verb"],
             retryable: false}}
  end

  def do_classes(request)
    classes = Oarlock::StorageClasses.new(request["classes"])
    Spelling.write(classes.map { |name, _| classes.about(name) })
  end

  def do_check(request) = Spelling.write(Oarlock::StorageClasses.new(request["classes"]).check)

  def do_open(request)
    if request["classes"]
      given = %w[settings overrides].to_h { |name| [name.to_sym, Spelling.read(request[name] || {})] }
      @stores << Oarlock::StorageClasses.new(request["classes"], **given)[request["class"]]
      return @stores.size
    end
    settings = Spelling.read(request.fetch("settings", {}))
    @stores << Oarlock.open(request["url"], **settings.transform_keys(&:to_sym))
    @stores.size
  end

  def do_close(request) = store(request).close

  def do_asked(_request)
    asked, Function.asked = Function.asked, []
    Spelling.write(asked)
  end

  def do_verbs(_request)
    Oarlock::VERBS.transform_values do |verb|
      raise "the store has no method #{verb[:name]}" unless Oarlock::Store.method_defined?(verb[:name])

      %i[params options].to_h { |table| [table, verb[table].map { |field| field[:name] }] }
    end
  end

  # Runs a verb with every function that it can report to.
  def reported(request)
    events = Events.new
    Oarlock.logger = events
    done = total = nil
    progress = ->(*now) { done, total = now }
    reply = call(store(request), request["verb"],
                 Spelling.read(request["args"]).merge("progress" => progress))
    {reply: Spelling.write(reply), done: done, total: total, events: events.count}
  ensure
    Oarlock.logger = nil
  end

  def do_call(request)
    return reported(request) if request["reports"]

    arguments = Spelling.read(request.fetch("args", {}))
    most = arguments.delete("$pages")
    into = arguments["into"]
    received = String.new
    case into
    when :memory then arguments.delete("into")
    when :stream then arguments.delete("into") && block = ->(chunk) { received << chunk }
    when :stream_fails then arguments.delete("into") && block = ->(_chunk) { raise Broken, "the sink broke" }
    end
    reply = call(store(request), request["verb"], arguments, &block)
    if reply.is_a?(Oarlock::Listing)
      entries = most ? reply.each_page.first(most).flat_map(&:entries) : reply.to_a
      return {entries: Spelling.write(entries)}
    end

    reply = Spelling.write(reply)
    into == :stream ? {**reply, body: Spelling.binary(received)} : reply
  end

  # Calls the verb's own method; one that cannot be called so, for it does not exist or lacks a parameter, by
  # name.
  def call(store, verb, arguments, &block)
    params = Oarlock::VERBS.dig(verb, :params) || []
    required = params.select { |param| param[:required] }.map { |param| param[:name] }
    options = arguments.transform_keys(&:to_sym)
    unless Oarlock::VERBS.key?(verb) && (required - arguments.keys).empty?
      return store.call(verb, **options, &block)
    end

    positional = params.reject { |param| param[:type] == "sink" }.map do |param|
      options.delete(param[:name].to_sym)
    end
    store.public_send(verb, *positional, **options, &block)
  end

  def do_reader(request)
    store(request).open(request["key"], "rb", **options(request)) do |file|
      request["do"].map do |step, *given|
        case step
        when "read" then Spelling.binary(file.read(*(given.first.negative? ? nil : given.first)) || "")
        when "seek" then file.seek(*given) && file.pos
        when "tell" then file.tell
        end
      end
    end
  end

  def do_writer(request)
    file = nil
    store(request).open(request["key"], "wb", **options(request)) do |opened|
      file = opened
      request["chunks"].each { |chunk| file.write(Spelling.bytes(chunk)) }
      raise Broken, "left by an error" if request["fail"]
    end
    Spelling.write(file.reply)
  rescue Broken
    nil
  end

  def options(request) = Spelling.read(request.fetch("args", {})).transform_keys(&:to_sym)

  def store(request) = @stores.fetch(request.fetch("store") - 1)
end

$stdout.sync = true
agent = Agent.new
$stdin.each_line do |line|
  puts JSON.generate(agent.answer(JSON.parse(line)))
end
