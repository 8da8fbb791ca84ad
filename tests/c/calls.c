/* Calls: callbacks on the waiting thread, streams both ways, cancelling from another thread, descriptors in
 * poll(2), signals. */

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define BIG (6u << 20)

/* What callbacks saw. */
typedef struct seen {
  pthread_t thread;
  uint8_t *data;
  size_t size, at, calls;
  int answer;
  bool elsewhere;
  oarlock_call *call;
  oarlock_status inner;
} seen;

static uint8_t *pattern(size_t size) {
  uint8_t *data = malloc(size);
  uint32_t state = 1;
  size_t at;
  for (at = 0; data != NULL && at < size; at++)
    data[at] = (uint8_t)((state = state * 1664525u + 1013904223u) >> 24);
  return data;
}

static void look(seen *seen) {
  seen->calls++;
  if (!pthread_equal(seen->thread, pthread_self())) seen->elsewhere = true;
}

static ptrdiff_t read_some(void *userdata, uint8_t *buffer, size_t size) {
  seen *seen = userdata;
  size_t count = seen->size - seen->at < size ? seen->size - seen->at : size;
  look(seen);
  if (seen->answer != 0) return seen->answer;
  if (count > 100000) count = 100000;
  memcpy(buffer, seen->data + seen->at, count);
  seen->at += count;
  return (ptrdiff_t)count;
}

static int write_some(void *userdata, const uint8_t *data, size_t size) {
  seen *seen = userdata;
  look(seen);
  if (seen->answer != 0) return seen->answer;
  if (seen->call != NULL) seen->inner = oarlock_call_wait(seen->call, 0, NULL, NULL);
  if (seen->size - seen->at < size || memcmp(seen->data + seen->at, data, size) != 0) return -1;
  seen->at += size;
  return 0;
}

static int hear_progress(void *userdata, uint64_t done, int64_t total) {
  seen *seen = userdata;
  look(seen);
  if (total >= 0 && done > (uint64_t)total) return -1;
  return seen->answer;
}

static void callbacks_run_on_the_waiting_thread(void) {
  oarlock_store *store = fresh_store();
  oarlock_call *call = NULL;
  seen source = {pthread_self(), pattern(BIG), BIG, 0, 0, 0, false, NULL, OARLOCK_OK}, sink = source,
       progress = source;

  CHECK(oarlock_put(store, "big", oarlock_source_callback(read_some, &source, BIG), NULL, &call, NULL) ==
        OARLOCK_OK);
  CHECK(oarlock_call_on_progress(call, hear_progress, &progress) == OARLOCK_OK);
  CHECK(oarlock_call_finish(call, NULL, NULL) == OARLOCK_OK);
  CHECK(source.at == BIG && source.calls > 1 && !source.elsewhere && progress.calls > 0 &&
        !progress.elsewhere);

  CHECK(oarlock_get(store, "big", oarlock_sink_callback(write_some, &sink), NULL, &call, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_finish(call, NULL, NULL) == OARLOCK_OK);
  CHECK(sink.at == BIG && !sink.elsewhere);
  free(source.data);
  oarlock_store_free(store);
}

static void failing_callbacks_fail_their_call(void) {
  oarlock_store *store = fresh_store();
  oarlock_call *call = NULL;
  oarlock_error *error = NULL;
  seen source = {pthread_self(), NULL, 0, 0, 0, -5, false, NULL, OARLOCK_OK}, sink = source,
       progress = source;

  CHECK(oarlock_put(store, "bad", oarlock_source_callback(read_some, &source, -1), NULL, &call, NULL) ==
        OARLOCK_OK);
  CHECK(oarlock_call_finish(call, NULL, &error) == OARLOCK_IO);
  CHECK(strstr(oarlock_error_message(error), "-5") != NULL && !is_there(store, "bad"));
  oarlock_error_free(error);

  CHECK(put_bytes(store, "good", "hello", 5));
  CHECK(oarlock_get(store, "good", oarlock_sink_callback(write_some, &sink), NULL, &call, NULL) ==
        OARLOCK_OK);
  CHECK(oarlock_call_finish(call, NULL, &error) == OARLOCK_IO);
  CHECK(strstr(oarlock_error_message(error), "-5") != NULL && sink.calls == 1);
  SAME(oarlock_error_key(error), "good");
  oarlock_error_free(error);

  CHECK(oarlock_put(store, "stopped", oarlock_source_bytes((const uint8_t *)"hello", 5), NULL, &call, NULL) ==
        OARLOCK_OK);
  CHECK(oarlock_call_on_progress(call, hear_progress, &progress) == OARLOCK_OK);
  if (oarlock_call_finish(call, NULL, &error) != OARLOCK_OK) {
    /* A call that is done before it is heard is not asked. */
    CHECK(progress.calls == 1 && oarlock_error_kind(error) == OARLOCK_CANCELLED);
    oarlock_error_free(error);
  } else {
    CHECK(progress.calls == 0);
  }
  oarlock_store_free(store);
}

static void a_callback_cannot_serve_its_own_call(void) {
  oarlock_store *store = fresh_store();
  seen sink = {pthread_self(), (uint8_t *)"hello", 5, 0, 0, 0, false, NULL, OARLOCK_OK};
  CHECK(put_bytes(store, "a", "hello", 5));
  CHECK(oarlock_get(store, "a", oarlock_sink_callback(write_some, &sink), NULL, &sink.call, NULL) ==
        OARLOCK_OK);
  CHECK(oarlock_call_finish(sink.call, NULL, NULL) == OARLOCK_OK);
  CHECK(sink.at == 5 && sink.inner == OARLOCK_INVALID_INPUT);
  oarlock_store_free(store);
}

static void views_are_read_in_place(void) {
  oarlock_store *store = fresh_store();
  oarlock_call *call = NULL;
  oarlock_value *reply;
  uint8_t *data = pattern(BIG);
  size_t size = 0;
  CHECK(oarlock_put(store, "a", oarlock_source_view(data, BIG), NULL, &call, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_finish(call, NULL, NULL) == OARLOCK_OK);
  reply = get_bytes(store, "a");
  CHECK(memcmp(oarlock_value_bytes(oarlock_value_get(reply, "body"), &size), data, BIG) == 0 && size == BIG);
  oarlock_value_free(reply);
  free(data);
  oarlock_store_free(store);
}

static void files_go_both_ways(void) {
  oarlock_store *store = fresh_store();
  oarlock_call *call = NULL;
  char path[4200], back[4210], text[16] = "";
  FILE *file;
  snprintf(path, sizeof path, "%s/file", workplace);
  snprintf(back, sizeof back, "%s.back", path);
  file = fopen(path, "w");
  CHECK(file != NULL && fputs("hello file", file) >= 0 && fclose(file) == 0);
  CHECK(oarlock_put(store, "a", oarlock_source_file(path), NULL, &call, NULL) == OARLOCK_OK &&
        oarlock_call_finish(call, NULL, NULL) == OARLOCK_OK);
  CHECK(oarlock_get(store, "a", oarlock_sink_file(back), NULL, &call, NULL) == OARLOCK_OK &&
        oarlock_call_finish(call, NULL, NULL) == OARLOCK_OK);
  file = fopen(back, "r");
  CHECK(file != NULL && fgets(text, sizeof text, file) != NULL && fclose(file) == 0);
  CHECK(strcmp(text, "hello file") == 0);
  oarlock_store_free(store);
}

static void written_to_and_read_from(void) {
  oarlock_store *store = fresh_store();
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  uint8_t *data = pattern(BIG), *back = malloc(BIG);
  size_t at, count = 1;
  oarlock_status status = OARLOCK_OK;

  CHECK(oarlock_put(store, "a", oarlock_source_pushed(), NULL, &call, NULL) == OARLOCK_OK);
  for (at = 0; at < BIG; at += BIG / 8)
    CHECK(oarlock_call_write(call, -1, data + at, BIG / 8, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_write(call, -1, NULL, 0, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_finish(call, &reply, NULL) == OARLOCK_OK);
  CHECK(oarlock_value_int(oarlock_value_get(reply, "size")) == BIG);
  oarlock_value_free(reply);

  CHECK(oarlock_get(store, "a", oarlock_sink_pulled(), NULL, &call, NULL) == OARLOCK_OK);
  for (at = 0; at < BIG && status == OARLOCK_OK && count > 0; at += count)
    status = oarlock_call_read(call, -1, back + at, BIG - at, &count, NULL);
  CHECK(at == BIG && memcmp(data, back, BIG) == 0);
  CHECK(oarlock_call_read(call, -1, back, 1, &count, NULL) == OARLOCK_OK && count == 0);
  CHECK(oarlock_call_finish(call, &reply, NULL) == OARLOCK_OK);
  CHECK(oarlock_value_int(oarlock_value_get(reply, "length")) == BIG);
  oarlock_value_free(reply);

  CHECK(oarlock_get(store, "nothing", oarlock_sink_pulled(), NULL, &call, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_read(call, -1, back, 1, &count, NULL) == OARLOCK_NOT_FOUND);
  oarlock_call_free(call);

  /* Given up before its end. */
  CHECK(oarlock_put(store, "b", oarlock_source_pushed(), NULL, &call, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_write(call, -1, data, BIG / 2, NULL) == OARLOCK_OK);
  oarlock_call_free(call);
  CHECK(oarlock_drain(-1) == OARLOCK_OK && !is_there(store, "b"));
  free(data);
  free(back);
  oarlock_store_free(store);
}

/* A put whose source never ends, and a thread that cancels it once it runs. */
typedef struct endless {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool begun;
  oarlock_call *call;
} endless;

static ptrdiff_t read_for_ever(void *userdata, uint8_t *buffer, size_t size) {
  endless *endless = userdata;
  pthread_mutex_lock(&endless->lock);
  endless->begun = true;
  pthread_cond_signal(&endless->changed);
  pthread_mutex_unlock(&endless->lock);
  memset(buffer, 'x', size < 1000 ? size : 1000);
  return size < 1000 ? (ptrdiff_t)size : 1000;
}

static void *cancel_once_begun(void *userdata) {
  endless *endless = userdata;
  uint64_t done = 0;
  int64_t total = 0;
  pthread_mutex_lock(&endless->lock);
  while (!endless->begun) pthread_cond_wait(&endless->changed, &endless->lock);
  pthread_mutex_unlock(&endless->lock);
  /* The other thread is serving the call. */
  if (oarlock_call_progress(endless->call, &done, &total) != OARLOCK_OK || total != -1) return "no progress";
  return oarlock_call_cancel(endless->call) == OARLOCK_OK ? NULL : "not cancelled";
}

static void cancelled_from_another_thread(void) {
  oarlock_store *store = fresh_store();
  endless endless = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, NULL};
  pthread_t canceller;
  void *trouble = NULL;
  CHECK(oarlock_put(store, "endless", oarlock_source_callback(read_for_ever, &endless, -1), NULL,
                    &endless.call, NULL) == OARLOCK_OK);
  CHECK(pthread_create(&canceller, NULL, cancel_once_begun, &endless) == 0);
  CHECK(oarlock_call_wait(endless.call, -1, NULL, NULL) == OARLOCK_CANCELLED);
  CHECK(pthread_join(canceller, &trouble) == 0 && trouble == NULL);
  oarlock_call_free(endless.call);
  CHECK(!is_there(store, "endless"));
  oarlock_store_free(store);
}

static void driven_by_poll(void) {
  oarlock_store *store = fresh_store();
  seen sink = {pthread_self(), pattern(BIG), BIG, 0, 0, 0, false, NULL, OARLOCK_OK};
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  oarlock_status status;
  struct pollfd wait = {-1, POLLIN, 0};
  CHECK(put_bytes(store, "a", sink.data, BIG));
  CHECK(oarlock_get(store, "a", oarlock_sink_callback(write_some, &sink), NULL, &call, NULL) == OARLOCK_OK);
  CHECK(oarlock_call_fd(call, &wait.fd, NULL) == OARLOCK_OK && wait.fd >= 0);
  while ((status = oarlock_call_step(call, &reply, NULL)) == OARLOCK_PENDING) {
    if (poll(&wait, 1, 60000) != 1) break;
  }
  CHECK(status == OARLOCK_OK && sink.at == BIG &&
        oarlock_value_int(oarlock_value_get(reply, "length")) == BIG);
  oarlock_value_free(reply);
  oarlock_call_free(call);
  free(sink.data);
  oarlock_store_free(store);
}

static volatile sig_atomic_t signalled;
static void on_signal(int number) { signalled = number; }

/* A listening socket that accepts and never answers: `endpoint` becomes its URL. */
static int silent_server(char *endpoint, size_t size) {
  struct sockaddr_in address = {0};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 8) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0)
    return -1;
  snprintf(endpoint, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
  return listener;
}

static void a_signal_ends_the_wait(void) {
  oarlock_options *settings = oarlock_options_new();
  oarlock_store *store = NULL;
  oarlock_call *call = NULL;
  struct sigaction action = {0}, before;
  char endpoint[64];
  const int listener = silent_server(endpoint, sizeof endpoint);

  action.sa_handler = on_signal;
  sigaction(SIGALRM, &action, &before);
  oarlock_options_set_str(settings, "endpoint", endpoint);
  oarlock_options_set_str(settings, "region", "us-east-1");
  oarlock_options_set_bool(settings, "anonymous", true);
  CHECK(listener >= 0 && oarlock_store_open("s3://bucket", settings, &store, NULL) == OARLOCK_OK);
  CHECK(oarlock_head(store, "a", NULL, &call, NULL) == OARLOCK_OK);
  alarm(1);
  CHECK(oarlock_call_wait(call, -1, NULL, NULL) == OARLOCK_PENDING && signalled == SIGALRM);
  CHECK(oarlock_call_wait(call, 1, NULL, NULL) == OARLOCK_PENDING);
  CHECK(oarlock_call_cancel(call) == OARLOCK_OK &&
        oarlock_call_wait(call, -1, NULL, NULL) == OARLOCK_CANCELLED);
  oarlock_call_free(call);
  oarlock_store_free(store);
  oarlock_options_free(settings);
  close(listener);
  sigaction(SIGALRM, &before, NULL);
}

int main(int argc, char **argv) {
  workplace = argc > 1 ? argv[1] : ".";
  RUN(callbacks_run_on_the_waiting_thread);
  RUN(failing_callbacks_fail_their_call);
  RUN(a_callback_cannot_serve_its_own_call);
  RUN(views_are_read_in_place);
  RUN(files_go_both_ways);
  RUN(written_to_and_read_from);
  RUN(cancelled_from_another_thread);
  RUN(driven_by_poll);
  RUN(a_signal_ends_the_wait);
  return checked();
}
