# frozen_string_literal: true

# A store of objects, with a method for each verb of the core's table.
#
# Invariant: a new verb of the core is a method here without a change. Parameters are positional, options are
# keywords; the core checks them before it sends anything. A store is frozen and may be shared between threads
# and Ractors; it works on in a forked child.
module Oarlock
  # The verbs: name, doc, params, options, reply and whether the reply is a page.
  VERBS = Native.verbs.to_h { |verb| [verb[:name].freeze, verb] }
  # The settings that {Oarlock.open} takes.
  SETTINGS = Native.settings[:fields]
  [VERBS, SETTINGS].each { |table| Ractor.make_shareable(table) }

  # A store of objects. {VERBS} and `sig/oarlock.rbs` list its verbs, their options and replies.
  #
  # Every verb also takes `timeout:` in seconds; after that it raises {TimeoutError}. Verbs that transfer
  # bytes or process many objects take `progress:`, which is called with the bytes or objects done and the
  # total, if known. For verbs that return bytes, such as `get`, `into:` takes a Pathname or an object with
  # `write`, and a block gets the chunks. Without either the bytes are returned as a {Body}.
  #
  # @example
  #   store.put("a", Pathname("archive.tar"), content_type: "application/x-tar", if_none_match: "*")
  #   store.get("a", range: 0..99)            # => "…", a Body
  #   store.get("a") { |chunk| digest << chunk }
  #   store.list("logs/") { |entry| puts entry.key }
  #
  # A setting that is a function is any object with `call`; it is called on the thread that waits.
  class Store
    # @see Oarlock.open
    def initialize(url, functions = {}, **settings)
      # Storage classes pass a store that the core opened, and the functions among its settings.
      @functions = functions.dup
      @native = url.is_a?(Native::Store) ? url : Native::Store.open(url, settings, @functions)
      @functions.freeze
      freeze
    end

    # A method's parameters: a sink is a keyword, because most callers pass a block. Optional ones are nil.
    signature = lambda do |params|
      params.map do |param|
        next "#{param[:name]}: nil" if param[:type] == "sink"

        param[:required] ? param[:name] : "#{param[:name]} = nil"
      end
    end

    VERBS.each_value do |verb|
      given = verb[:params].map { |param| "#{param[:name]}: #{param[:name]}, " }.join
      # Text, not define_method: a method made from a block can't be called in another Ractor.
      class_eval(<<~RUBY, __FILE__, __LINE__ + 1)
        def #{verb[:name]}(#{[*signature[verb[:params]], "**options", "&block"].join(", ")})
          call("#{verb[:name]}", #{given}**options, &block)
        end
      RUBY
      alias_method "#{verb[:name]}?", verb[:name] if verb[:reply] == "bool"
    end
    alias exist? exists?
    # The verb `list`.
    alias each_object list

    # Runs a verb by its name, with parameters and options by name, for programs that choose the verb at run
    # time.
    #
    # @param verb [String]
    # @param timeout [Numeric, nil] seconds
    # @param progress [#call, nil] called with the bytes or objects done and the total, if known
    def call(verb, timeout: nil, progress: nil, **arguments, &block)
      spec = VERBS[verb]
      if progress && spec && !spec[:progress]
        # The core rejects it, as any option that the verb does not take.
        arguments[:progress] = progress
        progress = nil
      end
      return pages(verb, arguments, timeout, progress, block) if spec && spec[:pages]

      source, into = %w[source sink].map do |type|
        spec && arguments.delete(spec[:params].find { |param| param[:type] == type }&.fetch(:name)&.to_sym)
      end
      source &&= Source.new(source)
      sink, take = Sink.of(into, block)
      call = start(verb, arguments, source&.argument, sink,
                   blocking: timeout.nil?, sink: take, timeout: timeout, progress: progress)
      source&.feed(call)
      reply = call.result
      reply.is_a?(GetReply) && reply.body ? Body.new(reply) : reply
    end

    # Opens an object as an IO-like stream. A written object appears at {Writer#close}, whole or not at all.
    #
    # With a block, the stream is closed after it. If an exception, `break` or `return` leaves a writer's
    # block, nothing is stored.
    #
    # @example
    #   store.open("rows.csv", "r:bom|utf-16le:utf-8") { |file| CSV.new(file).each { |row| p row } }
    #   store.open("log.gz", "wb") { |file| Zlib::GzipWriter.wrap(file) { |zip| zip.puts "line" } }
    #
    # @param key [String]
    # @param mode [String] "rb", "r", "wb" or "w", with encodings as for File.open: "r:iso-8859-1:utf-8" or
    #   "r:bom|utf-8". Without `b` and encodings, lines and whole contents are in the default external
    #   encoding
    # @param encoding [Encoding, String, nil] the encodings, if the mode names none
    # @param timeout [Numeric, nil] seconds for each request
    # @param options those of `get` or `put`
    # @yield [Reader, Writer]
    # @return [Reader, Writer] or the block's value
    def open(key, mode = "rb", encoding: nil, timeout: nil, **options)
      encodings = Encodings.new(mode, encoding)
      file =
        if encodings.reader? then Reader.new(self, key, encodings: encodings, timeout: timeout, **options)
        else
          call = start("put", {**options, key: key}, [:fed, nil], timeout: timeout)
          Writer.new(call, place: url_of(key), encodings: encodings)
        end
      return file unless block_given?

      file.within { yield file }
    end

    # Starts a verb whose bytes the caller reads or writes.
    #
    # @private
    def start(verb, values, source = nil, sink = nil, blocking: false, **serving)
      functions = @functions.dup
      call = @native.start(verb, values, source, sink, functions, blocking && Fiber.current_scheduler.nil?)
      Call.new(call, functions: functions, about: {verb: verb, key: values[:key]}.compact, **serving)
    end

    # The store's URL without settings and secrets.
    #
    # @return [String]
    def url = @native.url

    # @private
    def url_of(key) = "#{url.chomp("/")}/#{key}"

    # The settings as given, without secrets.
    def settings = @native.settings

    # Closes the store: later calls raise {InvalidInputError}. Calls in progress continue.
    def close = @native.close

    # Whether it was closed.
    def closed? = @native.closed?

    alias to_s url

    # Whether it is this store or a copy of it.
    def ==(other) = other.is_a?(Store) && native.equal?(other.native)
    alias eql? ==

    # @return [Integer]
    def hash = native.hash

    # @return [String] without secrets
    def inspect
      shown = settings.map { |name, value| "#{name}=#{value}" }
      "#<#{self.class} #{[url, *shown, *("closed" if closed?)].join(" ")}>"
    end

    # @raise [TypeError] always: a store may hold secrets
    def marshal_dump
      raise TypeError, "an #{self.class} cannot be marshalled, for it may hold secrets; open one from its URL"
    end

    protected

    attr_reader :native

    private

    # A copy may be shared as the store may.
    def initialize_copy(_store) = freeze

    def pages(verb, arguments, timeout, progress, block)
      listing = Listing.new do |continuation|
        asked = continuation ? {**arguments, continuation: continuation} : arguments
        start(verb, asked, blocking: timeout.nil?, timeout: timeout, progress: progress).result
      end
      return listing unless block

      listing.each(&block)
      self
    end
  end
end
