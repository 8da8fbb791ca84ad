// --8<-- [start:first]
#include <oarlock.h>
#include <stdio.h>

int main(void) {
  oarlock_store *store = NULL;
  oarlock_error *error = NULL;
  if (oarlock_store_open("s3:no-bucket", NULL, &store, &error) != OARLOCK_OK) {
    printf("%s\n", oarlock_error_message(error));
    oarlock_error_free(error);
  }
  oarlock_store_free(store);
  return 0;
}
// --8<-- [end:first]
