/* The smallest test frame that will do: a program is a row of functions, each passes or fails as a whole.
 *
 * Invariant: a check that fails prints where and what, and the program goes on with the next test.
 */

#ifndef CHECK_H
#define CHECK_H

#include <oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures_here, passed, failed;

#define CHECK(condition) \
  ((condition) ? (void)0 \
               : (void)(failures_here++, printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition)))
#define SAME(one, other)                        \
  ((one) != NULL && strcmp((one), (other)) == 0 \
       ? (void)0                                \
       : (void)(failures_here++,                \
                printf("%s:%d: %s is \"%s\"\n", __FILE__, __LINE__, #one, (one) ? (one) : "NULL")))
#define RUN(test)                                                   \
  do {                                                              \
    failures_here = 0;                                              \
    test();                                                         \
    failures_here == 0 ? passed++ : failed++;                       \
    printf("%s %s\n", failures_here == 0 ? "ok" : "FAILED", #test); \
    fflush(stdout);                                                 \
  } while (0)

/* The end of main. */
static inline int checked(void) {
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

/* A fresh directory under the one the program was given, and a store in it. */
static const char *workplace;
static inline oarlock_store *fresh_store(void) {
  static int number;
  char path[4096], url[4200];
  oarlock_store *store = NULL;
  oarlock_error *error = NULL;
  snprintf(path, sizeof path, "%s/store-%d-XXXXXX", workplace, ++number);
  if (mkdtemp(path) == NULL) {
    perror(path);
    exit(2);
  }
  snprintf(url, sizeof url, "file://%s", path);
  if (oarlock_store_open(url, NULL, &store, &error) != OARLOCK_OK) {
    printf("cannot open %s: %s\n", url, oarlock_error_message(error));
    exit(2);
  }
  return store;
}

/* Stores an object and returns whether that went well. */
static inline bool put_bytes(const oarlock_store *store, const char *key, const void *data, size_t size) {
  oarlock_call *call = NULL;
  return oarlock_put(store, key, oarlock_source_bytes((const uint8_t *)data, size), NULL, &call, NULL) ==
             OARLOCK_OK &&
         oarlock_call_finish(call, NULL, NULL) == OARLOCK_OK;
}

/* Fetches an object into memory; NULL if that failed. */
static inline oarlock_value *get_bytes(const oarlock_store *store, const char *key) {
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  if (oarlock_get(store, key, NULL, NULL, &call, NULL) == OARLOCK_OK) oarlock_call_finish(call, &reply, NULL);
  return reply;
}

/* Whether an object is there. */
static inline bool is_there(const oarlock_store *store, const char *key) {
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  bool there = oarlock_exists(store, key, NULL, &call, NULL) == OARLOCK_OK &&
               oarlock_call_finish(call, &reply, NULL) == OARLOCK_OK && oarlock_value_bool(reply);
  oarlock_value_free(reply);
  return there;
}

#endif
