# frozen_string_literal: true

# What the tests of the real `gem` and `bundle` stand on: a publisher of gems, and users with a home of their
# own. The server is named by the environment, as for `gem.rb`.
require "digest"
require "open3"
require "pathname"
require "yaml"
require_relative "gems"
require_relative "proofs"

ROOT = File.expand_path("../..", __dir__)
$LOAD_PATH.unshift("#{ROOT}/bindings-ruby/lib") unless ENV["OARLOCK_GEM_HOME"]
Gem.paths = {"GEM_PATH" => ENV["OARLOCK_GEM_HOME"]} if ENV["OARLOCK_GEM_HOME"]
require "oarlock"

VARIABLES = %w[ENDPOINT ACCESS_KEY_ID SECRET_ACCESS_KEY BUCKET].freeze
ENDPOINT, ID, SECRET, BUCKET = VARIABLES.map { |name| ENV.fetch("OARLOCK_#{name}") }

# A directory of gems and its index, put into a bucket so that a reader never sees an entry of the index
# before its gem.
class Publisher
  # Gems first, then what describes one, then what lists all.
  ORDER = %w[gems/*.gem quick/Marshal.4.8/*.gemspec.rz info/* versions *specs.4.8.gz].freeze

  attr_reader :directory

  def initialize(directory)
    @directory = directory
    FileUtils.mkdir_p("#{directory}/gems")
  end

  # Builds a gem into the directory, which is signed with a key and its certificate.
  def build(name, version, needs = {}, signed = nil)
    required = needs.keys.map { |need| "require #{need.inspect}\n" }.join
    build_gem("#{directory}/gems", name, version, needs: needs, code: required) do |spec|
      spec.signing_key, certificate = signed
      spec.cert_chain = [certificate] if certificate
    end
  end

  # Writes the compact index beside the old one: what each gem needs, and a list of all.
  def compact
    FileUtils.mkdir_p("#{@directory}/info")
    specs = Dir["#{@directory}/gems/*.gem"].sort.map do |path|
      [Gem::Package.new(path).spec, Digest::SHA256.file(path).hexdigest]
    end
    rows = specs.group_by { |spec, _| spec.name }.map do |name, versions|
      lines = versions.sort_by { |spec, _| spec.version }.map do |spec, sum|
        needs = spec.runtime_dependencies.map do |need|
          "#{need.name}:#{need.requirement.to_s.gsub(", ", "&")}"
        end
        "#{spec.version} #{needs.join(",")}|checksum:#{sum}"
      end
      File.write("#{@directory}/info/#{name}", "---\n#{lines.join("\n")}\n")
      numbers = versions.map { |spec, _| spec.version }.sort.join(",")
      "#{name} #{numbers} #{Digest::MD5.file("#{@directory}/info/#{name}").hexdigest}"
    end
    File.write("#{@directory}/versions", "created_at: 2026-01-01T00:00:00Z\n---\n#{rows.join("\n")}\n")
  end

  def publish(store)
    out, status = Open3.capture2e("gem", "generate_index", "--directory", @directory)
    raise "gem generate_index failed: #{out}" unless status.success?

    ORDER.each do |pattern|
      Dir.glob(pattern, base: @directory).sort.each do |name|
        store.put(name, Pathname("#{@directory}/#{name}"))
      end
    end
  end
end

# A user with a home of their own, who runs `gem`.
class User
  attr_reader :home

  def initialize(directory, entry)
    @home = directory
    FileUtils.mkdir_p(directory)
    write({"s3_source" => {BUCKET => entry}}) if entry
  end

  def write(gemrc)
    @gemrc = "#{home}/.gemrc"
    File.write(@gemrc, YAML.dump(gemrc))
  end

  # The command's output; its status must be as expected.
  def run(*command, ok: true)
    out, status = Open3.capture2e(environment, *command, chdir: home)
    expected = ok ? status.success? : !status.success?
    raise "`#{command.join(" ")}` #{ok ? "failed" : "succeeded"}:\n#{out}" unless expected
    shown = SECRET.size > 6 && out.match?(/Signature=|#{Regexp.escape(SECRET)}\b/)
    raise "`#{command.join(" ")}` shows a secret:\n#{out}" if shown

    out
  end

  # Runs `gem`.
  def gem(*arguments, ok: true) = run(*gem_command, *arguments, ok: ok)

  # Starts `gem`, and returns its process.
  def start(*arguments) = spawn(environment, *gem_command, *arguments, chdir: home, out: File::NULL)

  # The head of a Gemfile, as documented.
  HEAD = <<~'RUBY'
    begin
      require "oarlock/bundler"
    rescue LoadError
      warn "s3:// sources need oarlock: gem install oarlock" if $0.end_with?("bundle")
    end
  RUBY

  def gemfile(source, *gems, head: HEAD)
    File.write("#{home}/Gemfile",
               [head, "source #{source.inspect}", *gems.map { |gem| "gem #{gem}" }, ""].join("\n"))
  end

  # The system's Bundler, or the one whose directory OARLOCK_BUNDLER names.
  def bundle(*arguments, ok: true, with: {})
    other = ENV["OARLOCK_BUNDLER"]
    command = other ? ["ruby", "-I#{other}/lib", "#{other}/exe/bundle"] : ["bundle"]
    run("env", *with.map { |name, value| "#{name}=#{value}" }, *command, *arguments, ok: ok)
  end

  private

  # The system's RubyGems, or the one whose library OARLOCK_RUBYGEMS names.
  def gem_command
    other = ENV["OARLOCK_RUBYGEMS"]
    other ? ["ruby", "--disable-gems", "-I#{other}", "-rrubygems", "/usr/bin/gem"] : ["gem"]
  end

  def environment
    {
      "HOME" => home, "GEM_HOME" => "#{home}/gems",
      "GEM_PATH" => [*ENV["OARLOCK_GEM_HOME"], "#{home}/gems"].join(":"), "GEMRC" => @gemrc,
      "BUNDLE_USER_HOME" => "#{home}/.bundle",
      "BUNDLE_GEMFILE" => nil, "BUNDLE_PATH" => nil, "RUBYOPT" => nil,
      "RUBYLIB" => ENV["OARLOCK_GEM_HOME"] ? nil : "#{ROOT}/bindings-ruby/lib",
      "AWS_EC2_METADATA_DISABLED" => "true",
      "AWS_ACCESS_KEY_ID" => nil, "AWS_SECRET_ACCESS_KEY" => nil, "AWS_SESSION_TOKEN" => nil,
      "AWS_PROFILE" => nil, "AWS_REGION" => nil
    }
  end
end
