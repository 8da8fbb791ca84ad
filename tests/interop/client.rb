# Debian's aws-sdk-s3, EncryptionV2: puts or gets one object as the JSON on its standard input says.
require "aws-sdk-s3"
require "aws-sdk-kms"
require "json"
require "openssl"

asked = JSON.parse($stdin.read, symbolize_names: true)
shared = {region: "us-east-1", endpoint: asked[:endpoint], access_key_id: asked[:id], secret_access_key: asked[:secret]}
key =
  case asked[:kind]
  when "kms" then {kms_key_id: asked[:key], key_wrap_schema: :kms_context, kms_client: Aws::KMS::Client.new(**shared)}
  when "aes" then {encryption_key: [asked[:key]].pack("H*"), key_wrap_schema: :aes_gcm}
  when "rsa" then {encryption_key: OpenSSL::PKey::RSA.new(File.read(asked[:key])), key_wrap_schema: :rsa_oaep_sha1}
  end
client = Aws::S3::EncryptionV2::Client.new(
  client: Aws::S3::Client.new(**shared, force_path_style: true),
  content_encryption_schema: :aes_gcm_no_padding,
  security_profile: :v2,
  envelope_location: asked[:instruction] ? :instruction_file : :metadata,
  **key
)
object = {bucket: "interop", key: asked[:object]}
context = asked[:kind] == "kms" ? {kms_encryption_context: asked[:context]} : {}
if asked[:do] == "put"
  File.open(asked[:file], "rb") { |body| client.put_object(**object, body: body, **context) }
else
  # This release reads with any key, or does not read at all.
  any = asked[:kind] == "kms" ? {kms_allow_decrypt_with_any_cmk: true} : {}
  File.binwrite(asked[:file], client.get_object(**object, **context, **any).body.read)
end
