/* One client in C does one piece of work: `client CLIENT WORK ENDPOINT COUNT`, with CLIENT one of oarlock,
 * oarlock-many and libcurl, which signs by --aws-sigv4. Prints CPU and wall seconds of the work after a first
 * request. */
#include <curl/curl.h>
#include <oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned char body[4096];

static void stop(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static oarlock_store *store;

static void finish(oarlock_options *options, oarlock_source *source, const char *verb) {
  oarlock_call *call = NULL;
  oarlock_error *error = NULL;
  oarlock_value *reply = NULL;
  if (oarlock_start_blocking(store, verb, options, source, NULL, &call, &error) != OARLOCK_OK ||
      oarlock_call_wait(call, -1, &reply, &error) != OARLOCK_OK)
    stop(oarlock_error_message(error));
  oarlock_value_free(reply);
  oarlock_call_free(call);
  oarlock_options_free(options);
}

static void by_oarlock(const char *work, const char *key) {
  oarlock_options *options = oarlock_options_new();
  oarlock_options_set_str(options, "key", key);
  finish(options, strcmp(work, "put") ? NULL : oarlock_source_view(body, sizeof body), work);
}

static void by_oarlock_many(const char *work, long count) {
  oarlock_options *items = oarlock_options_new(), *options = oarlock_options_new();
  for (long number = 0; number < count; number++) {
    oarlock_options *item = oarlock_options_new();
    char key[32];
    snprintf(key, sizeof key, "4096-%ld", number);
    oarlock_options_set_str(item, "key", key);
    if (!strcmp(work, "put")) oarlock_options_set_bytes(item, "body", body, sizeof body);
    oarlock_options_set_map(items, NULL, item);
    oarlock_options_free(item);
  }
  oarlock_options_set_list(options, "items", items);
  oarlock_options_set_int(options, "max_concurrency", 32);
  oarlock_options_free(items);
  char verb[16];
  snprintf(verb, sizeof verb, "%s_many", work);
  finish(options, NULL, verb);
}

static size_t drop(char *data, size_t size, size_t count, void *user) {
  (void)data, (void)user;
  return size * count;
}

static void by_libcurl(CURL *curl, const char *endpoint, const char *work, const char *key) {
  char url[256];
  snprintf(url, sizeof url, "%s/bench/%s", endpoint, key);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  if (!strcmp(work, "head")) curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  if (!strcmp(work, "put")) {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)sizeof body);
  }
  if (curl_easy_perform(curl) != CURLE_OK) stop("libcurl failed");
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) stop("libcurl was refused");
}

int main(int argc, char **argv) {
  if (argc < 5) stop("client CLIENT WORK ENDPOINT COUNT");
  const char *client = argv[1], *work = argv[2], *endpoint = argv[3];
  long count = atol(argv[4]);
  int curls = !strcmp(client, "libcurl");
  const char *id = getenv("AWS_ACCESS_KEY_ID"), *secret = getenv("AWS_SECRET_ACCESS_KEY");
  if (!id || !secret) stop("no keys in the environment");
  char keys[256];
  snprintf(keys, sizeof keys, "%s:%s", id, secret);
  CURL *curl = NULL;
  if (curls) {
    curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:s3");
    curl_easy_setopt(curl, CURLOPT_USERPWD, keys);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  } else {
    oarlock_options *settings = oarlock_options_new();
    oarlock_error *error = NULL;
    oarlock_options_set_str(settings, "endpoint", endpoint);
    oarlock_options_set_str(settings, "region", "us-east-1");
    oarlock_options_set_str(settings, "access_key_id", id);
    oarlock_options_set_str(settings, "secret_access_key", secret);
    if (oarlock_store_open("s3://bench", settings, &store, &error) != OARLOCK_OK)
      stop(oarlock_error_message(error));
  }
  double cpu = 0, wall = 0;
  for (long number = -1; number < count; number++) {
    char key[32];
    snprintf(key, sizeof key, "4096-%ld", number < 0 ? 0 : number);
    if (number == 0) cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    if (number == 0 && !strcmp(client, "oarlock-many")) {
      by_oarlock_many(work, count);
      break;
    }
    if (curls) by_libcurl(curl, endpoint, work, key);
    else by_oarlock(work, key);
  }
  printf("{\"cpu\": %f, \"wall\": %f}\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
         seconds(CLOCK_MONOTONIC) - wall);
  return 0;
}
