// The official Java client: puts or gets an object as each line of its standard input says, and answers a line for each.
// A line: do, version, kind, instruction, object, file, key, separated by tabs; the answer is `ok`, or what went wrong.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.encryption.s3.CommitmentPolicy;
import software.amazon.encryption.s3.S3EncryptionClient;
import software.amazon.encryption.s3.algorithms.AlgorithmSuite;
import software.amazon.encryption.s3.internal.InstructionFileConfig;
import software.amazon.encryption.s3.materials.KmsKeyring;
import software.amazon.encryption.s3.materials.PartialRsaKeyPair;

public class Client {
    static final URI ENDPOINT = URI.create(System.getenv("INTEROP_ENDPOINT"));
    static final StaticCredentialsProvider KEYS = StaticCredentialsProvider.create(
        AwsBasicCredentials.create(System.getenv("INTEROP_ID"), System.getenv("INTEROP_SECRET")));

    // moto's server answers 100 and the client takes that for the answer: no such question is asked.
    static final ExecutionInterceptor AT_ONCE = new ExecutionInterceptor() {
        @Override
        public SdkHttpRequest modifyHttpRequest(Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
            return context.httpRequest().toBuilder().removeHeader("Expect").build();
        }
    };

    public static void main(String[] arguments) throws Exception {
        S3AsyncClient async = S3AsyncClient.builder().endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(KEYS).forcePathStyle(true)
            .overrideConfiguration(own -> own.addExecutionInterceptor(AT_ONCE)).build();
        KmsClient kms = KmsClient.builder().endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(KEYS).build();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            // A new one each time: the client forgets to close the instruction files that it reads, each of which holds a connection.
            try (S3Client plain = S3Client.builder().endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(KEYS).forcePathStyle(true).build()) {
                serve(plain, async, kms, line.split("\t", -1));
                System.out.println("ok");
            } catch (Exception failure) {
                System.out.println(failure.toString().replace('\n', ' '));
            }
            System.out.flush();
        }
    }

    static void serve(S3Client plain, S3AsyncClient async, KmsClient kms, String[] asked) throws Exception {
        String action = asked[0], version = asked[1], kind = asked[2], object = asked[4], key = asked[6];
        Path file = Path.of(asked[5]);
        InstructionFileConfig beside = InstructionFileConfig.builder().instructionFileClient(plain).enableInstructionFilePutObject(asked[3].equals("true")).build();
        boolean committing = version.equals("V3");
        S3EncryptionClient.Builder builder = S3EncryptionClient.builderV4()
            .wrappedClient(plain)
            .wrappedAsyncClient(async)
            .instructionFileConfig(beside)
            .encryptionAlgorithm(committing ? AlgorithmSuite.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY : AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF)
            .commitmentPolicy(committing ? CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT : CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
        switch (kind) {
            case "kms" -> builder.keyring(KmsKeyring.builder().kmsClient(kms).wrappingKeyId(key).build());
            case "aes" -> builder.aesKey(new SecretKeySpec(HexFormat.of().parseHex(key), "AES"));
            default -> builder.rsaKeyPair(new PartialRsaKeyPair(pair(key)));
        }
        Map<String, String> context = kind.equals("kms") ? Map.of("team", "oarlock") : Map.of();
        S3EncryptionClient client = builder.build();
        if (action.equals("put")) {
            client.putObject(
                request -> request.bucket("interop").key(object).overrideConfiguration(S3EncryptionClient.withAdditionalConfiguration(context)),
                RequestBody.fromFile(file));
        } else {
            Files.write(file, client.getObjectAsBytes(
                request -> request.bucket("interop").key(object).overrideConfiguration(S3EncryptionClient.withAdditionalConfiguration(context))).asByteArray());
        }
    }

    static KeyPair pair(String path) throws Exception {
        String text = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----|\\s", "");
        KeyFactory factory = KeyFactory.getInstance("RSA");
        PrivateKey own = factory.generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
        RSAPrivateCrtKey numbers = (RSAPrivateCrtKey) own;
        return new KeyPair(factory.generatePublic(new RSAPublicKeySpec(numbers.getModulus(), numbers.getPublicExponent())), own);
    }
}
