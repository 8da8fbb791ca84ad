# Debian's aws-sdk-s3, EncryptionV2: puts or gets an object for each line of its standard input, and
# answers a line for each. A line: do, version, kind, instruction, object, file, key, separated by tabs; the
# answer is `ok`, or what went wrong.
require "aws-sdk-s3"
require "aws-sdk-kms"
require "openssl"

SHARED = {
  region: "us-east-1", endpoint: ENV.fetch("INTEROP_ENDPOINT"),
  access_key_id: ENV.fetch("INTEROP_ID"), secret_access_key: ENV.fetch("INTEROP_SECRET")
}

def serve(action, _version, kind, instruction, object, file, key)
  key =
    case kind
    when "kms" then {kms_key_id: key, key_wrap_schema: :kms_context,
                     kms_client: Aws::KMS::Client.new(**SHARED)}
    when "aes" then {encryption_key: [key].pack("H*"), key_wrap_schema: :aes_gcm}
    when "rsa" then {encryption_key: OpenSSL::PKey::RSA.new(File.read(key)), key_wrap_schema: :rsa_oaep_sha1}
    end
  client = Aws::S3::EncryptionV2::Client.new(
    client: Aws::S3::Client.new(**SHARED, force_path_style: true),
    content_encryption_schema: :aes_gcm_no_padding,
    security_profile: :v2,
    envelope_location: instruction == "true" ? :instruction_file : :metadata,
    **key
  )
  object = {bucket: "interop", key: object}
  context = kind == "kms" ? {kms_encryption_context: {"team" => "oarlock"}} : {}
  if action == "put"
    File.open(file, "rb") { |body| client.put_object(**object, body: body, **context) }
  else
    # This release reads with any key, or does not read at all.
    any = kind == "kms" ? {kms_allow_decrypt_with_any_cmk: true} : {}
    File.binwrite(file, client.get_object(**object, **context, **any).body.read)
  end
end

$stdout.sync = true
$stdin.each_line(chomp: true) do |line|
  serve(*line.split("\t"))
  puts "ok"
rescue => error
  puts "#{error.class}: #{error.message.tr("\n", " ")}"
end
