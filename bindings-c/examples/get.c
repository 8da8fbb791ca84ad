/* Prints an object: get URL KEY. Settings come from the environment and the shared AWS files.
 *
 *   cc get.c $(pkg-config --cflags --libs oarlock) -o get && ./get s3://bucket/prefix key
 */

#include <oarlock.h>
#include <stdio.h>

static int print(void *userdata, const uint8_t *data, size_t size) {
  return fwrite(data, 1, size, (FILE *)userdata) == size ? 0 : -1;
}

int main(int argc, char **argv) {
  oarlock_store *store = NULL;
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  oarlock_error *error = NULL;
  oarlock_status status;

  if (argc != 3) {
    fprintf(stderr, "usage: %s URL KEY\n", argv[0]);
    return 2;
  }
  status = oarlock_store_open(argv[1], NULL, &store, &error);
  if (status == OARLOCK_OK)
    status = oarlock_get(store, argv[2], oarlock_sink_callback(print, stdout), NULL, &call, &error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, &reply, &error);
  if (status == OARLOCK_OK) {
    fprintf(stderr, "%lld bytes\n", (long long)oarlock_value_int(oarlock_value_get(reply, "length")));
  } else {
    fprintf(stderr, "%s: %s\n", oarlock_status_name(status), oarlock_error_message(error));
  }

  oarlock_value_free(reply);
  oarlock_error_free(error);
  oarlock_store_free(store);
  return status == OARLOCK_OK ? 0 : 1;
}
