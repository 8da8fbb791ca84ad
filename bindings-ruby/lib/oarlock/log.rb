# frozen_string_literal: true

# The core's events, such as retries and redirects, logged by the thread that waits for the call.
module Oarlock
  class << self
    # The Logger of this Ractor's calls, or nil.
    #
    # @return [Logger, nil]
    def logger = Ractor.current[:oarlock_logger]

    # Sets the Logger. From then on the core creates messages of the Logger's present level and above, in the
    # whole process.
    #
    # @param logger [Logger, nil]
    def logger=(logger)
      Ractor.current[:oarlock_logger] = logger
      Native.log_level = (logger ? logger.level + 1 : 3) * 10
    end

    # @private
    def log(level, message) = logger&.add(level / 10 - 1, message, "oarlock")
  end
end
