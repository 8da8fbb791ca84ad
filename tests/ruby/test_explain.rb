# frozen_string_literal: true

require_relative "support"
require "open3"

# The gem's executable: the table, its exit status, and no secret in it.
class ExplainTest < OarlockTest
  CANARY = "canary-Zq7-of-explain"
  EXECUTABLE = Fake::ROOT.join("exe/oarlock-explain").to_s

  def explain(*arguments, **variables)
    home = {"HOME" => @directory.to_s, "PATH" => ENV.fetch("PATH"), "AWS_EC2_METADATA_DISABLED" => "true"}
    environment = home.merge(variables.transform_keys(&:to_s))
    command = [RbConfig.ruby, "-I#{LIB}", EXECUTABLE, *arguments]
    said, wrong, status = Open3.capture3(environment, *command, unsetenv_others: true)
    refute_includes said + wrong, CANARY
    [status.exitstatus, said, wrong]
  end

  def test_table
    status, said, = explain("s3://AKIDOFTHEURL00001:#{CANARY}@my.bucket/data", "region=eu-west-3")
    assert_equal 0, status
    assert_match(/^provider +static +URL$/, said)
    assert_match(/^region +eu-west-3 +setting$/, said)
    assert_match(%r{^endpoint +https://s3.eu-west-3.amazonaws.com/my.bucket +default$}, said)
  end

  def test_json_and_check
    bucket = Fake.store.url
    keys = Fake::KEYS.map { |name, value| "#{name}=#{value}" }
    status, said, = explain(bucket, "--json", "--check", "endpoint=#{Fake.endpoint}", *keys)
    rows = JSON.parse(said).to_h { |row| [row["what"], row] }
    assert_equal [0, "ok"], [status, rows["check delete"]["value"]]
  end

  def test_exit_status
    status, said, = explain("s3://my-bucket")
    assert_equal 1, status
    assert_match(/^provider +Credentials: no credentials were found/, said)
    status, _, wrong = explain("s3://my-bucket", "reigon=x")
    assert_equal 1, status
    assert_match(/region/, wrong)
    [[], ["--chek", "s3://b"], ["s3://b", CANARY]].each { |mistake| assert_equal 2, explain(*mistake).first }
  end
end
