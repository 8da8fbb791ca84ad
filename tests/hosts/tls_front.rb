# frozen_string_literal: true

# A server that ends TLS in front of another one, with a certificate of its own.
require "openssl"
require "socket"

class TlsFront
  attr_reader :endpoint

  # @param behind [String] the http:// endpoint of the other server
  # @param certificate [String] the path to write the certificate to
  def initialize(behind, certificate)
    @behind = URI(behind)
    key = OpenSSL::PKey::RSA.new(2048)
    context = OpenSSL::SSL::SSLContext.new
    context.add_certificate(own = sign(key), key)
    File.write(certificate, own.to_pem)
    server = TCPServer.new("127.0.0.1", 0)
    @endpoint = "https://127.0.0.1:#{server.addr[1]}"
    Thread.new { loop { Thread.new(server.accept) { |socket| serve(socket, context) } } }
  end

  private

  def sign(key)
    OpenSSL::X509::Certificate.new.tap do |made|
      made.version = 2
      made.serial = 1
      made.subject = made.issuer = OpenSSL::X509::Name.parse("/CN=127.0.0.1")
      made.not_before, made.not_after = Time.now - 3600, Time.now + 3600
      made.public_key = key.public_key
      extensions = OpenSSL::X509::ExtensionFactory.new(made, made)
      made.add_extension(extensions.create_extension("subjectAltName", "IP:127.0.0.1"))
      made.sign(key, "SHA256")
    end
  end

  def serve(socket, context)
    client = OpenSSL::SSL::SSLSocket.new(socket, context)
    client.sync_close = true
    client.accept
    server = TCPSocket.new(@behind.host, @behind.port)
    answers = Thread.new { IO.copy_stream(server, client) && client.close }
    IO.copy_stream(client, server)
    server.close_write
    answers.join
  rescue SystemCallError, IOError, OpenSSL::SSL::SSLError
    nil # The client has gone, or does not trust the certificate.
  end
end
