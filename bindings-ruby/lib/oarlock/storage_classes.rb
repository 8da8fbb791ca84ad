# frozen_string_literal: true

# A package server's storage classes: names, and the stores that they are kept in.
#
# Invariant: names no class and no field; they come from the file.
module Oarlock
  # The storage classes that a package server's `.gcfg` file names, each the {Store} that it is kept in.
  #
  # @example
  #   classes = Oarlock::StorageClasses.new("/etc/rstudio-pm/rstudio-pm.gcfg")
  #   classes["packages"].put("a.tar.gz", Pathname("a.tar.gz"))
  #   classes.each { |name, store| puts "#{name}: #{store.url}" }
  class StorageClasses
    include Enumerable

    # @param path_or_text [String, Pathname] a file, or the text of one: a String with a line break is text
    # @param settings [Hash] settings for all classes in S3; they win over the file's, but an encryption key
    #   that the file names stays in force
    # @param overrides [Hash{String, Symbol => Hash}] settings for single classes, which win over both
    # @example
    #   Oarlock::StorageClasses.new(path, overrides: {packages: {encryption_legacy_wrapping: true,
    #     encryption_legacy_content: true}})
    # @raise [ConfigError] with the line, if the file's format or its sections about storage are invalid
    def initialize(path_or_text, settings: {}, overrides: {})
      @functions = {}
      path_or_text = path_or_text.to_path unless path_or_text.is_a?(String)
      @native = Native::StorageClasses.read(path_or_text, settings, overrides, @functions)
      @functions.freeze
      freeze
    end

    # @return [Array<String>] the classes' names, in order
    def keys = @native.names

    # Whether there is a class of this name, in any case.
    def key?(name) = keys.include?(name.to_s.downcase)
    alias include? key?

    # @param name [String, Symbol] for example `:packages`
    # @return [Store]
    # @raise [ConfigError] if there is no such class, or the file lacks settings for it
    def [](name) = Store.new(@native.store(name.to_s), @functions)

    # The file's entries about a class for the server itself.
    #
    # @return [StorageClass]
    def about(name) = @native.about(name.to_s)

    # Tests the classes in S3 as a package server does when it starts, except those with `SkipValidation`.
    #
    # @return [Hash{String => Array<Explained>}] the reply of {Store}'s `explain` with `check: true`, by
    #   class; if a row has an `error`, the class does not work
    def check
      tried = keys.select { |name| about(name).then { |about| about.kind == "s3" && !about.skip_validation } }
      tried.to_h { |name| [name, self[name].explain(check: true)] }
    end

    # @yield [String, Store] each class
    def each
      return to_enum { keys.size } unless block_given?

      keys.each { |name| yield name, self[name] }
      self
    end

    # The number of classes.
    def size = keys.size

    # @return [String]
    def inspect = "#<#{self.class} #{keys.join(" ")}>"
  end
end
