# frozen_string_literal: true

# Runs all tests of the Ruby binding: `ruby -Ibindings-ruby/lib tests/ruby/all.rb`.
Dir[File.join(__dir__, "test_*.rb")].sort.each { |file| require file }
