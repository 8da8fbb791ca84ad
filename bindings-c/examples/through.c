/* Prints an object that an upstream has, and keeps it: through URL KEY UPSTREAM
 *
 *   cc through.c $(pkg-config --cflags --libs oarlock) -o through
 *   ./through s3://bucket/mirror src/oar_1.0.tar.gz https://packages.example/src/oar_1.0.tar.gz > oar.tar.gz
 *
 * The first call fetches it from the upstream for all who ask meanwhile; later ones need no upstream.
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
  oarlock_sink *into;
  oarlock_status status;

  if (argc != 4) {
    fprintf(stderr, "usage: %s URL KEY UPSTREAM\n", argv[0]);
    return 2;
  }
  status = oarlock_store_open(argv[1], NULL, &store, &error);
  if (status == OARLOCK_OK) {
    into = oarlock_sink_callback(print, stdout);
    status = oarlock_fetch_through(store, argv[2], argv[3], into, NULL, &call, &error);
  }
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, &reply, &error);
  if (status == OARLOCK_OK) {
    fprintf(stderr, "%s\n", oarlock_value_str(oarlock_value_get(reply, "source"), NULL));
  } else {
    fprintf(stderr, "%s: %s\n", oarlock_status_name(status), oarlock_error_message(error));
  }

  oarlock_value_free(reply);
  oarlock_error_free(error);
  oarlock_store_free(store);
  return status == OARLOCK_OK ? 0 : 1;
}
