# frozen_string_literal: true

require_relative "support"
require "yaml"

# `sig/` is valid RBS, and the library does what it declares: RBS checks each call of a whole test file.
class SignaturesTest < OarlockTest
  ROOT = Fake::ROOT.to_s
  CHECKED = %w[Store Reader Lines Writer Body Listing StorageClasses Bar].map { |name| "Oarlock::#{name}" }
  RBS = Gem::Specification.find_all_by_name("rbs").first&.full_gem_path
  LIBRARIES = YAML.load_file("#{ROOT}/bindings-ruby/sig/manifest.yaml")["dependencies"]
                  .map { |one| "-r #{one["name"]}" }.join(" ")

  def setup
    super
    skip "the gem rbs, which Ruby comes with, is not installed" unless RBS
  end


  # Runs a program while RBS checks the arguments and results of each call.
  def checked(*program)
    environment = {
      "RBS_TEST_TARGET" => CHECKED.join(","), "RBS_TEST_RAISE" => "true", "RBS_TEST_LOGLEVEL" => "error",
      "RBS_TEST_OPT" => "#{LIBRARIES} -I bindings-ruby/sig"
    }
    command = [RbConfig.ruby, "-I#{LIB}", "-I#{RBS}/lib", "-rrbs/test/setup", "-roarlock", *program]
    output = IO.popen([environment, *command], err: %i[child out], chdir: ROOT, &:read)
    [output, $?.success?]
  end

  def test_they_are_valid
    command = [RbConfig.ruby, "-I#{RBS}/lib", "#{RBS}/exe/rbs", "-I", "bindings-ruby/sig", *LIBRARIES.split]
    output = IO.popen([*command, "validate", "--silent"], err: %i[child out], chdir: ROOT, &:read)
    assert_predicate $?, :success?, output
  end

  TOUR = <<~'RUBY'
    require "stringio"
    store = Oarlock.open(ARGV[0])
    store.put("a", "one\ntwo\n\nthree")
    store.put("b", StringIO.new("x" * 9), content_type: "text/plain", metadata: {"a" => "b"})
    store.put("c", ["x", "y"], timeout: 9)
    [store.get("a"), store.get("a", range: 1..2), store.get("a", into: StringIO.new), store.head("a")]
    store.get("a") { |chunk| chunk.size }
    [store.exists?("a"), store.exist?("z"), store.list.to_a]
    store.list("a").each_page { |page| page.entries }
    store.list("a") { |entry| entry.key }
    [store.get_many(%w[a b]), store.head_many(%w[a]), store.get_ranges("a", [0..1, 2..3]), store.stats]
    store.put_many([{key: "d", body: "1"}])
    store.copy("a", "e")
    [store.explain, store.delete_many(%w[d e]), store.settings, store == store.dup, store.hash, store.inspect]
    store.open("a", "r") do |io|
      [io.gets, io.gets(3), io.gets("t"), io.gets("", 9), io.gets(nil, chomp: true), io.gets, io.lineno]
      [io.rewind, io.readline, io.readline(2), io.readlines, io.seek(0)]
      io.each_line { |line| line.size }
      [io.seek(0, :SET), io.getc, io.getbyte, io.readchar, io.readbyte, io.ungetc("é"), io.ungetbyte(1)]
      [io.seek(1, IO::SEEK_SET), io.each_byte { |byte| byte + 1 }, io.pos = 0]
      io.each_char { |char| char.ord }
      [io.read, io.read(1), io.rewind, io.read(2), io.readpartial(2), io.read_nonblock(1), io.sysread(1)]
      [io.read, io.read_nonblock(1, exception: false), io.pread(2, 0), io.eof?, io.eof, io.tell]
      [io.external_encoding, io.internal_encoding, io.set_encoding("utf-8:utf-16le"), io.set_encoding(nil)]
      io.size
      [io.binmode, io.binmode?, io.set_encoding_by_bom, io.sync, io.tty?, io.isatty, io.closed?, io.meta]
      [io.inspect, io.close_read, io.close]
    end
    store.open("f", "w") do |io|
      [io.write("a", 1), io.syswrite("b"), io.write_nonblock("c"), io << :d, io.print("e"), io.puts("f", [1])]
      [io.printf("%d", 1), io.putc("a"), io.putc(65), io.flush, io.fsync, io.fdatasync, io.sync = true]
      [io.external_encoding, io.internal_encoding, io.set_encoding("utf-8"), io.binmode, io.binmode?]
      [io.sync, io.pos, io.tell]
      [io.tty?, io.isatty, io.inspect, io.closed?, io.close, io.close_write, io.reply]
    end
    Oarlock::Bar.open("title", StringIO.new) { |bar| store.get("a", progress: bar) }
    [store.delete("a"), store.close, store.closed?]
    puts "done"
  RUBY

  def test_the_library_keeps_them
    output, success = checked("-e", TOUR, @store.url)
    assert success, output
    assert_equal "done", output.lines.last&.chomp, output
  end

  def test_a_wrong_type_is_noticed
    @store.put("a", "x")
    output, success = checked("-e", "Oarlock.open(ARGV[0]).open('a').seek(0.0)", @store.url)
    refute success
    assert_match(/\[Oarlock::Reader#seek\] ArgumentTypeError/, output)
  end

  # Each public method of a class that a program meets is declared.
  def test_nothing_is_left_out
    command = [RbConfig.ruby, "-I#{LIB}", "-I#{RBS}/lib", "-e", <<~'RUBY', *CHECKED]
      require "oarlock"
      require "rbs"
      loader = RBS::EnvironmentLoader.new
      YAML.load_file("bindings-ruby/sig/manifest.yaml")["dependencies"].each do |one|
        loader.add(library: one["name"], version: nil)
      end
      loader.add(path: Pathname("bindings-ruby/sig"))
      environment = RBS::Environment.from_loader(loader).resolve_type_names
      builder = RBS::DefinitionBuilder.new(env: environment)
      ARGV.each do |name|
        declared = builder.build_instance(RBS::TypeName.new(name: name[/\w+\z/].to_sym,
                                                            namespace: RBS::Namespace.parse("::Oarlock")))
        private_names = %i[within start url_of marshal_dump pretty_print]
        (Object.const_get(name).public_instance_methods(false) - private_names).each do |method|
          puts "#{name}##{method}" unless declared.methods.key?(method)
        end
      end
    RUBY
    output = IO.popen(command, err: %i[child out], chdir: ROOT, &:read)
    assert_equal "", output
  end
end
