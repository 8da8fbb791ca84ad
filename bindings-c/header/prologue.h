/* oarlock: S3 storage, credential resolution and client-side encryption for programs that embed them.
 *
 * Conventions
 *
 * Status    A function that can fail answers an oarlock_status: OARLOCK_OK, or the number of what went wrong, or, where its
 *           doc says so, OARLOCK_PENDING. Numbers never change their meaning; new ones are only appended.
 * Outputs   Written only on success; *error is written only on failure, and `error` may always be NULL. Nothing needs to be
 *           initialised, but a variable that is freed on every way out should begin as NULL.
 * NULL      A NULL where a pointer is needed is OARLOCK_INVALID_INPUT, never a crash. Functions that only look at a value or an
 *           error never fail: what is not there is NULL, 0 or false, for NULL as well. Every *_free accepts NULL.
 * Ownership What a function gives through a `T **` or as a `T *` that is not const is the caller's to free with T's *_free.
 *           `const` pointers that are given out belong to the handle they came from and live as long as it does.
 *           What is passed in stays the caller's, but for sources and sinks, which oarlock_start takes over, on failure too.
 * Builders  Setting an option or making a source or sink remembers its first mistake, and the function that takes it answers
 *           with that, in a sentence: so their own statuses may be ignored. The name NULL adds a value without a name (for lists).
 * Text      UTF-8, NUL-terminated; oarlock_options_set_text takes pointer and size. Paths are in the file system's own bytes.
 * Options   Parameters, options and settings go by name; the verbs at the end of this header tell them.
 * Threads   Every function may be called from any thread, and stores from many at a time. A set of options, a source or a sink
 *           belongs to one thread at a time, and so does a call, but for oarlock_call_cancel and oarlock_call_progress.
 *           A second thread that serves a call meanwhile is told OARLOCK_INVALID_INPUT.
 * Callbacks Run only on a thread that is inside oarlock_call_wait, _read or _write for their call, with the `userdata` they were
 *           given with, and never after oarlock_call_free. They must return: no longjmp and no exception through oarlock.
 *           What a store asks (oarlock_options_set_callback) runs on whichever thread serves a call of that store.
 *           They must not free their call; serving it from within is OARLOCK_INVALID_INPUT.
 * Fork      Stores work on in a child. A call of the parent answers OARLOCK_FORKED there and can only be freed.
 * Signals   oarlock's own threads block every signal. One that the waiting thread handles ends its wait with OARLOCK_PENDING.
 */

#ifndef OARLOCK_H
#define OARLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place that holds objects. */
typedef struct oarlock_store oarlock_store;
/* The storage classes of a package server, each a place that holds objects. */
typedef struct oarlock_classes oarlock_classes;
/* A verb under way. */
typedef struct oarlock_call oarlock_call;
/* Values by name, to pass in: settings, parameters, options. */
typedef struct oarlock_options oarlock_options;
/* A value, or a tree of them, that was answered. */
typedef struct oarlock_value oarlock_value;
/* Where bytes come from. */
typedef struct oarlock_source oarlock_source;
/* Where bytes go. */
typedef struct oarlock_sink oarlock_sink;
/* What went wrong. */
typedef struct oarlock_error oarlock_error;

/* The types of values. */
typedef enum oarlock_type {
  OARLOCK_TYPE_NULL = 0,
  OARLOCK_TYPE_BOOL = 1,
  OARLOCK_TYPE_INT = 2,
  OARLOCK_TYPE_STR = 3,
  OARLOCK_TYPE_BYTES = 4,
  OARLOCK_TYPE_TIME = 5,
  OARLOCK_TYPE_LIST = 6,
  OARLOCK_TYPE_MAP = 7,
  OARLOCK_TYPE_CALLBACK = 8
} oarlock_type;
