/* Stores a file encrypted, and reads it back: encrypt URL KEY FILE
 *
 *   cc encrypt.c $(pkg-config --cflags --libs oarlock) -o encrypt
 *   OARLOCK_KEY=$(head -c 32 /dev/urandom | base64) ./encrypt s3://bucket/prefix key file
 *
 * The key never leaves the program. encryption_kms_key_id in place of encryption_aes_key has KMS keep it.
 */

#include <oarlock.h>
#include <stdio.h>
#include <stdlib.h>

static int print(void *userdata, const uint8_t *data, size_t size) {
  return fwrite(data, 1, size, (FILE *)userdata) == size ? 0 : -1;
}

int main(int argc, char **argv) {
  const char *key = getenv("OARLOCK_KEY");
  oarlock_options *settings = NULL;
  oarlock_store *store = NULL;
  oarlock_call *call = NULL;
  oarlock_error *error = NULL;
  oarlock_status status;

  if (argc != 4 || key == NULL) {
    fprintf(stderr, "usage: OARLOCK_KEY=(32 bytes in base64) %s URL KEY FILE\n", argv[0]);
    return 2;
  }
  settings = oarlock_options_new();
  oarlock_options_set_str(settings, "encryption_aes_key", key);
  status = oarlock_store_open(argv[1], settings, &store, &error);
  if (status == OARLOCK_OK)
    status = oarlock_put(store, argv[2], oarlock_source_file(argv[3]), NULL, &call, &error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, NULL, &error);
  /* The bytes are verified before the first of them is given. */
  if (status == OARLOCK_OK)
    status = oarlock_get(store, argv[2], oarlock_sink_callback(print, stdout), NULL, &call, &error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, NULL, &error);
  if (status != OARLOCK_OK)
    fprintf(stderr, "%s: %s\n", oarlock_status_name(status), oarlock_error_message(error));

  oarlock_error_free(error);
  oarlock_store_free(store);
  oarlock_options_free(settings);
  return status == OARLOCK_OK ? 0 : 1;
}
