/* The tutorial in C; run by tests/driver/test_site.py. */

// --8<-- [start:open]
#include <oarlock.h>
#include <stdio.h>
#include <string.h>

/* Waits for a call and returns its reply; prints what went wrong. */
static oarlock_value *finish(oarlock_status status, oarlock_call *call, oarlock_error *error) {
  oarlock_value *reply = NULL;
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, &reply, &error);
  if (status != OARLOCK_OK) printf("%s\n", oarlock_status_name(status));
  oarlock_error_free(error);
  return reply;
}

int main(int argc, char **argv) {
  const char *url = argc > 1 ? argv[1] : "file:///tmp/oarlock-first/c";
  oarlock_store *store = NULL;
  oarlock_call *call = NULL;
  oarlock_error *error = NULL;
  oarlock_value *reply;
  oarlock_status status = oarlock_store_open(url, NULL, &store, &error);
  if (status != OARLOCK_OK) return 1;
  // --8<-- [end:open]

  // --8<-- [start:first]
  status = oarlock_create_bucket(store, NULL, &call, &error);
  oarlock_value_free(finish(status, call, error));

  oarlock_source *hello = oarlock_source_bytes((const uint8_t *)"hello", 5);
  oarlock_options *options = oarlock_options_new();
  oarlock_options_set_str(options, "content_type", "text/plain");
  status = oarlock_put(store, "greeting", hello, options, &call, &error);
  oarlock_value_free(finish(status, call, error));
  oarlock_options_free(options);

  status = oarlock_get(store, "greeting", oarlock_sink_memory(), NULL, &call, &error);
  reply = finish(status, call, error);
  size_t size;
  const uint8_t *body = oarlock_value_bytes(oarlock_value_get(reply, "body"), &size);
  printf("%.*s\n", (int)size, (const char *)body);
  oarlock_value_free(reply);
  // --8<-- [end:first]

  // --8<-- [start:range]
  options = oarlock_options_new();
  oarlock_options_set_str(options, "range", "0-3");
  status = oarlock_get(store, "greeting", oarlock_sink_memory(), options, &call, &error);
  reply = finish(status, call, error);
  body = oarlock_value_bytes(oarlock_value_get(reply, "body"), &size);
  const oarlock_value *meta = oarlock_value_get(reply, "meta");
  printf("%.*s %lld\n", (int)size, (const char *)body,
         (long long)oarlock_value_int(oarlock_value_get(meta, "size")));
  oarlock_value_free(reply);
  oarlock_options_free(options);
  // --8<-- [end:range]

  // --8<-- [start:files]
  static uint8_t big[1000];
  memset(big, 'x', sizeof big);
  status = oarlock_put(store, "big", oarlock_source_view(big, sizeof big), NULL, &call, &error);
  oarlock_value_free(finish(status, call, error));
  // A file that is whole, or not there.
  status = oarlock_get(store, "big", oarlock_sink_file("big"), NULL, &call, &error);
  oarlock_value_free(finish(status, call, error));
  // --8<-- [end:files]

  // --8<-- [start:list]
  status = oarlock_list(store, "", NULL, &call, &error);
  reply = finish(status, call, error);
  const oarlock_value *entries = oarlock_value_get(reply, "entries");
  for (size_t at = 0; at < oarlock_value_count(entries); at++) {
    const oarlock_value *entry = oarlock_value_at(entries, at);
    printf("%s %lld\n", oarlock_value_str(oarlock_value_get(entry, "key"), NULL),
           (long long)oarlock_value_int(oarlock_value_get(entry, "size")));
  }
  oarlock_value_free(reply);
  // --8<-- [end:list]

  // --8<-- [start:errors]
  status = oarlock_get(store, "no-such-key", oarlock_sink_memory(), NULL, &call, &error);
  oarlock_value_free(finish(status, call, error));  // prints NotFound
  // --8<-- [end:errors]
  oarlock_store_free(store);
  return 0;
}
