# frozen_string_literal: true

# Builds the gems that the tests of the hosts of Ruby publish and install.
require "fileutils"
require "tmpdir"
require "rubygems/package"
require "rubygems/user_interaction"

# Builds a gem whose code prints its name and version, and returns its path in the directory.
#
# @param code [String] lines before that code
# @yield [Gem::Specification] to change it
def build_gem(directory, name, version, needs: {}, code: "")
  Dir.mktmpdir do |source|
    FileUtils.mkdir_p("#{source}/lib")
    File.write("#{source}/lib/#{name}.rb", "#{code}puts #{"#{name} #{version}".inspect}\n")
    spec = Gem::Specification.new(name, version) do |s|
      s.summary = "A gem of the tests"
      s.authors = ["oarlock"]
      s.license = "MIT"
      s.homepage = "https://example.com"
      s.files = ["lib/#{name}.rb"]
      needs.each { |need, requirement| s.add_dependency(need, *requirement) }
      yield s if block_given?
    end
    Dir.chdir(source) do
      Gem::DefaultUserInteraction.use_ui(Gem::SilentUI.new) { Gem::Package.build(spec, true) }
    end
    FileUtils.mkdir_p(directory)
    FileUtils.mv("#{source}/#{spec.file_name}", directory)
    "#{directory}/#{spec.file_name}"
  end
end
