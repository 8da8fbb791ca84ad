/* Fork: fifty children and their children answer while the parent is busy; a call of the parent returns
 * OARLOCK_FORKED there. */

#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 50

static oarlock_store *store;
static volatile bool busy = true;

/* Keeps oarlock's threads at work in the parent. */
static void *be_busy(void *unused) {
  static uint8_t data[300000];
  int rounds = 0;
  (void)unused;
  while (__atomic_load_n(&busy, __ATOMIC_RELAXED)) {
    char key[32];
    snprintf(key, sizeof key, "busy-%d", rounds++ % 7);
    if (!put_bytes(store, key, data, sizeof data)) return "a put failed";
    oarlock_value_free(get_bytes(store, key));
  }
  return NULL;
}

static bool answers(const char *who, int number) {
  char key[64];
  oarlock_value *reply;
  bool same;
  snprintf(key, sizeof key, "%s-%d", who, number);
  if (!put_bytes(store, key, key, strlen(key))) return false;
  reply = get_bytes(store, key);
  same = oarlock_value_int(oarlock_value_get(reply, "length")) == (int64_t)strlen(key);
  oarlock_value_free(reply);
  return same;
}

/* A child that hangs is killed by its alarm, which is a failure. */
static void child(int number, oarlock_call *call) {
  oarlock_error *error = NULL;
  int status = 0, fd = -1;
  pid_t grandchild;
  alarm(60);
  if (oarlock_call_wait(call, -1, NULL, &error) != OARLOCK_FORKED ||
      oarlock_error_kind(error) != OARLOCK_FORKED)
    _exit(2);
  if (oarlock_call_fd(call, &fd, NULL) != OARLOCK_FORKED || oarlock_call_cancel(call) != OARLOCK_OK) _exit(3);
  oarlock_error_free(error);
  oarlock_call_free(call);
  if (!answers("child", number)) _exit(4);
  grandchild = fork();
  if (grandchild == 0) {
    alarm(60);
    _exit(answers("grandchild", number) ? 0 : 5);
  }
  if (waitpid(grandchild, &status, 0) != grandchild || status != 0) _exit(6);
  _exit(0);
}

static void children_answer_while_the_parent_is_busy(void) {
  pthread_t thread;
  void *trouble = NULL;
  int number, good = 0;
  CHECK(answers("parent", 0));
  CHECK(pthread_create(&thread, NULL, be_busy, NULL) == 0);
  for (number = 0; number < CHILDREN; number++) {
    oarlock_call *call = NULL;
    int status = -1;
    pid_t pid;
    CHECK(oarlock_list(store, NULL, NULL, &call, NULL) == OARLOCK_OK);
    pid = fork();
    if (pid == 0) child(number, call);
    CHECK(oarlock_call_finish(call, NULL, NULL) == OARLOCK_OK);
    CHECK(waitpid(pid, &status, 0) == pid);
    if (status == 0) good++;
    else printf("child %d: status %x\n", number, (unsigned)status);
  }
  __atomic_store_n(&busy, false, __ATOMIC_RELAXED);
  CHECK(pthread_join(thread, &trouble) == 0 && trouble == NULL);
  CHECK(good == CHILDREN);
  CHECK(is_there(store, "child-49") && is_there(store, "grandchild-49"));
}

/* A callback forks: in the child, the call is one that a thread of the parent serves. */
typedef struct waiter {
  oarlock_call *call;
  bool answered;
} waiter;

static ptrdiff_t fork_inside(void *userdata, uint8_t *buffer, size_t size) {
  waiter *waiter = userdata;
  int status = -1;
  pid_t pid = fork();
  (void)buffer, (void)size;
  if (pid == 0) {
    alarm(60);
    /* The call looks busy here for ever, but it is the parent's. */
    if (oarlock_call_wait(waiter->call, 0, NULL, NULL) != OARLOCK_FORKED) _exit(2);
    _exit(answers("inside", 0) ? 0 : 3);
  }
  waiter->answered = waitpid(pid, &status, 0) == pid && status == 0;
  return 0;
}

static void a_fork_from_inside_a_callback(void) {
  waiter waiter = {NULL, false};
  CHECK(oarlock_put(store, "empty", oarlock_source_callback(fork_inside, &waiter, -1), NULL, &waiter.call,
                    NULL) == OARLOCK_OK);
  CHECK(oarlock_call_finish(waiter.call, NULL, NULL) == OARLOCK_OK);
  CHECK(waiter.answered && is_there(store, "inside-0") && is_there(store, "empty"));
}

int main(int argc, char **argv) {
  workplace = argc > 1 ? argv[1] : ".";
  store = fresh_store();
  RUN(children_answer_while_the_parent_is_busy);
  RUN(a_fork_from_inside_a_callback);
  oarlock_store_free(store);
  return checked();
}
