# frozen_string_literal: true

require_relative "support"

# What is made of the core's tables is complete, and so is what is written beside them.
class TablesTest < OarlockTest
  def test_signatures
    script = Fake::ROOT.join("bindings-ruby/script/sig.rb")
    made = IO.popen([RbConfig.ruby, "-I#{LIB}", script.to_s], &:read)
    assert_equal made, Fake::ROOT.join("bindings-ruby/sig/oarlock.rbs").read,
                 "run `make -C bindings-ruby sig`"
  end

  def test_methods
    Oarlock::VERBS.each do |name, verb|
      parameters = Oarlock::Store.instance_method(name).parameters
      verb[:params].each do |param|
        kind = param[:type] == "sink" ? :key : param[:required] ? :req : :opt
        assert_includes parameters, [kind, param[:name].to_sym], "#{name}(#{param[:name]})"
      end
      own = verb[:options].map { |option| option[:name] } & %w[timeout progress]
      assert_empty own, "options of #{name} that Ruby's own keywords hide"
    end
    assert_equal %i[exist? exists exists?],
                 %i[exist? exists exists?].select { |name| @store.respond_to?(name) }
  end

  def test_a_verb_by_name
    @store.call("put", key: "a", source: "x")
    assert_equal "x", @store.call("get", key: "a")
    error = assert_raises(Oarlock::InvalidInputError) { @store.call("gett", key: "a") }
    assert_match(/did you mean "get"/, error.message)
  end

  def test_errors
    Oarlock::Native.error_classes.each do |row|
      error = Oarlock.const_get(row[:name]).new("a sentence", verb: "get", bucket: "b", key: "k", status: 418,
                                                code: "Teapot", request_id: "r")
      assert_equal [row[:kind], "a sentence", "get", "b", "k", 418, "Teapot", "r", false],
                   [error.kind, error.sentence, error.verb, error.bucket, error.key, error.status, error.code,
                    error.request_id, error.retryable?]
      assert_equal 'a sentence (verb get, bucket b, key "k", code Teapot, request id r)', error.message
      assert_kind_of Oarlock::Error, error
    end
    written = Oarlock.constants.select { |name| name.end_with?("Error") && name != :Error }
    assert_equal Oarlock::Native.error_classes.map { |row| row[:name].to_sym }.sort, written.sort
  end

  def test_an_error_from_a_server
    error = assert_raises(Oarlock::NotFoundError) { Fake.store.get("nowhere") }
    assert_equal ["get", "nowhere", 404, "NoSuchKey", false],
                 [error.verb, error.key, error.status, error.code, error.retryable?]
    refute_nil error.request_id
    assert_nil error.cause
  end

  # The processor time of a program, in seconds; the least of some tries.
  def seconds(*arguments)
    Array.new(7) do
      before = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) && Process.times
      system(RbConfig.ruby, "--disable-gems", "-I#{LIB}", *arguments, exception: true)
      after = Process.times
      after.cutime + after.cstime - before.cutime - before.cstime
    end.min
  end

  def test_loading_is_cheap
    assert_operator seconds("-roarlock", "-e", "0") - seconds("-e", "0"), :<=, 0.02
  end

  def test_a_plugin_costs_nothing_until_it_is_used
    loaded = ruby('require "rubygems_plugin"; puts $LOADED_FEATURES.grep(/net.http|oarlock_native|remote_fetcher/)')
    assert_empty loaded
  end
end
