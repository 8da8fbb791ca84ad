/* An example of each verb. Written by docs/generate.py from the core's tables; do not edit.
 *
 * Reads lines of `VERB URL` and prints, for each, `ok` or the kind of the error.
 */

#include <oarlock.h>
#include <stdio.h>
#include <string.h>

#define EXAMPLE(verb) \
  static oarlock_status verb##_(const oarlock_store *store, oarlock_value **reply, oarlock_error **error)

EXAMPLE(get) {
  // --8<-- [start:get]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_get(store, "greeting", oarlock_sink_memory(), NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:get]
  return status;
}

EXAMPLE(fetch_through) {
  // --8<-- [start:fetch_through]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_fetch_through(store, "greeting", "https://example.com/greeting", oarlock_sink_memory(), NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:fetch_through]
  return status;
}

EXAMPLE(head_through) {
  // --8<-- [start:head_through]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_head_through(store, "greeting", "https://example.com/greeting", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:head_through]
  return status;
}

EXAMPLE(get_ranges) {
  // --8<-- [start:get_ranges]
  oarlock_options *ranges = oarlock_options_new();
  oarlock_options_set_str(ranges, NULL, "0-1");
  oarlock_options_set_str(ranges, NULL, "3-4");
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_get_ranges(store, "greeting", ranges, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(ranges);
  // --8<-- [end:get_ranges]
  return status;
}

EXAMPLE(put) {
  // --8<-- [start:put]
  oarlock_source *source = oarlock_source_bytes((const uint8_t *)"hello", 5);
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_put(store, "greeting", source, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:put]
  return status;
}

EXAMPLE(put_by_content) {
  // --8<-- [start:put_by_content]
  oarlock_source *source = oarlock_source_bytes((const uint8_t *)"hello", 5);
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_put_by_content(store, source, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:put_by_content]
  return status;
}

EXAMPLE(head) {
  // --8<-- [start:head]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_head(store, "greeting", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:head]
  return status;
}

EXAMPLE(exists) {
  // --8<-- [start:exists]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_exists(store, "greeting", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:exists]
  return status;
}

EXAMPLE(delete) {
  // --8<-- [start:delete]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_delete(store, "greeting", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:delete]
  return status;
}

EXAMPLE(delete_many) {
  // --8<-- [start:delete_many]
  oarlock_options *keys = oarlock_options_new();
  oarlock_options_set_str(keys, NULL, "reports/2025.csv");
  oarlock_options_set_str(keys, NULL, "reports/2026.csv");
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_delete_many(store, keys, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(keys);
  // --8<-- [end:delete_many]
  return status;
}

EXAMPLE(get_many) {
  // --8<-- [start:get_many]
  oarlock_options *items = oarlock_options_new();
  oarlock_options_set_str(items, NULL, "reports/2025.csv");
  oarlock_options_set_str(items, NULL, "reports/2026.csv");
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_get_many(store, items, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(items);
  // --8<-- [end:get_many]
  return status;
}

EXAMPLE(put_many) {
  // --8<-- [start:put_many]
  oarlock_options *items = oarlock_options_new();
  oarlock_options *item_1 = oarlock_options_new();
  oarlock_options_set_str(item_1, "key", "a.csv");
  oarlock_options_set_str(item_1, "body", "1,2");
  oarlock_options_set_map(items, NULL, item_1);
  oarlock_options_free(item_1);
  oarlock_options *item_2 = oarlock_options_new();
  oarlock_options_set_str(item_2, "key", "b.csv");
  oarlock_options_set_str(item_2, "body", "3,4");
  oarlock_options_set_map(items, NULL, item_2);
  oarlock_options_free(item_2);
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_put_many(store, items, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(items);
  // --8<-- [end:put_many]
  return status;
}

EXAMPLE(head_many) {
  // --8<-- [start:head_many]
  oarlock_options *items = oarlock_options_new();
  oarlock_options_set_str(items, NULL, "reports/2025.csv");
  oarlock_options_set_str(items, NULL, "reports/2026.csv");
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_head_many(store, items, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(items);
  // --8<-- [end:head_many]
  return status;
}

EXAMPLE(sync_up) {
  // --8<-- [start:sync_up]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_sync_up(store, "site", "site/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:sync_up]
  return status;
}

EXAMPLE(sync_down) {
  // --8<-- [start:sync_down]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_sync_down(store, "site", "site/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:sync_down]
  return status;
}

EXAMPLE(copy) {
  // --8<-- [start:copy]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_copy(store, "greeting", "greeting-2", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:copy]
  return status;
}

EXAMPLE(move) {
  // --8<-- [start:move]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_move(store, "greeting", "greeting-2", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:move]
  return status;
}

EXAMPLE(rekey) {
  // --8<-- [start:rekey]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_rekey(store, "greeting", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:rekey]
  return status;
}

EXAMPLE(rekey_all) {
  // --8<-- [start:rekey_all]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_rekey_all(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:rekey_all]
  return status;
}

EXAMPLE(find_unencrypted) {
  // --8<-- [start:find_unencrypted]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_find_unencrypted(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:find_unencrypted]
  return status;
}

EXAMPLE(encrypt_all) {
  // --8<-- [start:encrypt_all]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_encrypt_all(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:encrypt_all]
  return status;
}

EXAMPLE(list) {
  // --8<-- [start:list]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_list(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:list]
  return status;
}

EXAMPLE(list_versions) {
  // --8<-- [start:list_versions]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_list_versions(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:list_versions]
  return status;
}

EXAMPLE(usage) {
  // --8<-- [start:usage]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_usage(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:usage]
  return status;
}

EXAMPLE(verify) {
  // --8<-- [start:verify]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_verify(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:verify]
  return status;
}

EXAMPLE(presign) {
  // --8<-- [start:presign]
  oarlock_options *options = oarlock_options_new();
  oarlock_options_set_int(options, "expires_in", 600);
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_presign(store, "greeting", options, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(options);
  // --8<-- [end:presign]
  return status;
}

EXAMPLE(get_acl) {
  // --8<-- [start:get_acl]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_get_acl(store, "greeting", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:get_acl]
  return status;
}

EXAMPLE(set_acl) {
  // --8<-- [start:set_acl]
  oarlock_options *options = oarlock_options_new();
  oarlock_options_set_str(options, "acl", "private");
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_set_acl(store, "greeting", options, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(options);
  // --8<-- [end:set_acl]
  return status;
}

EXAMPLE(get_tags) {
  // --8<-- [start:get_tags]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_get_tags(store, "greeting", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:get_tags]
  return status;
}

EXAMPLE(set_tags) {
  // --8<-- [start:set_tags]
  oarlock_options *tags = oarlock_options_new();
  oarlock_options_set_str(tags, "team", "data");
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_set_tags(store, "greeting", tags, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(tags);
  // --8<-- [end:set_tags]
  return status;
}

EXAMPLE(delete_tags) {
  // --8<-- [start:delete_tags]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_delete_tags(store, "greeting", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:delete_tags]
  return status;
}

EXAMPLE(bucket_region) {
  // --8<-- [start:bucket_region]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_bucket_region(store, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:bucket_region]
  return status;
}

EXAMPLE(credentials) {
  // --8<-- [start:credentials]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_credentials(store, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:credentials]
  return status;
}

EXAMPLE(explain) {
  // --8<-- [start:explain]
  oarlock_options *options = oarlock_options_new();
  oarlock_options_set_bool(options, "check", true);
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_explain(store, options, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  oarlock_options_free(options);
  // --8<-- [end:explain]
  return status;
}

EXAMPLE(stats) {
  // --8<-- [start:stats]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_stats(store, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:stats]
  return status;
}

EXAMPLE(list_buckets) {
  // --8<-- [start:list_buckets]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_list_buckets(store, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:list_buckets]
  return status;
}

EXAMPLE(create_bucket) {
  // --8<-- [start:create_bucket]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_create_bucket(store, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:create_bucket]
  return status;
}

EXAMPLE(delete_bucket) {
  // --8<-- [start:delete_bucket]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_delete_bucket(store, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:delete_bucket]
  return status;
}

EXAMPLE(get_versioning) {
  // --8<-- [start:get_versioning]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_get_versioning(store, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:get_versioning]
  return status;
}

EXAMPLE(set_versioning) {
  // --8<-- [start:set_versioning]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_set_versioning(store, "Enabled", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:set_versioning]
  return status;
}

EXAMPLE(set_bucket_acl) {
  // --8<-- [start:set_bucket_acl]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_set_bucket_acl(store, "private", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:set_bucket_acl]
  return status;
}

EXAMPLE(list_uploads) {
  // --8<-- [start:list_uploads]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_list_uploads(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:list_uploads]
  return status;
}

EXAMPLE(abort_upload) {
  // --8<-- [start:abort_upload]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_abort_upload(store, "greeting", "upload-7", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:abort_upload]
  return status;
}

EXAMPLE(abort_uploads) {
  // --8<-- [start:abort_uploads]
  oarlock_call *call = NULL;
  oarlock_status status = oarlock_abort_uploads(store, "reports/", NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);
  // --8<-- [end:abort_uploads]
  return status;
}

static const struct {
  const char *verb;
  oarlock_status (*run)(const oarlock_store *, oarlock_value **, oarlock_error **);
} EXAMPLES[] = {
    {"get", get_},
    {"fetch_through", fetch_through_},
    {"head_through", head_through_},
    {"get_ranges", get_ranges_},
    {"put", put_},
    {"put_by_content", put_by_content_},
    {"head", head_},
    {"exists", exists_},
    {"delete", delete_},
    {"delete_many", delete_many_},
    {"get_many", get_many_},
    {"put_many", put_many_},
    {"head_many", head_many_},
    {"sync_up", sync_up_},
    {"sync_down", sync_down_},
    {"copy", copy_},
    {"move", move_},
    {"rekey", rekey_},
    {"rekey_all", rekey_all_},
    {"find_unencrypted", find_unencrypted_},
    {"encrypt_all", encrypt_all_},
    {"list", list_},
    {"list_versions", list_versions_},
    {"usage", usage_},
    {"verify", verify_},
    {"presign", presign_},
    {"get_acl", get_acl_},
    {"set_acl", set_acl_},
    {"get_tags", get_tags_},
    {"set_tags", set_tags_},
    {"delete_tags", delete_tags_},
    {"bucket_region", bucket_region_},
    {"credentials", credentials_},
    {"explain", explain_},
    {"stats", stats_},
    {"list_buckets", list_buckets_},
    {"create_bucket", create_bucket_},
    {"delete_bucket", delete_bucket_},
    {"get_versioning", get_versioning_},
    {"set_versioning", set_versioning_},
    {"set_bucket_acl", set_bucket_acl_},
    {"list_uploads", list_uploads_},
    {"abort_upload", abort_upload_},
    {"abort_uploads", abort_uploads_},
};

int main(void) {
  char verb[64], url[2048];
  while (scanf("%63s %2047s", verb, url) == 2) {
    oarlock_store *store = NULL;
    oarlock_value *reply = NULL;
    oarlock_error *error = NULL;
    oarlock_status status = oarlock_store_open(url, NULL, &store, &error);
    for (size_t at = 0; at < sizeof EXAMPLES / sizeof *EXAMPLES && status == OARLOCK_OK; at++)
      if (strcmp(EXAMPLES[at].verb, verb) == 0) status = EXAMPLES[at].run(store, &reply, &error);
    printf("= %s\n", status == OARLOCK_OK ? "ok" : oarlock_status_name(status));
    fflush(stdout);
    oarlock_value_free(reply);
    oarlock_error_free(error);
    oarlock_store_free(store);
  }
  return 0;
}
