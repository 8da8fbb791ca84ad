/* oarlock: S3 storage, credential resolution and client-side encryption for programs that embed them.
 *
 * Conventions
 *
 * Status    A function that can fail returns an oarlock_status: OARLOCK_OK, the number of the error, or,
 *           where its doc names it, OARLOCK_PENDING. Numbers never change their meaning; new ones are only
 *           appended.
 * Outputs   Written only on success. *error is written only on failure, and `error` may always be NULL.
 *           Nothing needs to be initialised, but set a variable to NULL if you free it on every way out.
 * NULL      A NULL where a pointer is needed is OARLOCK_INVALID_INPUT, never a crash. Functions that only
 *           look at a value or an error never fail: a missing part, or a NULL handle, gives NULL, 0 or false.
 *           Every *_free accepts NULL.
 * Ownership The caller frees, with T's *_free, what a function gives through a `T **` or as a `T *` that is
 *           not const. `const` pointers belong to the handle they came from and live as long as it does. What
 *           is passed in stays the caller's, but for sources and sinks: oarlock_start takes them over, on
 *           failure too.
 * Builders  Setting an option, or making a source or sink, keeps its first mistake. The function that takes
 *           it fails with that mistake, so their own statuses may be ignored. The name NULL adds a value
 *           without a name (for lists).
 * Text      UTF-8, NUL-terminated; oarlock_options_set_text takes pointer and size. Paths are in the file
 *           system's own bytes.
 * Options   Parameters, options and settings go by name. The verbs at the end of this header list them.
 * Threads   Every function may be called from any thread, and stores from many at a time. A set of options, a
 *           source or a sink belongs to one thread at a time. So does a call, but for oarlock_call_cancel and
 *           oarlock_call_progress. A second thread that serves a call meanwhile gets OARLOCK_INVALID_INPUT.
 * Callbacks Run only on a thread that is inside oarlock_call_wait, _read or _write for their call, with their
 *           own `userdata`, and never after oarlock_call_free. They must return: no longjmp and no exception
 *           through oarlock. They must not free their call; serving it from within is OARLOCK_INVALID_INPUT.
 *           A function of a store (oarlock_options_set_callback) runs on any thread that serves a call of it.
 * Fork      Stores work on in a child. A call of the parent returns OARLOCK_FORKED there and can only be
 *           freed.
 * Signals   oarlock's own threads block every signal. One that the waiting thread handles ends its wait with
 *           OARLOCK_PENDING.
 */

#ifndef OARLOCK_H
#define OARLOCK_H

/* The version of this header; oarlock_version() has that of the library. Before 1.0 a minor version may
 * change the interface. */
#define OARLOCK_VERSION_MAJOR @MAJOR@
#define OARLOCK_VERSION_MINOR @MINOR@
#define OARLOCK_VERSION_PATCH @PATCH@

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place that holds objects. */
typedef struct oarlock_store oarlock_store;
/* The storage classes of a package server, each a place that holds objects. */
typedef struct oarlock_classes oarlock_classes;
/* A verb that runs. */
typedef struct oarlock_call oarlock_call;
/* Values by name, to pass in: settings, parameters, options. */
typedef struct oarlock_options oarlock_options;
/* A value, or a tree of them, that a call returned. */
typedef struct oarlock_value oarlock_value;
/* Where a call reads the bytes to send. */
typedef struct oarlock_source oarlock_source;
/* Where a call writes the bytes that it gets. */
typedef struct oarlock_sink oarlock_sink;
/* An error. */
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
