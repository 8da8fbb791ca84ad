# frozen_string_literal: true

# An example of each verb. Written by docs/generate.py from the core's tables; do not edit.
#
# Reads lines of `VERB URL` and prints, for each, `ok` or the kind of the error.
require "oarlock"

EXAMPLES = {
  "get" => lambda do |store|
    # --8<-- [start:get]
    reply = store.get("greeting")
    # --8<-- [end:get]
    reply
  end,
  "fetch_through" => lambda do |store|
    # --8<-- [start:fetch_through]
    reply = store.fetch_through("greeting", "https://example.com/greeting")
    # --8<-- [end:fetch_through]
    reply
  end,
  "head_through" => lambda do |store|
    # --8<-- [start:head_through]
    reply = store.head_through("greeting", "https://example.com/greeting")
    # --8<-- [end:head_through]
    reply
  end,
  "get_ranges" => lambda do |store|
    # --8<-- [start:get_ranges]
    reply = store.get_ranges("greeting", ["0-1", "3-4"])
    # --8<-- [end:get_ranges]
    reply
  end,
  "put" => lambda do |store|
    # --8<-- [start:put]
    reply = store.put("greeting", "hello")
    # --8<-- [end:put]
    reply
  end,
  "put_by_content" => lambda do |store|
    # --8<-- [start:put_by_content]
    reply = store.put_by_content("hello")
    # --8<-- [end:put_by_content]
    reply
  end,
  "head" => lambda do |store|
    # --8<-- [start:head]
    reply = store.head("greeting")
    # --8<-- [end:head]
    reply
  end,
  "exists" => lambda do |store|
    # --8<-- [start:exists]
    reply = store.exists("greeting")
    # --8<-- [end:exists]
    reply
  end,
  "delete" => lambda do |store|
    # --8<-- [start:delete]
    reply = store.delete("greeting")
    # --8<-- [end:delete]
    reply
  end,
  "delete_many" => lambda do |store|
    # --8<-- [start:delete_many]
    reply = store.delete_many(["reports/2025.csv", "reports/2026.csv"])
    # --8<-- [end:delete_many]
    reply
  end,
  "get_many" => lambda do |store|
    # --8<-- [start:get_many]
    reply = store.get_many(["reports/2025.csv", "reports/2026.csv"])
    # --8<-- [end:get_many]
    reply
  end,
  "put_many" => lambda do |store|
    # --8<-- [start:put_many]
    reply = store.put_many([{key: "a.csv", body: "1,2"}, {key: "b.csv", body: "3,4"}])
    # --8<-- [end:put_many]
    reply
  end,
  "head_many" => lambda do |store|
    # --8<-- [start:head_many]
    reply = store.head_many(["reports/2025.csv", "reports/2026.csv"])
    # --8<-- [end:head_many]
    reply
  end,
  "sync_up" => lambda do |store|
    # --8<-- [start:sync_up]
    reply = store.sync_up("site", "site/")
    # --8<-- [end:sync_up]
    reply
  end,
  "sync_down" => lambda do |store|
    # --8<-- [start:sync_down]
    reply = store.sync_down("site", "site/")
    # --8<-- [end:sync_down]
    reply
  end,
  "copy" => lambda do |store|
    # --8<-- [start:copy]
    reply = store.copy("greeting", "greeting-2")
    # --8<-- [end:copy]
    reply
  end,
  "move" => lambda do |store|
    # --8<-- [start:move]
    reply = store.move("greeting", "greeting-2")
    # --8<-- [end:move]
    reply
  end,
  "rekey" => lambda do |store|
    # --8<-- [start:rekey]
    reply = store.rekey("greeting")
    # --8<-- [end:rekey]
    reply
  end,
  "rekey_all" => lambda do |store|
    # --8<-- [start:rekey_all]
    reply = store.rekey_all("reports/")
    # --8<-- [end:rekey_all]
    reply
  end,
  "find_unencrypted" => lambda do |store|
    # --8<-- [start:find_unencrypted]
    reply = store.find_unencrypted("reports/")
    # --8<-- [end:find_unencrypted]
    reply
  end,
  "encrypt_all" => lambda do |store|
    # --8<-- [start:encrypt_all]
    reply = store.encrypt_all("reports/")
    # --8<-- [end:encrypt_all]
    reply
  end,
  "list" => lambda do |store|
    # --8<-- [start:list]
    store.list("reports/") { |entry| puts entry.key }
    # --8<-- [end:list]
  end,
  "list_versions" => lambda do |store|
    # --8<-- [start:list_versions]
    store.list_versions("reports/") { |entry| puts entry.key }
    # --8<-- [end:list_versions]
  end,
  "usage" => lambda do |store|
    # --8<-- [start:usage]
    reply = store.usage("reports/")
    # --8<-- [end:usage]
    reply
  end,
  "verify" => lambda do |store|
    # --8<-- [start:verify]
    reply = store.verify("reports/")
    # --8<-- [end:verify]
    reply
  end,
  "presign" => lambda do |store|
    # --8<-- [start:presign]
    reply = store.presign("greeting", expires_in: 600)
    # --8<-- [end:presign]
    reply
  end,
  "get_acl" => lambda do |store|
    # --8<-- [start:get_acl]
    reply = store.get_acl("greeting")
    # --8<-- [end:get_acl]
    reply
  end,
  "set_acl" => lambda do |store|
    # --8<-- [start:set_acl]
    store.set_acl("greeting", acl: "private")
    # --8<-- [end:set_acl]
  end,
  "get_tags" => lambda do |store|
    # --8<-- [start:get_tags]
    reply = store.get_tags("greeting")
    # --8<-- [end:get_tags]
    reply
  end,
  "set_tags" => lambda do |store|
    # --8<-- [start:set_tags]
    store.set_tags("greeting", {"team" => "data"})
    # --8<-- [end:set_tags]
  end,
  "delete_tags" => lambda do |store|
    # --8<-- [start:delete_tags]
    store.delete_tags("greeting")
    # --8<-- [end:delete_tags]
  end,
  "bucket_region" => lambda do |store|
    # --8<-- [start:bucket_region]
    reply = store.bucket_region
    # --8<-- [end:bucket_region]
    reply
  end,
  "credentials" => lambda do |store|
    # --8<-- [start:credentials]
    reply = store.credentials
    # --8<-- [end:credentials]
    reply
  end,
  "explain" => lambda do |store|
    # --8<-- [start:explain]
    reply = store.explain(check: true)
    # --8<-- [end:explain]
    reply
  end,
  "stats" => lambda do |store|
    # --8<-- [start:stats]
    reply = store.stats
    # --8<-- [end:stats]
    reply
  end,
  "list_buckets" => lambda do |store|
    # --8<-- [start:list_buckets]
    reply = store.list_buckets
    # --8<-- [end:list_buckets]
    reply
  end,
  "create_bucket" => lambda do |store|
    # --8<-- [start:create_bucket]
    store.create_bucket
    # --8<-- [end:create_bucket]
  end,
  "delete_bucket" => lambda do |store|
    # --8<-- [start:delete_bucket]
    store.delete_bucket
    # --8<-- [end:delete_bucket]
  end,
  "get_versioning" => lambda do |store|
    # --8<-- [start:get_versioning]
    reply = store.get_versioning
    # --8<-- [end:get_versioning]
    reply
  end,
  "set_versioning" => lambda do |store|
    # --8<-- [start:set_versioning]
    store.set_versioning("Enabled")
    # --8<-- [end:set_versioning]
  end,
  "set_bucket_acl" => lambda do |store|
    # --8<-- [start:set_bucket_acl]
    store.set_bucket_acl("private")
    # --8<-- [end:set_bucket_acl]
  end,
  "list_uploads" => lambda do |store|
    # --8<-- [start:list_uploads]
    store.list_uploads("reports/") { |entry| puts entry.key }
    # --8<-- [end:list_uploads]
  end,
  "abort_upload" => lambda do |store|
    # --8<-- [start:abort_upload]
    store.abort_upload("greeting", "upload-7")
    # --8<-- [end:abort_upload]
  end,
  "abort_uploads" => lambda do |store|
    # --8<-- [start:abort_uploads]
    reply = store.abort_uploads("reports/")
    # --8<-- [end:abort_uploads]
    reply
  end
}.freeze

$stdin.each_line do |line|
  verb, url = line.split
  begin
    Oarlock.open(url) { |store| EXAMPLES.fetch(verb).call(store) }
    puts "= ok"
  rescue Oarlock::Error => error
    puts "= #{error.kind}"
  end
  $stdout.flush
end
