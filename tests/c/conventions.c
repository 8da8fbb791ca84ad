/* The conventions at the top of oarlock.h: statuses, NULLs, outputs only on success, builders, values,
 * errors. */

#include "check.h"

/* Something no function may write on failure. */
#define UNTOUCHED ((void *)0x55)

static void null_is_invalid_input(void) {
  oarlock_store *store = UNTOUCHED;
  oarlock_call *call = UNTOUCHED;
  oarlock_value *value = UNTOUCHED;
  oarlock_error *error = NULL;
  uint8_t room[8];
  size_t count = 7;
  int fd = 7;

  CHECK(oarlock_store_open(NULL, NULL, &store, &error) == OARLOCK_INVALID_INPUT);
  SAME(oarlock_error_message(error), "`url` is NULL");
  oarlock_error_free(error);
  CHECK(oarlock_store_open("file:///tmp", NULL, NULL, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_store_settings(NULL, &value, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_store_url(NULL) == NULL);
  CHECK(oarlock_store_clone(NULL) == NULL);
  CHECK(oarlock_start(NULL, "get", NULL, NULL, NULL, &call, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_get(NULL, NULL, NULL, NULL, &call, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_call_wait(NULL, 0, &value, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_call_read(NULL, 0, room, sizeof room, &count, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_call_write(NULL, 0, room, sizeof room, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_call_fd(NULL, &fd, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_call_cancel(NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_call_progress(NULL, NULL, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_call_on_progress(NULL, NULL, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_call_on_log(NULL, NULL, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_verbs(NULL, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_options_set_int(NULL, "x", 1) == OARLOCK_INVALID_INPUT);
  CHECK(store == UNTOUCHED && call == UNTOUCHED && value == UNTOUCHED && count == 7 && fd == 7);

  oarlock_store_free(NULL);
  oarlock_call_free(NULL);
  oarlock_options_free(NULL);
  oarlock_value_free(NULL);
  oarlock_error_free(NULL);
  oarlock_source_free(NULL);
  oarlock_sink_free(NULL);
}

static void null_looks_like_nothing(void) {
  size_t size = 7;
  int64_t seconds = 7;
  CHECK(oarlock_value_type(NULL) == OARLOCK_TYPE_NULL);
  CHECK(!oarlock_value_bool(NULL) && oarlock_value_int(NULL) == 0 && oarlock_value_count(NULL) == 0);
  CHECK(oarlock_value_str(NULL, &size) == NULL && size == 0);
  CHECK(oarlock_value_bytes(NULL, NULL) == NULL && !oarlock_value_time(NULL, &seconds, NULL) && seconds == 7);
  CHECK(oarlock_value_at(NULL, 0) == NULL && oarlock_value_name(NULL, 0) == NULL &&
        oarlock_value_get(NULL, NULL) == NULL);
  CHECK(oarlock_error_kind(NULL) == OARLOCK_OK && oarlock_error_message(NULL) == NULL &&
        oarlock_error_http_status(NULL) == 0);
}

static void outputs_only_on_success(void) {
  oarlock_store *store = fresh_store();
  oarlock_call *call = UNTOUCHED;
  oarlock_value *reply = UNTOUCHED;
  oarlock_error *error = UNTOUCHED;
  size_t count = 7;
  uint8_t room[8];

  CHECK(oarlock_start(store, "frobnicate", NULL, NULL, NULL, &call, NULL) == OARLOCK_INVALID_INPUT &&
        call == UNTOUCHED);
  CHECK(oarlock_get(store, "nothing", NULL, NULL, &call, &error) == OARLOCK_OK && call != UNTOUCHED &&
        error == UNTOUCHED);
  CHECK(oarlock_call_wait(call, -1, &reply, &error) == OARLOCK_NOT_FOUND);
  CHECK(reply == UNTOUCHED && error != UNTOUCHED);
  CHECK(oarlock_error_kind(error) == OARLOCK_NOT_FOUND);
  SAME(oarlock_error_verb(error), "get");
  SAME(oarlock_error_key(error), "nothing");
  CHECK(oarlock_error_code(error) == NULL && oarlock_error_http_status(error) == 0 &&
        !oarlock_error_retryable(error));
  oarlock_error_free(error);
  CHECK(oarlock_call_read(call, -1, room, sizeof room, &count, NULL) == OARLOCK_INVALID_INPUT && count == 7);
  oarlock_call_free(call);
  oarlock_store_free(store);
}

static void reply_is_given_once(void) {
  oarlock_store *store = fresh_store();
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  CHECK(put_bytes(store, "a", "hello", 5));
  CHECK(oarlock_get(store, "a", NULL, NULL, &call, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_wait(call, -1, &reply, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_wait(call, -1, &reply, NULL) == OARLOCK_INVALID_INPUT);
  oarlock_call_free(call);
  oarlock_value_free(reply);
  oarlock_store_free(store);
}

static void builders_remember_mistakes(void) {
  oarlock_store *store = fresh_store();
  oarlock_options *options = oarlock_options_new(), *copy;
  oarlock_call *call = NULL;
  oarlock_error *error = NULL;

  CHECK(oarlock_options_set_str(options, "content_type", "\xff") == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_options_set_str(options, "content_type", NULL) == OARLOCK_INVALID_INPUT);
  copy = oarlock_options_copy(options);
  CHECK(oarlock_put(store, "a", oarlock_source_bytes(NULL, 0), copy, &call, &error) == OARLOCK_INVALID_INPUT);
  SAME(oarlock_error_message(error), "option `content_type`: `value` is not UTF-8");
  oarlock_error_free(error);
  oarlock_options_free(options);
  oarlock_options_free(copy);

  error = NULL;
  CHECK(oarlock_put(store, "a", oarlock_source_file(NULL), NULL, &call, &error) == OARLOCK_INVALID_INPUT);
  SAME(oarlock_error_message(error), "`path` is NULL");
  oarlock_error_free(error);
  CHECK(oarlock_put(store, "a", oarlock_source_bytes(NULL, 5), NULL, &call, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_put(store, "a", oarlock_source_callback(NULL, NULL, -1), NULL, &call, NULL) ==
        OARLOCK_INVALID_INPUT);
  CHECK(oarlock_get(store, "a", oarlock_sink_callback(NULL, NULL), NULL, &call, NULL) ==
        OARLOCK_INVALID_INPUT);
  CHECK(oarlock_get(store, NULL, NULL, NULL, &call, NULL) == OARLOCK_INVALID_INPUT);
  CHECK(call == NULL);
  oarlock_store_free(store);
}

static void unknown_names_are_told_the_nearest(void) {
  oarlock_store *store = fresh_store(), *other = NULL;
  oarlock_options *options = oarlock_options_new();
  oarlock_call *call = NULL;
  oarlock_error *error = NULL;
  oarlock_options_set_str(options, "rnage", "0-1");
  CHECK(oarlock_get(store, "a", NULL, options, &call, &error) == OARLOCK_INVALID_INPUT);
  CHECK(strstr(oarlock_error_message(error), "\"range\"") != NULL);
  oarlock_error_free(error);
  CHECK(oarlock_store_open("s3://bucket", options, &other, &error) == OARLOCK_CONFIG);
  oarlock_error_free(error);
  oarlock_options_free(options);
  oarlock_store_free(store);
}

static void values_come_and_go(void) {
  oarlock_store *store = fresh_store();
  oarlock_options *options = oarlock_options_new(), *metadata = oarlock_options_new(),
                  *range = oarlock_options_new();
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  const oarlock_value *meta;
  size_t size = 0;
  int64_t seconds = 0;

  oarlock_options_set_str(metadata, "colour", "blue");
  oarlock_options_set_map(options, "metadata", metadata);
  oarlock_options_set_text(options, "content_type", "text/plain; and more", 10);
  oarlock_options_set_time(options, "expires", 4102444800, 0);
  CHECK(oarlock_options_set_time(NULL, "expires", 0, 0) == OARLOCK_INVALID_INPUT);
  CHECK(oarlock_put(store, "a/\xc3\xa4", oarlock_source_bytes((const uint8_t *)"hello\0world", 11), options,
                    &call, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_finish(call, &reply, NULL) == OARLOCK_OK);
  CHECK(oarlock_value_int(oarlock_value_get(reply, "size")) == 11);
  oarlock_value_free(reply);
  oarlock_options_free(options);

  options = oarlock_options_new();
  oarlock_options_set_int(range, NULL, 4);
  oarlock_options_set_int(range, NULL, 3);
  oarlock_options_set_list(options, "range", range);
  CHECK(oarlock_get(store, "a/\xc3\xa4", NULL, options, &call, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_finish(call, &reply, NULL) == OARLOCK_OK);
  CHECK(oarlock_value_type(reply) == OARLOCK_TYPE_MAP);
  CHECK(memcmp(oarlock_value_bytes(oarlock_value_get(reply, "body"), &size), "o\0w", 3) == 0 && size == 3);
  meta = oarlock_value_get(reply, "meta");
  SAME(oarlock_value_str(oarlock_value_get(meta, "key"), &size), "a/\xc3\xa4");
  CHECK(size == 4);
  SAME(oarlock_value_str(oarlock_value_get(meta, "content_type"), NULL), "text/plain");
  SAME(oarlock_value_str(oarlock_value_get(oarlock_value_get(meta, "metadata"), "colour"), NULL), "blue");
  SAME(oarlock_value_name(oarlock_value_get(meta, "metadata"), 0), "colour");
  CHECK(oarlock_value_name(oarlock_value_get(meta, "metadata"), 1) == NULL);
  CHECK(oarlock_value_time(oarlock_value_get(meta, "expires"), &seconds, NULL) && seconds == 4102444800);
  CHECK(oarlock_value_type(oarlock_value_get(meta, "version_id")) == OARLOCK_TYPE_NULL);
  CHECK(oarlock_value_get(meta, "no such field") == NULL && oarlock_value_str(meta, NULL) == NULL);
  oarlock_value_free(reply);
  oarlock_options_free(options);
  oarlock_options_free(metadata);
  oarlock_options_free(range);
  oarlock_store_free(store);
}

static void stores_outlive_what_they_were_made_of(void) {
  oarlock_store *store = fresh_store(), *clone = oarlock_store_clone(store);
  oarlock_call *call = NULL;
  CHECK(strncmp(oarlock_store_url(clone), "file:///", 8) == 0);
  CHECK(oarlock_put(store, "a", oarlock_source_bytes((const uint8_t *)"x", 1), NULL, &call, NULL) ==
        OARLOCK_OK);
  oarlock_store_free(store);
  CHECK(oarlock_call_finish(call, NULL, NULL) == OARLOCK_OK);
  CHECK(is_there(clone, "a"));
  oarlock_store_free(clone);
}

static void settings_hide_secrets(void) {
  oarlock_options *settings = oarlock_options_new();
  oarlock_store *store = NULL;
  oarlock_value *shown = NULL;
  oarlock_options_set_str(settings, "region", "eu-central-1");
  oarlock_options_set_str(settings, "access_key_id", "name");
  oarlock_options_set_str(settings, "secret_access_key", "hidden");
  CHECK(oarlock_store_open("s3://bucket/prefix", settings, &store, NULL) == OARLOCK_OK);
  CHECK(oarlock_store_settings(store, &shown, NULL) == OARLOCK_OK);
  SAME(oarlock_value_str(oarlock_value_get(shown, "region"), NULL), "eu-central-1");
  CHECK(oarlock_value_get(shown, "secret_access_key") == NULL);
  oarlock_value_free(shown);
  oarlock_store_free(store);
  oarlock_options_free(settings);
}

static void the_table_tells_every_verb(void) {
  oarlock_value *table = NULL;
  const oarlock_value *get;
  CHECK(oarlock_verbs(&table, NULL) == OARLOCK_OK);
  CHECK(oarlock_value_type(table) == OARLOCK_TYPE_LIST && oarlock_value_count(table) > 20);
  get = oarlock_value_at(table, 0);
  SAME(oarlock_value_str(oarlock_value_get(get, "name"), NULL), "get");
  SAME(oarlock_value_str(oarlock_value_get(oarlock_value_at(oarlock_value_get(get, "params"), 1), "type"),
                         NULL),
       "sink");
  CHECK(oarlock_value_at(table, oarlock_value_count(table)) == NULL);
  oarlock_value_free(table);
}

static void statuses_have_names(void) {
  SAME(oarlock_status_name(OARLOCK_NO_SUCH_BUCKET), "NoSuchBucket");
  SAME(oarlock_status_name(OARLOCK_PENDING), "Pending");
  SAME(oarlock_status_name((oarlock_status)9999), "");
  SAME(oarlock_version(), EXPECTED_VERSION);
  char numbers[64];
  const char *version = numbers;
  snprintf(numbers, sizeof numbers, "%d.%d.%d", OARLOCK_VERSION_MAJOR, OARLOCK_VERSION_MINOR,
           OARLOCK_VERSION_PATCH);
  SAME(version, EXPECTED_VERSION);
}

static void freed_without_use(void) {
  oarlock_store *store = fresh_store();
  oarlock_call *call = NULL;
  oarlock_source_free(oarlock_source_bytes((const uint8_t *)"abc", 3));
  oarlock_sink_free(oarlock_sink_memory());
  /* Taken over, though the verb has no source. */
  CHECK(oarlock_start(store, "list_buckets", NULL, oarlock_source_bytes(NULL, 0), NULL, &call, NULL) ==
        OARLOCK_INVALID_INPUT);
  /* Freed before it ended. */
  CHECK(oarlock_list(store, NULL, NULL, &call, NULL) == OARLOCK_OK);
  oarlock_call_free(call);
  CHECK(oarlock_drain(-1) == OARLOCK_OK);
  oarlock_store_free(store);
}

int main(int argc, char **argv) {
  workplace = argc > 1 ? argv[1] : ".";
  RUN(null_is_invalid_input);
  RUN(null_looks_like_nothing);
  RUN(outputs_only_on_success);
  RUN(reply_is_given_once);
  RUN(builders_remember_mistakes);
  RUN(unknown_names_are_told_the_nearest);
  RUN(values_come_and_go);
  RUN(stores_outlive_what_they_were_made_of);
  RUN(settings_hide_secrets);
  RUN(the_table_tells_every_verb);
  RUN(statuses_have_names);
  RUN(freed_without_use);
  return checked();
}
