# frozen_string_literal: true

# What the tests of publishing gems stand on: gems to publish, commands with a home of their own, and buckets.
# The environment names the server: OARLOCK_ENDPOINT, OARLOCK_ACCESS_KEY_ID, OARLOCK_SECRET_ACCESS_KEY, and
# OARLOCK_FAKE=1 if it is fake-s3, which then injects faults and counts requests.
require "open3"
require "yaml"
require_relative "gems"
require_relative "proofs"
require_relative "publishers"

ROOT = File.expand_path("../..", __dir__)
$LOAD_PATH.unshift("#{ROOT}/bindings-ruby/lib")
require "oarlock/gem_source"

VARIABLES = %w[ENDPOINT ACCESS_KEY_ID SECRET_ACCESS_KEY].freeze
ENDPOINT, ID, SECRET = VARIABLES.map { |name| ENV.fetch("OARLOCK_#{name}") }
FAKE = ENV["OARLOCK_FAKE"] == "1"
BUCKETS = %w[publish-a publish-b publish-c publish-d publish-e publish-f].freeze
include Oarlock::GemSource # rubocop:disable Style/MixinUsage

# A directory with a home, a .gemrc, and gems to publish.
class Workshop
  attr_reader :directory

  def initialize(directory)
    @directory = directory
    FileUtils.mkdir_p("#{directory}/home")
    entry = {"id" => ID, "secret" => SECRET, "endpoint" => ENDPOINT, "path_style" => true}
    buckets = BUCKETS.to_h { |bucket| [bucket, entry.dup] }
    File.write(gemrc, YAML.dump({"s3_source" => buckets}))
    Gem.configuration = Gem::ConfigFile.new(["--config-file", gemrc])
    BUCKETS.each { |bucket| create(bucket) }
  end

  def gemrc = "#{directory}/home/.gemrc"

  # Builds a gem and returns its path. The content makes two builds of one version differ.
  def build(name, version, platform: nil, needs: {}, metadata: {}, content: "")
    build_gem("#{directory}/pkg#{content}", name, version, needs: needs, code: "# #{content}\n") do |spec|
      spec.metadata = metadata
      spec.platform = platform if platform
    end
  end

  # Installs oarlock as `gem install` lays it out, and returns the GEM_HOME.
  def install
    home = "#{directory}/installed"
    %w[gems specifications plugins].each { |folder| FileUtils.mkdir_p("#{home}/#{folder}") }
    File.symlink("#{ROOT}/bindings-ruby", "#{home}/gems/oarlock-#{Oarlock::VERSION}")
    spec = Gem::Specification.new("oarlock", Oarlock::VERSION) do |s|
      s.summary = "oarlock"
      s.authors = ["oarlock"]
      s.require_paths = ["lib"]
    end
    File.write("#{home}/specifications/#{spec.full_name}.gemspec", spec.to_ruby)
    File.write("#{home}/plugins/oarlock_plugin.rb",
               "require_relative '../gems/#{spec.full_name}/lib/rubygems_plugin.rb'\n")
    home
  end

  # The output of a command; its status must be as expected. A stock one has no oarlock.
  def run(*command, ok: true, stock: false, home: "home", chdir: nil, env: {})
    FileUtils.mkdir_p(place = "#{directory}/#{home}")
    environment = {
      "HOME" => place, "GEM_HOME" => "#{place}/gems", "GEM_PATH" => "#{place}/gems", "GEMRC" => gemrc,
      "BUNDLE_USER_HOME" => "#{place}/.bundle", "BUNDLE_GEMFILE" => nil, "RUBYOPT" => nil,
      "RUBYLIB" => stock ? nil : "#{ROOT}/bindings-ruby/lib", "AWS_EC2_METADATA_DISABLED" => "true",
      "AWS_ACCESS_KEY_ID" => nil, "AWS_SECRET_ACCESS_KEY" => nil, "AWS_SESSION_TOKEN" => nil,
      "AWS_PROFILE" => nil, **env
    }
    out, status = Open3.capture2e(environment, *command, chdir: chdir || place)
    return out if status.success? == ok

    raise "`#{command.join(" ")}` #{ok ? "failed" : "succeeded"}:\n#{out}"
  end

  def gem(*arguments, **options) = run("gem", *arguments, **options)

  private

  def create(bucket)
    settings = {endpoint: ENDPOINT, access_key_id: ID, secret_access_key: SECRET, region: "us-east-1"}
    Oarlock.open("s3://#{bucket}", **settings).create_bucket
  rescue Oarlock::AlreadyExistsError
    nil
  end
end

def refused(pattern)
  yield
rescue Refused => error
  expect(error.message, pattern)
else
  raise "not refused: #{pattern.inspect}"
end

# Names and numbers that a source lists.
def listed(source)
  source.snapshot.versions.rows.flat_map { |name, row| row.listed.map { |number| "#{name}-#{number}" } }.sort
end
