/* Prints why a store acts as it does: explain URL [--check] [name=value …]
 *
 *   cc explain.c $(pkg-config --cflags --libs oarlock) -o explain && ./explain s3://bucket/prefix --check
 */

#include <oarlock.h>
#include <stdio.h>
#include <string.h>

/* A field of a row; nothing if it is not there. */
static const char *text(const oarlock_value *row, const char *field) {
  const char *found = oarlock_value_str(oarlock_value_get(row, field), NULL);
  return found == NULL ? "" : found;
}

/* Prints the rows. Returns whether nothing keeps the store from working. */
static int print(const oarlock_value *rows) {
  size_t count = oarlock_value_count(rows), index;
  int sound = 1;
  for (index = 0; index < count; index++) {
    const oarlock_value *row = oarlock_value_at(rows, index);
    const char *wrong = text(row, "error");
    printf("%-30s %s%s%-60s %s\n", text(row, "what"), wrong, *wrong ? ": " : "", text(row, "value"),
           text(row, "source"));
    if (*wrong) sound = 0;
  }
  return sound;
}

int main(int argc, char **argv) {
  oarlock_options *settings = oarlock_options_new();
  oarlock_options *options = oarlock_options_new();
  oarlock_store *store = NULL;
  oarlock_call *call = NULL;
  oarlock_value *rows = NULL;
  oarlock_error *error = NULL;
  oarlock_status status = OARLOCK_OK;
  int sound = 0, at;

  if (argc < 2) {
    fprintf(stderr, "usage: %s URL [--check] [name=value ...]\n", argv[0]);
    status = OARLOCK_INVALID_INPUT;
  }
  for (at = 2; at < argc && status == OARLOCK_OK; at++) {
    char *equals = strchr(argv[at], '=');
    if (strcmp(argv[at], "--check") == 0) {
      status = oarlock_options_set_bool(options, "check", true);
    } else if (equals != NULL) {
      *equals = '\0';
      status = oarlock_options_set_str(settings, argv[at], equals + 1);
    } else {
      fprintf(stderr, "a setting is written name=value\n");
      status = OARLOCK_INVALID_INPUT;
    }
  }
  if (status == OARLOCK_OK) status = oarlock_store_open(argv[1], settings, &store, &error);
  if (status == OARLOCK_OK) status = oarlock_explain(store, options, &call, &error);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, &rows, &error);
  if (status == OARLOCK_OK) sound = print(rows);
  if (error != NULL) fprintf(stderr, "%s: %s\n", oarlock_status_name(status), oarlock_error_message(error));

  oarlock_value_free(rows);
  oarlock_error_free(error);
  oarlock_store_free(store);
  oarlock_options_free(options);
  oarlock_options_free(settings);
  return sound ? 0 : 1;
}
