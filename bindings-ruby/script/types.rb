# frozen_string_literal: true

# The types of the core's tables, in Ruby's words.

# The RBS of a table's type.
module Rbs
  PLAIN = {
    "nothing" => "nil", "bool" => "bool", "int" => "Integer", "str" => "String", "bytes" => "String",
    "time" => "Time", "seconds" => "Numeric", "range" => "Range[Integer?] | String",
    "map" => "Hash[String, String]", "list of str" => "Array[String]",
    "list of ranges" => "Enumerable[Range[Integer?] | String]", "list of bytes" => "Array[String]",
    "list of keys" => "Enumerable[String | Hash[Symbol, String] | Entry]",
    "callback" => "_Callback", "str or callback" => "String | _Callback",
    "list of objects" => "Enumerable[String | Hash[Symbol, untyped]]",
    "directory" => "String | Pathname",
    "source" => "String | Pathname | _Readable | _Chunks", "sink" => "Pathname | _Writable"
  }.freeze

  module_function

  def type(name)
    PLAIN[name] || (name.start_with?("list of ") ? "Array[#{name.delete_prefix("list of ")}]" : name)
  end

  # Types of arguments: text may be a symbol, too.
  GIVEN = {
    "str" => "String | Symbol", "map" => "Hash[String | Symbol, String | Integer]", "time" => "Time | Date"
  }.freeze

  def given(field) = GIVEN[field[:type]] || type(field[:type])

  def optional(type) = type.include?("|") ? "(#{type})?" : "#{type}?"

  def doc(text, indent) = text.lines.map { |line| "#{indent}# #{line.strip}\n".sub(/ +\n/, "\n") }.join

  def arguments(verb)
    positional, keywords = verb[:params].partition { |param| param[:type] != "sink" }
    positional = positional.map do |param|
      "#{param[:required] ? given(param) : "?#{optional(given(param))}"} #{param[:name]}"
    end
    keywords = [*keywords, *verb[:options]].map { |field| "?#{field[:name]}: #{optional(given(field))}" }
    [*positional, *keywords, "?timeout: Numeric?", *("?progress: _Progress?" if verb[:progress])].join(", ")
  end

  # A verb's overloads: its reply, a listing, or a block that receives the bytes.
  def overloads(verb)
    arguments = arguments(verb)
    if verb[:pages]
      row = verb[:reply].delete_suffix("Page") + (verb[:reply] == "Page" ? "Entry" : "")
      ["(#{arguments}) -> Listing[#{row}]", "(#{arguments}) { (#{row}) -> void } -> self"]
    elsif verb[:params].any? { |param| param[:type] == "sink" }
      without = arguments.sub(/\?into: [^,]+, /, "")
      [
        "(#{without}) -> Body",
        "(#{without}, into: #{type("sink")}) -> #{verb[:reply]}",
        "(#{without}) { (String) -> void } -> #{verb[:reply]}"
      ]
    else
      ["(#{arguments}) -> #{type(verb[:reply])}"]
    end
  end
end
