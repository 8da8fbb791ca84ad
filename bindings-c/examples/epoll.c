/* Fetches many objects at a time in an event loop of one thread: epoll URL KEY…
 *
 *   cc epoll.c $(pkg-config --cflags --libs oarlock) -o epoll && ./epoll s3://bucket/prefix key another
 *
 * A call's descriptor is readable while there is something to do for it. poll works as well.
 */

#include <oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct transfer {
  const char *key;
  oarlock_call *call;
};

/* Reports an error and returns that something failed. */
static int failed(const char *key, oarlock_status status, oarlock_error *error) {
  fprintf(stderr, "%s: %s: %s\n", key, oarlock_status_name(status), oarlock_error_message(error));
  oarlock_error_free(error);
  return 1;
}

/* Starts a call and has its descriptor watched. */
static int start(int loop, oarlock_store *store, struct transfer *transfer) {
  struct epoll_event watched = {.events = EPOLLIN, .data = {.ptr = transfer}};
  oarlock_error *error = NULL;
  oarlock_status status;
  int descriptor = -1;

  status = oarlock_get(store, transfer->key, oarlock_sink_memory(), NULL, &transfer->call, &error);
  if (status == OARLOCK_OK) status = oarlock_call_fd(transfer->call, &descriptor, &error);
  if (status != OARLOCK_OK) return failed(transfer->key, status, error);
  if (epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &watched) == 0) return 0;
  perror("epoll_ctl");
  return 1;
}

/* Serves a call whose descriptor is readable. Returns 0 while it goes on, 1 at its end, 2 if it failed. */
static int serve(struct transfer *transfer) {
  oarlock_value *reply = NULL;
  oarlock_error *error = NULL;
  oarlock_status status = oarlock_call_step(transfer->call, &reply, &error);

  if (status == OARLOCK_PENDING) return 0;
  /* This closes the descriptor too, and epoll forgets it. */
  oarlock_call_free(transfer->call);
  transfer->call = NULL;
  if (status != OARLOCK_OK) return 1 + failed(transfer->key, status, error);
  printf("%s: %lld bytes\n", transfer->key, (long long)oarlock_value_int(oarlock_value_get(reply, "length")));
  oarlock_value_free(reply);
  return 1;
}

int main(int argc, char **argv) {
  oarlock_store *store = NULL;
  oarlock_error *error = NULL;
  oarlock_status status;
  struct transfer *transfers;
  struct epoll_event ready[16];
  int loop, count, at, running = 0, failures = 0;

  if (argc < 3) {
    fprintf(stderr, "usage: %s URL KEY...\n", argv[0]);
    return 2;
  }
  status = oarlock_store_open(argv[1], NULL, &store, &error);
  if (status != OARLOCK_OK) return failed(argv[1], status, error);
  transfers = calloc((size_t)argc, sizeof *transfers);
  loop = epoll_create1(EPOLL_CLOEXEC);
  if (transfers == NULL || loop < 0) return 1;

  for (at = 2; at < argc; at++) {
    transfers[at].key = argv[at];
    if (start(loop, store, &transfers[at]) == 0)
      running++;
    else
      failures++;
  }
  while (running > 0) {
    count = epoll_wait(loop, ready, 16, -1);
    for (at = 0; at < count; at++) {
      int end = serve(ready[at].data.ptr);
      running -= end != 0;
      failures += end == 2;
    }
  }

  for (at = 2; at < argc; at++) oarlock_call_free(transfers[at].call);
  free(transfers);
  oarlock_store_free(store);
  return failures == 0 ? 0 : 1;
}
