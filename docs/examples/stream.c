/* A stream in C; run by tests/driver/test_site.py with a store's URL. */
#include <oarlock.h>
#include <stdio.h>
#include <stdlib.h>

// --8<-- [start:stream]
/* Gets the bytes in order, as they arrive, on the thread that waits for the call. */
static int count(void *userdata, const uint8_t *data, size_t size) {
  (void)data;
  *(size_t *)userdata += size;
  return 0; /* anything else fails the call */
}

static oarlock_status stream(const oarlock_store *store, size_t *total, oarlock_error **error) {
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  oarlock_sink *sink = oarlock_sink_callback(count, total);
  oarlock_status status = oarlock_get(store, "big.iso", sink, NULL, &call, error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, &reply, error);
  oarlock_value_free(reply);
  return status;
}
// --8<-- [end:stream]

int main(int argc, char **argv) {
  static uint8_t big[1000000];
  oarlock_store *store = NULL;
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  oarlock_error *error = NULL;
  size_t total = 0;
  if (argc < 2 || oarlock_store_open(argv[1], NULL, &store, &error) != OARLOCK_OK) return 1;
  oarlock_status status =
      oarlock_put(store, "big.iso", oarlock_source_view(big, sizeof big), NULL, &call, &error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, &reply, &error);
  oarlock_value_free(reply);
  if (status == OARLOCK_OK) status = stream(store, &total, &error);
  printf("%s %zu\n", oarlock_status_name(status), total);
  oarlock_error_free(error);
  oarlock_store_free(store);
  return status == OARLOCK_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
