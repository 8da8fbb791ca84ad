# frozen_string_literal: true

# A package server's storage classes: names, and the stores that they are kept in.
#
# Law: knows no class and no field; what there is, the file says.
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
    # @param settings [Hash] settings for all classes that are kept in S3; they win over what the file says,
    # but a key to encrypt with that
    #   the file names stays in force
    # @param overrides [Hash{String, Symbol => Hash}] settings for single classes, which win over both
    # @example
    #   Oarlock::StorageClasses.new(path, overrides: {packages: {encryption_legacy_wrapping: true,
    #   encryption_legacy_content: true}})
    # @raise [ConfigError] with the line, for what the file's format or its sections about storage refuse
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
    # @raise [ConfigError] if there is no such class, or the file does not say enough about it
    def [](name) = Store.new(@native.store(name.to_s), @functions)

    # What the file says of a class, for the server itself.
    #
    # @return [StorageClass]
    def about(name) = @native.about(name.to_s)

    # Tries the classes that are kept in S3 as a package server does when it starts, those with
    # `SkipValidation` left out.
    #
    # @return [Hash{String => Array<Explained>}] what {Store}'s `explain` tells with `check: true`, by class;
    # a row with an `error` keeps the
    #   class from working
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

    # How many classes there are.
    def size = keys.size

    # @return [String]
    def inspect = "#<#{self.class} #{keys.join(" ")}>"
  end
end
