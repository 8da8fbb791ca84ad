/* Serves the call without waiting: for event loops, when oarlock_call_fd is readable. */
static inline oarlock_status oarlock_call_step(oarlock_call *call, oarlock_value **reply,
                                               oarlock_error **error) {
  return oarlock_call_wait(call, 0, reply, error);
}

/* Waits for the end of a call, through signals, and frees it. */
static inline oarlock_status oarlock_call_finish(oarlock_call *call, oarlock_value **reply,
                                                 oarlock_error **error) {
  oarlock_status status;
  do {
    status = oarlock_call_wait(call, -1, reply, error);
  } while (status == OARLOCK_PENDING);
  oarlock_call_free(call);
  return status;
}
