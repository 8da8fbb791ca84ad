# frozen_string_literal: true

# Where the core's events go: retries, redirects and the like, told by the thread that waits for the call.
module Oarlock
  class << self
    # The Logger that this Ractor's calls tell, or nil.
    #
    # @return [Logger, nil]
    def logger = Ractor.current[:oarlock_logger]

    # Sets it; its level when it is set is the least that the core makes messages of, in the whole process.
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
