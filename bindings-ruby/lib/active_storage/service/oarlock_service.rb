# frozen_string_literal: true

# Active Storage keeps its files in a store. In config/storage.yml, with any setting of Oarlock.open:
#
#   amazon:
#     service: Oarlock
#     url: s3://bucket/prefix
#     region: eu-central-1
#     public: false
#
# Invariant: a file whose bytes do not match its checksum is never stored, whatever its size. Uses the public
# API only.
require "active_storage/service"
require "digest"
require "oarlock"

# Rails' Active Storage.
module ActiveStorage
  # An Active Storage service on a store of oarlock.
  class Service::OarlockService < Service
    # @return [Oarlock::Store]
    attr_reader :store

    # @param url [String] `s3://bucket/prefix` or `file:///directory`
    # @param public [Boolean] whether URLs are plain, and files are stored for everyone to read
    # @param upload [Hash] options of {Oarlock::Store#put} for every file, such as `cache_control`
    # @param settings those of {Oarlock.open}
    def initialize(url:, public: false, upload: {}, **settings)
      @store = Oarlock.open(url, **settings)
      @public = public
      access = public && url.start_with?("s3:") ? {acl: "public-read"} : {}
      @upload = {**access, **upload.transform_keys(&:to_sym)}
      @place = [url, settings]
    end

    # Stores a file.
    def upload(key, io, checksum: nil, content_type: nil, disposition: nil, filename: nil,
               custom_metadata: {}, **)
      instrument :upload, key: key, checksum: checksum do
        put(key, Checked.new(io, checksum), content_type, disposition, filename, custom_metadata)
      end
    end

    # The bytes of a file, or its pieces to a block.
    def download(key, &block)
      instrument block ? :streaming_download : :download, key: key do
        found { block ? store.get(key, &block) && nil : store.get(key).to_s }
      end
    end

    # Some bytes of a file.
    def download_chunk(key, range)
      instrument :download_chunk, key: key, range: range do
        found { store.get(key, range: range, whole: true).to_s }
      end
    end

    # Deletes a file, if it is there.
    def delete(key)
      instrument(:delete, key: key) { store.delete(key) }
    end

    # Deletes all files whose keys start alike.
    def delete_prefixed(prefix)
      instrument :delete_prefixed, prefix: prefix do
        store.list(prefix).each_slice(1000) do |entries|
          failed = store.delete_many(entries.map(&:key)).find(&:error)
          raise Oarlock::ServiceError.new(failed.message, key: failed.key) if failed
        end
      end
    end

    # Whether there is a file.
    def exist?(key)
      instrument :exist, key: key do |payload|
        payload[:exist] = store.exists?(key)
      end
    end

    # Joins files to a new one.
    def compose(source_keys, destination_key, content_type: nil, disposition: nil, filename: nil,
                custom_metadata: {})
      chunks = Enumerator.new do |out|
        source_keys.each { |key| found { store.get(key) { |chunk| out << chunk } } }
      end
      put(destination_key, chunks, content_type, disposition, filename, custom_metadata)
    end

    # A URL by which a browser stores a file of these bytes.
    def url_for_direct_upload(key, expires_in:, content_type:, content_length:, checksum:,
                              custom_metadata: {})
      # S3 refuses headers of metadata that are not part of the signature.
      raise ArgumentError, "a direct upload carries no custom metadata" if custom_metadata.present?

      instrument :url, key: key do |payload|
        payload[:url] = store.presign(
          key, method: "put", expires_in: expires_in.to_i, content_type: content_type,
               content_length: content_length, content_md5: checksum
        )
      end
    end

    # The headers that the browser must send.
    def headers_for_direct_upload(key, content_type:, checksum:, filename: nil, disposition: nil, **)
      named = filename && content_disposition_with(type: disposition, filename: filename)
      {"Content-Type" => content_type, "Content-MD5" => checksum, "Content-Disposition" => named}.compact
    end

    # A source that raises before its end if its bytes do not match their checksum. Nothing is stored then.
    class Checked
      # @param io [#read]
      # @param checksum [String, nil] the MD5 as base64 text
      def initialize(io, checksum)
        @io = io
        @checksum = checksum
        @digest = Digest::MD5.new
      end

      # As IO#read.
      def read(size)
        chunk = @io.read(size)
        if chunk.nil? || chunk.empty?
          raise IntegrityError if @checksum && @digest.base64digest != @checksum
        else
          @digest << chunk
        end
        chunk
      end
    end
    private_constant :Checked

    private

    def put(key, source, content_type, disposition, filename, metadata)
      named = disposition && filename && content_disposition_with(type: disposition, filename: filename)
      store.put(key, source, **{content_type: content_type, content_disposition: named,
                                metadata: metadata.presence}.compact, **@upload)
    end

    def private_url(key, expires_in:, filename:, disposition:, content_type:, **)
      named = content_disposition_with(type: disposition, filename: filename)
      store.presign(key, expires_in: expires_in.to_i, response_content_type: content_type,
                         response_content_disposition: named)
    end

    # Without credentials a URL has no signature and no end.
    def public_url(key, **)
      url, settings = @place
      keys = %i[access_key_id secret_access_key session_token provider profile credentials]
      @plain ||= Oarlock.open(url, **settings.except(*keys), anonymous: true)
      @plain.presign(key)
    end

    def found
      yield
    rescue Oarlock::NotFoundError
      raise FileNotFoundError
    end
  end
end
