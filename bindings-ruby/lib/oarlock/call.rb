# frozen_string_literal: true

# A verb in progress, served by the thread that waits for it: chunks go to the host's sink, progress and
# events to its handlers.
#
# Invariant: if the thread leaves early, by `break`, an exception, Timeout or Thread#kill, the call is
# cancelled and gets a moment to abort its upload or remove its file. Exceptions of the host's code propagate
# unchanged. Names no verb.
require "io/wait" # IO#wait_readable, before Ruby 3.2 had it built in

module Oarlock
  # @private
  class Call
    # Seconds to wait for a cancelled call; after that it cleans up in the background.
    CANCEL_SECONDS = 1
    private_constant :CANCEL_SECONDS

    # @param native [Native::Call]
    # @param functions [Hash] the host's functions that the call may call, by their numbers
    # @param about [Hash] verb and key, for the message of a timeout
    def initialize(native, sink: nil, progress: nil, timeout: nil, functions: {}, about: {})
      @native = native
      @sink = sink
      @progress = progress
      @timeout = timeout
      @give_up = timeout && now + timeout
      @about = about
      @functions = functions
      @ended = false
      native.listen if progress
    end

    # Serves the call until it ends; returns its reply.
    def result
      guard do
        until @ended
          advance
          feed_end if @wanted
        end
        take
      end
    end

    # Serves the call until it wants bytes; returns how many, or nil if it has ended.
    def want
      guard { advance until @wanted || @ended }
      @wanted
    end

    # Gives the bytes that {#want} requested.
    def feed(chunk)
      guard { @native.feed(chunk) }
      @wanted = nil
    end

    # Ends the bytes that {#want} requested.
    def feed_end
      @wanted = nil
      @native.feed_end
    end

    # Serves the call until it delivers bytes; returns nil if it has ended.
    def chunk
      @chunk = nil
      guard { advance until @chunk || @ended }
      @chunk
    end

    # Runs host code, and cancels the call if the code does not return normally.
    def guard
      done = false
      value = yield
      done = true
      value
    ensure
      abandon unless done
    end

    # Cancels the call and waits up to a limit for its end.
    def abandon
      return if @ended

      @native.cancel
      limit = now + CANCEL_SECONDS
      until @ended
        step = step_before(limit)
        break unless step

        @ended = step.first == :done
      end
    end

    # @return [String] without bytes
    def inspect = "#<#{[self.class, *@about.values].join(" ")}>"

    private

    # Waits for the next step and handles it.
    def advance
      step = @give_up ? step_before(@give_up) : @native.step
      unless step
        message = "the call did not end within #{@timeout} seconds and was cancelled"
        raise TimeoutError.new(message, retryable: true, **@about)
      end

      kind, one, two = step
      case kind
      when :chunk then @sink ? @sink.call(one) : @chunk = one
      when :want then @wanted = one
      when :ask then ask(one, two)
      when :progress then @progress.call(one, two)
      when :event then Oarlock.log(one, two)
      when :done then @ended = true
      end
    end

    # Runs a function of the host. Its exception is passed to the core, and becomes the cause of the call's
    # error.
    def ask(number, question)
      @native.answer(@functions.fetch(number).call(question))
    rescue StandardError => error
      @cause = error
      @native.answer_error("#{error.class}: #{error.message}")
    end

    def take
      @native.take
    rescue CredentialsError, IoError => error
      raise unless @cause

      raise error, cause: @cause
    end

    # The next step, or nil after the time limit.
    def step_before(limit)
      until (step = @native.try_step)
        left = limit - now
        return if left <= 0

        (@io ||= IO.for_fd(@native.fd, autoclose: false)).wait_readable(left)
      end
      step
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
