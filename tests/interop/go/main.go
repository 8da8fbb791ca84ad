// The official Go client: puts or gets an object as each line of its standard input says, and answers a line for each.
// A line: do, version, kind, instruction, object, file, key, separated by tabs; the answer is `ok`, or what went wrong.
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/amazon-s3-encryption-client-go/v3/client"
	"github.com/aws/amazon-s3-encryption-client-go/v3/materials"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func serve(asked []string) error {
	do, object, file, key := asked[0], asked[4], asked[5], asked[6]
	keys := credentials.NewStaticCredentialsProvider(os.Getenv("INTEROP_ID"), os.Getenv("INTEROP_SECRET"), "")
	resolver := aws.EndpointResolverWithOptionsFunc(func(service, region string, options ...interface{}) (aws.Endpoint, error) {
		return aws.Endpoint{URL: os.Getenv("INTEROP_ENDPOINT"), HostnameImmutable: true, SigningName: strings.ToLower(service), SigningRegion: region}, nil
	})
	shared := aws.Config{Region: "us-east-1", Credentials: keys, EndpointResolverWithOptions: resolver}
	manager, err := materials.NewCryptographicMaterialsManager(materials.NewKmsKeyring(kms.NewFromConfig(shared), key))
	if err != nil {
		return err
	}
	official, err := client.New(s3.NewFromConfig(shared, func(options *s3.Options) { options.UsePathStyle = true }), manager)
	if err != nil {
		return err
	}
	ctx := context.WithValue(context.Background(), client.EncryptionContext, map[string]string{"team": "oarlock"})
	bucket := "interop"
	if do == "put" {
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		_, err = official.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &object, Body: bytes.NewReader(body)})
		return err
	}
	answer, err := official.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &object})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o600)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := serve(strings.Split(lines.Text(), "\t")); err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("ok")
		}
	}
}
