# frozen_string_literal: true

# The exceptions: one class for each of the core's error kinds, named after it.
#
# Invariant: every kind has a class here; if one is missing, the library does not load. Messages come from the
# core and hold no secret.
module Oarlock
  # The base class of the library's exceptions.
  class Error < StandardError
    # The verb that failed, for example "get".
    attr_reader :verb
    # The bucket, or the directory of a `file://` store.
    attr_reader :bucket
    # The key, without the store's prefix.
    attr_reader :key
    # The HTTP status, if a server responded.
    attr_reader :status
    # S3's own error code, for example "NoSuchKey".
    attr_reader :code
    # The server's request id, for its operator's logs.
    attr_reader :request_id
    # The sentence alone; {#message} adds where the call failed.
    attr_reader :sentence

    def initialize(sentence = nil, verb: nil, bucket: nil, key: nil, status: nil, code: nil, request_id: nil,
                   retryable: false)
      @sentence = sentence || "the call failed"
      @verb = verb
      @bucket = bucket
      @key = key
      @status = status
      @code = code
      @request_id = request_id
      @retryable = retryable
      facts = {verb: verb, bucket: bucket, key: key&.inspect, code: code, "request id": request_id}.compact
      listed = facts.map { |name, fact| "#{name} #{fact}" }.join(", ")
      super(facts.empty? ? @sentence : "#{@sentence} (#{listed})")
    end

    # Whether the same call may succeed later without a change.
    def retryable? = @retryable

    # The error kind's name in every language, for example "NotFound".
    def kind = self.class.name.delete_prefix("Oarlock::").delete_suffix("Error")
  end

  # An argument or option is wrong; nothing was sent.
  class InvalidInputError < Error; end
  # A setting is unknown, malformed or contradicts another.
  class ConfigError < Error; end
  # No usable credentials were found, or they have expired.
  class CredentialsError < Error; end
  # The server refuses the request: these credentials lack the permission.
  class PermissionDeniedError < Error; end
  # The object, version or upload does not exist.
  class NotFoundError < Error; end
  # The bucket, or the store's directory, does not exist.
  class NoSuchBucketError < Error; end
  # The object, bucket, file or directory to create exists already.
  class AlreadyExistsError < Error; end
  # A condition (if_match, if_none_match, …) did not hold.
  class PreconditionError < Error; end
  # The object has not changed since the caller's copy.
  class NotModifiedError < Error; end
  # The requested range lies outside the object.
  class RangeError < Error; end
  # The server throttles requests, and retries did not help.
  class ThrottledError < Error; end
  # A time limit passed.
  class TimeoutError < Error; end
  # The server could not be reached, or the connection broke.
  class NetworkError < Error; end
  # The server failed or sent an unexpected response.
  class ServiceError < Error; end
  # The bucket lives in another region.
  class WrongRegionError < Error; end
  # The object or the source changed during the transfer.
  class ChangedError < Error; end
  # The bytes do not match their checksum or length.
  class CorruptError < Error; end
  # The object could not be decrypted.
  class DecryptError < Error; end
  # The object's key commitment is missing, wrong or forbidden by the policy.
  class KeyCommitmentError < Error; end
  # The call was cancelled.
  class CancelledError < Error; end
  # The call was started in the parent of this process.
  class ForkedError < Error; end
  # The local file system or a host's stream failed.
  class IoError < Error; end
  # This store, server or build cannot do that.
  class UnsupportedError < Error; end
  # A defect in oarlock itself.
  class InternalError < Error; end
  # The disk, the quota or the server has no room for the bytes.
  class StorageFullError < Error; end

  Native.error_classes.each do |row|
    next if const_defined?(row[:name], false) && const_get(row[:name], false) < Error

    raise LoadError, "oarlock's Ruby files lack the exception #{row[:name]}; they and the extension are of " \
                     "different versions"
  end
end
