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
#define OARLOCK_VERSION_MAJOR 0
#define OARLOCK_VERSION_MINOR 1
#define OARLOCK_VERSION_PATCH 0

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

/* How a function went. */
typedef enum oarlock_status {
  /* Not yet: the time is over, or a signal was handled. */
  OARLOCK_PENDING = -1,
  /* Done. */
  OARLOCK_OK = 0,
  /* An argument or option is wrong; nothing was sent. */
  OARLOCK_INVALID_INPUT = 1,
  /* A setting is unknown, malformed or contradicts another. */
  OARLOCK_CONFIG = 2,
  /* No usable credentials were found, or they have expired. */
  OARLOCK_CREDENTIALS = 3,
  /* The server refuses the request: these credentials lack the permission. */
  OARLOCK_PERMISSION_DENIED = 4,
  /* The object, version or upload does not exist. */
  OARLOCK_NOT_FOUND = 5,
  /* The bucket, or the store's directory, does not exist. */
  OARLOCK_NO_SUCH_BUCKET = 6,
  /* The object, bucket, file or directory to create exists already. */
  OARLOCK_ALREADY_EXISTS = 7,
  /* A condition (if_match, if_none_match, …) did not hold. */
  OARLOCK_PRECONDITION = 8,
  /* The object has not changed since the caller's copy. */
  OARLOCK_NOT_MODIFIED = 9,
  /* The requested range lies outside the object. */
  OARLOCK_RANGE = 10,
  /* The server throttles requests, and retries did not help. */
  OARLOCK_THROTTLED = 11,
  /* A time limit passed. */
  OARLOCK_TIMEOUT = 12,
  /* The server could not be reached, or the connection broke. */
  OARLOCK_NETWORK = 13,
  /* The server failed or sent an unexpected response. */
  OARLOCK_SERVICE = 14,
  /* The bucket lives in another region. */
  OARLOCK_WRONG_REGION = 15,
  /* The object or the source changed during the transfer. */
  OARLOCK_CHANGED = 16,
  /* The bytes do not match their checksum or length. */
  OARLOCK_CORRUPT = 17,
  /* The object could not be decrypted. */
  OARLOCK_DECRYPT = 18,
  /* The object's key commitment is missing, wrong or forbidden by the policy. */
  OARLOCK_KEY_COMMITMENT = 19,
  /* The call was cancelled. */
  OARLOCK_CANCELLED = 20,
  /* The call was started in the parent of this process. */
  OARLOCK_FORKED = 21,
  /* The local file system or a host's stream failed. */
  OARLOCK_IO = 22,
  /* This store, server or build cannot do that. */
  OARLOCK_UNSUPPORTED = 23,
  /* A defect in oarlock itself. */
  OARLOCK_INTERNAL = 24,
  /* The disk, the quota or the server has no room for the bytes. */
  OARLOCK_STORAGE_FULL = 25
} oarlock_status;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Makes a set of options. Free it with oarlock_options_free.
 */
oarlock_options *oarlock_options_new(void);

/*
 Copies options; a copy of NULL is empty. Free it with oarlock_options_free.
 */
oarlock_options *oarlock_options_copy(const oarlock_options *options);

/*
 Copies the options that the verb takes and leaves out the others: for a program that gives the same set to
 `head` and to `get`. A verb that does not exist takes none. Free the copy with oarlock_options_free.
 */
oarlock_options *oarlock_options_copy_for(const oarlock_options *options, const char *verb);

/*
 Frees options.
 */
void oarlock_options_free(oarlock_options *options);

/*
 Sets an option to null, which counts as not given.
 */
oarlock_status oarlock_options_set_null(oarlock_options *options, const char *name);

/*
 Sets an option to true or false.
 */
oarlock_status oarlock_options_set_bool(oarlock_options *options, const char *name, bool value);

/*
 Sets an option to a whole number.
 */
oarlock_status oarlock_options_set_int(oarlock_options *options, const char *name, int64_t value);

/*
 Sets an option to NUL-terminated text.
 */
oarlock_status oarlock_options_set_str(oarlock_options *options, const char *name, const char *value);

/*
 Sets an option to text of this size.
 */
oarlock_status oarlock_options_set_text(oarlock_options *options,
                                        const char *name,
                                        const char *value,
                                        size_t size);

/*
 Sets an option to bytes, which are copied.
 */
oarlock_status oarlock_options_set_bytes(oarlock_options *options,
                                         const char *name,
                                         const uint8_t *value,
                                         size_t size);

/*
 Sets an option to a time: whole seconds, which may be negative, and nanoseconds below 1000000000 after
 1970 UTC.
 */
oarlock_status oarlock_options_set_time(oarlock_options *options,
                                        const char *name,
                                        int64_t seconds,
                                        uint32_t nanoseconds);

/*
 Sets an option to a map: a copy of these names and values.
 */
oarlock_status oarlock_options_set_map(oarlock_options *options,
                                       const char *name,
                                       const oarlock_options *entries);

/*
 Sets an option to a list: a copy of these values in their order; their names, usually NULL, do not matter.
 */
oarlock_status oarlock_options_set_list(oarlock_options *options,
                                        const char *name,
                                        const oarlock_options *items);

/*
 Sets a setting, or an option of a call, to a function that the thread that serves a call runs
 (oarlock_call_wait, _read, _write). The question is a map or, for a call's option, a list, and lives until
 the function returns. The function fills the empty `answer` and returns 0. A single value under the name
 NULL is the answer itself, else the answer is the map of all that was set. If it returns anything but 0,
 it failed, and a text under the name NULL is the reason. Any thread that serves a call may run it.
 `release` (or NULL) is called once with `userdata`: when the last of the options, stores and calls that
 hold the function is freed, or at once if it can't be set.
 */
oarlock_status oarlock_options_set_callback(oarlock_options *options,
                                            const char *name,
                                            int (*ask)(void *userdata,
                                                       const oarlock_value *question,
                                                       oarlock_options *answer),
                                            void *userdata,
                                            void (*release)(void *userdata));

/*
 Opens the place that a URL names, `s3://bucket/prefix` or `file:///directory`; settings may be NULL. No
 network is touched. Free the store with oarlock_store_free.
 */
oarlock_status oarlock_store_open(const char *url,
                                  const oarlock_options *settings,
                                  oarlock_store **store,
                                  oarlock_error **error);

/*
 Makes another handle of the same store, which is cheap; NULL for NULL. Free it with oarlock_store_free.
 */
oarlock_store *oarlock_store_clone(const oarlock_store *store);

/*
 Frees a store; calls under way go on.
 */
void oarlock_store_free(oarlock_store *store);

/*
 The store's URL without settings and secrets; it lives as long as the handle.
 */
const char *oarlock_store_url(const oarlock_store *store);

/*
 Gives the settings that the store was opened with, as a map with secrets left out.
 */
oarlock_status oarlock_store_settings(const oarlock_store *store,
                                      oarlock_value **settings,
                                      oarlock_error **error);

/*
 Reads the storage classes of a package server's `.gcfg` file: from a path, or from the file's text. A
 string with a line break is text. Free them with oarlock_classes_free.
 */
oarlock_status oarlock_classes_open(const char *path_or_text,
                                    oarlock_classes **classes,
                                    oarlock_error **error);

/*
 The same with settings that win over the file's: `settings` for all classes that are kept in S3,
 `overrides` for single ones, each a map (oarlock_options_set_map) under the class's name, which wins over
 both; either may be NULL. A key to encrypt with that the file names stays in force. Free them with
 oarlock_classes_free.
 */
oarlock_status oarlock_classes_open_with(const char *path_or_text,
                                         const oarlock_options *settings,
                                         const oarlock_options *overrides,
                                         oarlock_classes **classes,
                                         oarlock_error **error);

/*
 Frees storage classes; stores that were opened by them stay open.
 */
void oarlock_classes_free(oarlock_classes *classes);

/*
 Gives the names of the classes, as a list of text in order.
 */
oarlock_status oarlock_classes_names(const oarlock_classes *classes,
                                     oarlock_value **names,
                                     oarlock_error **error);

/*
 Opens the store of a class, such as `packages`. No network is touched. Free the store with
 oarlock_store_free.
 */
oarlock_status oarlock_classes_store(const oarlock_classes *classes,
                                     const char *name,
                                     oarlock_store **store,
                                     oarlock_error **error);

/*
 Gives the file's entry of a class, as a StorageClass.
 */
oarlock_status oarlock_classes_about(const oarlock_classes *classes,
                                     const char *name,
                                     oarlock_value **about,
                                     oarlock_error **error);

/*
 A source of bytes that are copied now.
 */
oarlock_source *oarlock_source_bytes(const uint8_t *data, size_t size);

/*
 A source of bytes that the caller keeps, unchanged, until the call is freed; they are read only by the
 thread that waits.
 */
oarlock_source *oarlock_source_view(const uint8_t *data, size_t size);

/*
 A source that is a file, read by oarlock's own threads.
 */
oarlock_source *oarlock_source_file(const char *path);

/*
 A source that a function fills: it writes into the buffer and returns how many bytes, 0 for the end, or a
 negative number, which fails the call with OARLOCK_IO. `size` is how many bytes there will be in all, or
 -1 if that is not known.
 */
oarlock_source *oarlock_source_callback(ptrdiff_t (*read)(void *userdata, uint8_t *buffer, size_t size),
                                        void *userdata,
                                        int64_t size);

/*
 A source of the bytes that oarlock_call_write is given; oarlock_call_wait ends it.
 */
oarlock_source *oarlock_source_pushed(void);

/*
 Frees a source that was not given to oarlock_start.
 */
void oarlock_source_free(oarlock_source *source);

/*
 A sink that is memory: the reply's `body`. NULL means the same.
 */
oarlock_sink *oarlock_sink_memory(void);

/*
 A sink that is a file: it appears, whole, only after the last byte was written and verified.
 */
oarlock_sink *oarlock_sink_file(const char *path);

/*
 A sink that hands the bytes, in order, to a function; if it returns anything but 0, the call fails with
 OARLOCK_IO.
 */
oarlock_sink *oarlock_sink_callback(int (*write)(void *userdata, const uint8_t *data, size_t size),
                                    void *userdata);

/*
 A sink whose bytes oarlock_call_read reads.
 */
oarlock_sink *oarlock_sink_pulled(void);

/*
 Frees a sink that was not given to oarlock_start.
 */
void oarlock_sink_free(oarlock_sink *sink);

/*
 Starts a verb by name, with its parameters and options by name. `options`, `source` and `sink` may be
 NULL. The options stay the caller's; the source and the sink are taken over, on failure too. Free the call
 with oarlock_call_free.
 */
oarlock_status oarlock_start(const oarlock_store *store,
                             const char *verb,
                             const oarlock_options *options,
                             oarlock_source *source,
                             oarlock_sink *sink,
                             oarlock_call **call,
                             oarlock_error **error);

/*
 As oarlock_start, for a caller that goes on to oarlock_call_wait at once. The waiting thread then does
 short work itself, at half the cost of waking another. Nothing moves before the wait.
 */
oarlock_status oarlock_start_blocking(const oarlock_store *store,
                                      const char *verb,
                                      const oarlock_options *options,
                                      oarlock_source *source,
                                      oarlock_sink *sink,
                                      oarlock_call **call,
                                      oarlock_error **error);

/*
 Serves the call, callbacks included, until it ends, and gives its reply: once. Free the reply with
 oarlock_value_free. OARLOCK_PENDING: the time is over, or a signal was handled; the call goes on, wait
 again. With 0 it never waits. A pushed source ends here, and unread bytes of a pulled sink are dropped.
 `reply` may be NULL.
 */
oarlock_status oarlock_call_wait(oarlock_call *call,
                                 int timeout_ms,
                                 oarlock_value **reply,
                                 oarlock_error **error);

/*
 Reads the next bytes of a pulled sink. `count` is 0 only at the end, after which oarlock_call_wait gives
 the reply. The last byte comes only after the whole was checked: if the bytes are wrong, the read that
 would give it fails, and so does every later one. OARLOCK_PENDING: nothing came in time, or a signal was
 handled.
 */
oarlock_status oarlock_call_read(oarlock_call *call,
                                 int timeout_ms,
                                 uint8_t *buffer,
                                 size_t size,
                                 size_t *count,
                                 oarlock_error **error);

/*
 Gives the next bytes, all of them, to a pushed source; they are copied. OARLOCK_PENDING: they were not
 taken in time, or a signal was handled; write them again.
 */
oarlock_status oarlock_call_write(oarlock_call *call,
                                  int timeout_ms,
                                  const uint8_t *data,
                                  size_t size,
                                  oarlock_error **error);

/*
 Writes a descriptor that is readable (poll, epoll) while there is something to serve: call
 oarlock_call_wait with 0 then. It is the call's own: never read, write or close it.
 */
oarlock_status oarlock_call_fd(oarlock_call *call, int *fd, oarlock_error **error);

/*
 Cancels the call, from any thread: it ends with OARLOCK_CANCELLED once its unfinished work is undone.
 */
oarlock_status oarlock_call_cancel(const oarlock_call *call);

/*
 Writes, from any thread, the bytes moved so far and the total, -1 if it is not known. Either place may be
 NULL.
 */
oarlock_status oarlock_call_progress(const oarlock_call *call, uint64_t *done, int64_t *total);

/*
 Sets a function that the waiting thread calls with the bytes moved and the total, or -1. If it returns
 anything but 0, the call is cancelled and ends with OARLOCK_CANCELLED.
 */
oarlock_status oarlock_call_on_progress(oarlock_call *call, int (*progress)(void *userdata,
                                                                            uint64_t done,
                                                                            int64_t total), void *userdata);

/*
 Sets a function that the waiting thread calls with events of the call (a retry, for example), from
 oarlock_log_level on.
 */
oarlock_status oarlock_call_on_log(oarlock_call *call, void (*log)(void *userdata,
                                                                   int level,
                                                                   const char *message), void *userdata);

/*
 Frees a call and cancels it if it is still under way; no callback of it runs after this.
 */
void oarlock_call_free(oarlock_call *call);

/*
 The value's type; that of NULL is OARLOCK_TYPE_NULL.
 */
oarlock_type oarlock_value_type(const oarlock_value *value);

/*
 The value, if it is a bool; else false.
 */
bool oarlock_value_bool(const oarlock_value *value);

/*
 The value, if it is an int; else 0.
 */
int64_t oarlock_value_int(const oarlock_value *value);

/*
 The NUL-terminated text and its size without the NUL, if it is a str; else NULL and 0. `size` may be NULL.
 */
const char *oarlock_value_str(const oarlock_value *value, size_t *size);

/*
 The bytes and how many, if it is bytes; else NULL and 0. `size` may be NULL.
 */
const uint8_t *oarlock_value_bytes(const oarlock_value *value, size_t *size);

/*
 The time as whole seconds, which may be negative, and nanoseconds after 1970 UTC; false if it is none.
 Either place may be NULL.
 */
bool oarlock_value_time(const oarlock_value *value, int64_t *seconds, uint32_t *nanoseconds);

/*
 How many items a list or entries a map has; else 0.
 */
size_t oarlock_value_count(const oarlock_value *value);

/*
 The item of a list, or the value of a map's entry, at this place; else NULL. It lives as long as the whole
 value.
 */
const oarlock_value *oarlock_value_at(const oarlock_value *value, size_t index);

/*
 The name of a map's entry at this place; else NULL. It lives as long as the whole value.
 */
const char *oarlock_value_name(const oarlock_value *value, size_t index);

/*
 The value of a map's entry of this name; else NULL. It lives as long as the whole value.
 */
const oarlock_value *oarlock_value_get(const oarlock_value *value, const char *name);

/*
 Frees a whole value; never one that lies within another.
 */
void oarlock_value_free(oarlock_value *value);

/*
 The error's kind: the status that the function returned.
 */
oarlock_status oarlock_error_kind(const oarlock_error *error);

/*
 The sentence to show. Like the other texts, it lives as long as the error.
 */
const char *oarlock_error_message(const oarlock_error *error);

/*
 The verb that failed, or NULL.
 */
const char *oarlock_error_verb(const oarlock_error *error);

/*
 The bucket, or the directory of a `file://` store, or NULL.
 */
const char *oarlock_error_bucket(const oarlock_error *error);

/*
 The key as the caller gave it, or NULL.
 */
const char *oarlock_error_key(const oarlock_error *error);

/*
 S3's own error code, for example `NoSuchKey`, or NULL.
 */
const char *oarlock_error_code(const oarlock_error *error);

/*
 The server's request id, or NULL.
 */
const char *oarlock_error_request_id(const oarlock_error *error);

/*
 The HTTP status, or 0 if no server responded.
 */
int oarlock_error_http_status(const oarlock_error *error);

/*
 Whether the same call may succeed later without a change.
 */
bool oarlock_error_retryable(const oarlock_error *error);

/*
 Frees an error.
 */
void oarlock_error_free(oarlock_error *error);

/*
 The library's version, for example `"0.1.0"`.
 */
const char *oarlock_version(void);

/*
 Gives every verb as a list of maps: name, doc, params and options (each a list of maps: name, type,
 required, doc), reply, pages, progress (`bytes` or `objects`: what `oarlock_call_on_progress` reports;
 null for a verb that is one request).
 */
oarlock_status oarlock_verbs(oarlock_value **table, oarlock_error **error);

/*
 Sets from which level on events reach the log callbacks of calls: 10 debug, 20 info, 30 warnings (the
 default).
 */
void oarlock_log_level(int level);

/*
 Waits until no call of this process is under way, freed ones that still undo their work included;
 OARLOCK_PENDING when the time is over.
 */
oarlock_status oarlock_drain(int timeout_ms);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* The status's name, for example "NotFound"; "" for a number this header does not know. */
static inline const char *oarlock_status_name(oarlock_status status) {
  switch ((int)status) {
    case OARLOCK_PENDING: return "Pending";
    case OARLOCK_OK: return "Ok";
    case OARLOCK_INVALID_INPUT: return "InvalidInput";
    case OARLOCK_CONFIG: return "Config";
    case OARLOCK_CREDENTIALS: return "Credentials";
    case OARLOCK_PERMISSION_DENIED: return "PermissionDenied";
    case OARLOCK_NOT_FOUND: return "NotFound";
    case OARLOCK_NO_SUCH_BUCKET: return "NoSuchBucket";
    case OARLOCK_ALREADY_EXISTS: return "AlreadyExists";
    case OARLOCK_PRECONDITION: return "Precondition";
    case OARLOCK_NOT_MODIFIED: return "NotModified";
    case OARLOCK_RANGE: return "Range";
    case OARLOCK_THROTTLED: return "Throttled";
    case OARLOCK_TIMEOUT: return "Timeout";
    case OARLOCK_NETWORK: return "Network";
    case OARLOCK_SERVICE: return "Service";
    case OARLOCK_WRONG_REGION: return "WrongRegion";
    case OARLOCK_CHANGED: return "Changed";
    case OARLOCK_CORRUPT: return "Corrupt";
    case OARLOCK_DECRYPT: return "Decrypt";
    case OARLOCK_KEY_COMMITMENT: return "KeyCommitment";
    case OARLOCK_CANCELLED: return "Cancelled";
    case OARLOCK_FORKED: return "Forked";
    case OARLOCK_IO: return "Io";
    case OARLOCK_UNSUPPORTED: return "Unsupported";
    case OARLOCK_INTERNAL: return "Internal";
    case OARLOCK_STORAGE_FULL: return "StorageFull";
    default: return "";
  }
}

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

/* What the verbs answer: maps of these names, with OARLOCK_TYPE_NULL for what is not known.
 *
 * ObjectMeta: An object's metadata.
 *   key (str): The key, without the store's prefix.
 *   size (int): The whole object's size in bytes; absent if the response has no Content-Length.
 *   etag (str): The entity tag, without quotes.
 *   last_modified (time): When it was stored.
 *   version_id (str): Its version, in a versioned bucket.
 *   content_type (str): The media type.
 *   content_encoding (str): How the body is compressed.
 *   content_language (str): The language of the content.
 *   content_disposition (str): How a browser should present it.
 *   cache_control (str): How caches may keep it.
 *   expires (time): When caches should drop it.
 *   metadata (map): User metadata, names in lower case.
 *   storage_class (str): The storage class; absent means STANDARD.
 *   sse (str): Server-side encryption: `AES256`, `aws:kms`, `aws:kms:dsse`.
 *   sse_kms_key_id (str): The KMS key it is encrypted with.
 *   sse_customer_algorithm (str): `AES256` if a customer key encrypts it.
 *   size_estimated (bool): Whether `size` may be up to 16 bytes too large: `head` can't compute the size of client-side encrypted content that is, or may be, padded (AES/CBC). A whole `get` returns the exact size.
 *
 * GetReply: The reply of `get`.
 *   meta (ObjectMeta): The object's metadata.
 *   offset (int): The offset of the first byte delivered.
 *   length (int): The number of bytes delivered.
 *   body (bytes): The bytes, if they went to memory.
 *
 * ThroughReply: The reply of `fetch_through`.
 *   meta (ObjectMeta): The object's metadata: the stored object's, or what the upstream reported.
 *   length (int): The number of bytes delivered.
 *   body (bytes): The bytes, if they went to memory.
 *   source (str): Where the object came from: `stored`, `fetched` from the upstream and stored, `joined` (another call was fetching it), or `passed` through.
 *   kept (bool): Whether the object is stored now.
 *   unkept (str): Why it could not be stored; absent if it was, or was not to be.
 *
 * Identity: The reply of `credentials`: the keys that sign requests now. Treat it as a secret.
 *   provider (str): Their source: `static`, `env`, `profile`, `process`, `sso`, `web_identity`, `assume_role`, `container` or `instance_profile`.
 *   access_key_id (str): The access key id.
 *   secret_access_key (str): The secret access key.
 *   session_token (str): The session token of temporary keys.
 *   expires (time): When they expire; absent if they do not expire.
 *   account_id (str): The account that they belong to, if their source reports it.
 *   region (str): The region in the signature of requests.
 *
 * PutReply: The reply of `put` and `copy`.
 *   etag (str): The entity tag of the new object, without quotes.
 *   version_id (str): Its version, in a versioned bucket.
 *   size (int): The number of bytes stored.
 *
 * ContentReply: The reply of `put_by_content`.
 *   key (str): The key: prefix, SHA-256 in hexadecimal digits, suffix.
 *   size (int): The number of bytes.
 *   etag (str): The entity tag of the new object, without quotes; absent if it was there already.
 *   existed (bool): Whether the object was there already.
 *
 * DeleteReply: The reply of `delete`.
 *   version_id (str): The version that was deleted, or the new delete marker's.
 *   delete_marker (bool): Whether a delete marker was created or deleted.
 *
 * Deleted: One key of `delete_many`.
 *   key (str): The key.
 *   version_id (str): The version that the caller named.
 *   error (str): The name of the error kind; absent if the object was deleted.
 *   message (str): The error's message.
 *
 * Fetched: One object of `get_many`.
 *   key (str): The key.
 *   meta (ObjectMeta): The object's metadata; absent if it failed.
 *   body (bytes): The bytes, if they went to memory.
 *   error (str): The name of the error kind; absent if the object was fetched.
 *   message (str): The error's message.
 *
 * Stored: One object of `put_many`.
 *   key (str): The key.
 *   etag (str): The entity tag of the new object, without quotes.
 *   version_id (str): Its version, in a versioned bucket.
 *   size (int): The number of bytes stored.
 *   error (str): The name of the error kind; absent if the object was stored.
 *   message (str): The error's message.
 *
 * Headed: One object of `head_many`.
 *   key (str): The key.
 *   meta (ObjectMeta): The object's metadata; absent if it failed.
 *   error (str): The name of the error kind, `NotFound` for a missing object; absent if the request succeeded.
 *   message (str): The error's message.
 *
 * SyncStep: One step of a `sync_up` or `sync_down`.
 *   action (str): `upload`, `download` or `delete`.
 *   key (str): The object's key.
 *   path (str): The file.
 *   size (int): The bytes to transfer; 0 for a deletion.
 *   reason (str): The reason: `new`, `size`, `newer`, `etag`, or `gone` for a deletion.
 *
 * SyncReply: The reply of `sync_up` and `sync_down`.
 *   transferred (int): Objects or files that were transferred; in a dry run, that would be.
 *   size (int): Their bytes.
 *   unchanged (int): Objects or files that were equal already.
 *   deleted (int): Objects or files that were deleted; in a dry run, that would be.
 *   steps (list of SyncStep): The steps of a dry run, in the order of the keys; else empty.
 *
 * Usage: The reply of `usage`.
 *   objects (int): The number of objects.
 *   size (int): Their bytes.
 *   free (int): Bytes that may still be written to the file system of a directory store; absent for a bucket.
 *
 * BadObject: An object that can't be read whole and right.
 *   key (str): The key.
 *   error (str): The name of the error kind.
 *   message (str): The error's message.
 *
 * VerifyReply: The reply of `verify`.
 *   verified (int): Objects that were read whole and are as they were stored.
 *   size (int): Their bytes.
 *   failed (list of BadObject): The other objects, in the order of their keys.
 *
 * Unencrypted: An object that lies in the clear.
 *   key (str): The key.
 *   size (int): Its bytes.
 *
 * UnencryptedReply: The reply of `find_unencrypted`.
 *   checked (int): Objects that were looked at.
 *   objects (list of Unencrypted): Those in the clear, in the order of their keys.
 *
 * EncryptReply: The reply of `encrypt_all`.
 *   encrypted (int): Objects that were in the clear and are encrypted now.
 *   unchanged (int): Objects that were encrypted already.
 *   failed (list of BadObject): Objects that are still in the clear, in the order of their keys.
 *
 * Rekeyed: An object that `rekey_all` could not give a new envelope.
 *   key (str): The key.
 *   error (str): The name of the error kind.
 *   message (str): The error's message.
 *
 * RekeyReply: The reply of `rekey_all`.
 *   rekeyed (int): Objects that got a new envelope.
 *   unchanged (int): Objects whose envelope was under the store's key already.
 *   failed (list of Rekeyed): Objects that failed, in the order of their keys.
 *
 * Entry: One row of a listing: an object, a version, a delete marker or a common prefix.
 *   key (str): The key, or the common prefix.
 *   is_prefix (bool): Whether this is a common prefix.
 *   size (int): The size in bytes; 0 for prefixes and delete markers.
 *   etag (str): The entity tag, without quotes.
 *   last_modified (time): When it was stored.
 *   storage_class (str): The storage class.
 *   version_id (str): The version; only from `list_versions`.
 *   is_latest (bool): Whether it is the newest version; only from `list_versions`.
 *   is_delete_marker (bool): Whether it is a delete marker; only from `list_versions`.
 *
 * Page: A page of a listing, in UTF-8 byte order of the keys.
 *   entries (list of Entry): The rows.
 *   next (str): The `continuation` of the next page; absent on the last.
 *
 * Grant: One permission that an ACL grants.
 *   grantee (str): The grantee: `id=…`, `uri=…` or `emailAddress=…`.
 *   permission (str): `READ`, `READ_ACP`, `WRITE_ACP`, `WRITE` or `FULL_CONTROL`.
 *
 * Acl: An object's access control list.
 *   owner (str): The owner's canonical id.
 *   grants (list of Grant): The permissions granted.
 *
 * Bucket: A bucket.
 *   name (str): Its name.
 *   created (time): When it was created.
 *
 * Upload: An unfinished multipart upload.
 *   key (str): The key of the object that it would create.
 *   upload_id (str): Its id, for `abort_upload`.
 *   initiated (time): When it started.
 *
 * UploadPage: A page of unfinished uploads.
 *   entries (list of Upload): The uploads.
 *   next (str): The `continuation` of the next page; absent on the last.
 *
 * StorageClass: A storage class of a package server's file.
 *   name (str): Its name, in lower case.
 *   kind (str): The kind of its store: `s3` or `file`.
 *   url (str): The URL of its store, without settings.
 *   skip_validation (bool): Whether the server starts without a test that writes, reads and deletes an object there.
 *   cache_timeout (str): How long the server may cache results, as written in the file.
 *   retain_fetched_packages (bool): For `bioconductor`, `cran` and `pypi`: whether to keep packages that were fetched from the source. If the file does not set it, those in S3 are not kept.
 *
 * Explained: One row of the reply of `explain`.
 *   what (str): The subject: a setting by its name, or for example `provider`, `tried`, `check put`.
 *   value (str): The value as text, never a secret; for a broken part, the error's message.
 *   source (str): Where the value comes from, for example `setting`, `URL`, `environment variable AWS_REGION`, `default`; absent if it has no source.
 *   error (str): The name of the error kind, if this part prevents the store from working.
 *
 * VerbStats: Statistics of a store's calls of one verb, including those in progress. Each store in each process counts separately.
 *   verb (str): The verb.
 *   calls (int): Calls that finished.
 *   failures (int): Finished calls that failed or were cancelled.
 *   microseconds (int): Total microseconds of the finished calls.
 *   requests (int): Requests sent, retries included.
 *   retries (int): Requests that were retries of a failed one.
 *   throttled (int): Responses that throttled the client.
 *   bytes (int): Bytes of objects sent and received.
 *   first_byte (int): Average microseconds from a request to the first byte of its response; absent without a response.
 *   slowest_first_byte (int): Longest such time, in microseconds.
 *   streams (int): Requests that the last transfer of a large object kept going at a time when it was last measured; absent without one.
 *   rate (int): Bytes per second of that transfer, then.
 *   limit (str): Why it had no more requests: `measuring`, `growing`, `busy` (this machine is), `no gain`, `most` (the setting or the process allows no more) or `throttled`.
 *   hits (int): For `fetch_through`: objects that were stored already.
 *   fetched (int): Objects that this store's calls fetched from an upstream to store them.
 *   joined (int): Objects whose fetch another call had started.
 *   passed (int): Objects that were passed through.
 *   unkept (int): Objects that were fetched and could not be stored.
 *   upstream_errors (int): Calls that failed because the upstream did.
 *   upstream_bytes (int): Bytes that came from upstreams.
 */

/* The verbs. Each starts a call of its own name; its parameters come first, then its options by name. */

/* Fetches an object: whole or a range, to memory, to a file, or as a stream.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
 *   key (str): The object's key.
 *   into (sink): Where the bytes go. Default: memory.
 * Options:
 *   range (range): Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`. Default: all.
 *   version_id (str): The version to fetch. Default: the newest.
 *   if_match (str): Only if the object's ETag is this one, else `Precondition`.
 *   if_none_match (str): Only if the object's ETag is not this one, else `NotModified`.
 *   if_modified_since (time): Only if changed after this time, else `NotModified`.
 *   if_unmodified_since (time): Only if not changed after this time, else `Precondition`.
 *   sse_customer_key (bytes): The SSE-C key that the object was stored with. Default: the store's setting.
 *   encryption_context (map): The encryption context that the object was stored with. Default: the store's setting.
 *   unverified (bool): Whether to return bytes of an encrypted object before they are verified. A stream returns them as they arrive and fails at its end if they are corrupt. A range can't be verified by itself: it needs this option, or `whole`. Default: false.
 *   whole (bool): Whether an encrypted object is fetched whole and verified, and kept for a while, so that this and further ranges are read from there. Other objects' ranges are fetched alone in any case, and so are those of a call with `unverified`. Default: false.
 *   journal (str): For a get into a file: a journal file, or a directory for one. After a crash or a retryable failure the same call resumes from it; until then the fetched bytes stay beside the target. Default: none; a failed call leaves nothing.
 * Reply: GetReply.
 */
static inline oarlock_status oarlock_get(const oarlock_store *store, const char *key, oarlock_sink *into, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "get", arguments, NULL, into, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Fetches an object through the store: from it if it is there, else from an upstream. One fetch serves
 * all calls of the process that want the object meanwhile. The bytes are returned as they come, and
 * stored once they are whole and checked.
 * Source: <https://www.rfc-editor.org/rfc/rfc9111>
 *   key (str): The object's key.
 *   upstream (str): The URL of the object, if it must be fetched: `https://`, `http://`, `s3://` or `file://`. Or give `resolve`.
 *   into (sink): Where the bytes go. Default: memory.
 * Options:
 *   resolve (callback): A function that returns where the object comes from, in place of `upstream`. It is called with a map of `key`, only if the object is missing and no other call is fetching it. It returns a URL, or a map of `url` and optionally `headers`, `size`, `checksum` and `content_type`; null means `NotFound`.
 *   upstream_headers (map): Headers for the upstream's server, for example `Authorization`. A redirect to another host does not get them. Default: none.
 *   upstream_settings (map): Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
 *   retain (bool): Whether to store what is fetched. If false, it is passed through; calls that come while it is fetched still share the fetch. Default: the store's `retain_fetched`, true.
 *   must_keep (bool): Whether a failure to store the object fails the call; otherwise the reply has `kept` = false. Default: false.
 *   verified (bool): Whether a stream returns its first byte only after the whole was fetched and checked. Default: false; it then fails at its end if the bytes are wrong.
 *   refresh (bool): Whether to ask the upstream if a stored object changed, and to fetch it again then: for indexes. Default: false.
 *   stale_if_error (bool): With `refresh`: whether the stored object is returned while the upstream fails. Default: true.
 *   size (int): The size in bytes that the object must have; another one is not kept. Default: any.
 *   checksum (str): The checksum that the object must have, as `sha256:HEX` (also `sha512`, `sha1`, `md5`); another one is not kept. Default: none.
 *   max_size (int): The most bytes to take from the upstream. Default: no limit.
 *   content_type (str): The media type to store. Default: the upstream's.
 *   metadata (map): User metadata to store.
 * Reply: ThroughReply.
 */
static inline oarlock_status oarlock_fetch_through(const oarlock_store *store, const char *key, const char *upstream, oarlock_sink *into, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  if (upstream != NULL) oarlock_options_set_str(arguments, "upstream", upstream);
  status = oarlock_start(store, "fetch_through", arguments, NULL, into, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns the metadata of a stored object, or else what the upstream reports. Fetches and stores
 * nothing.
 * Source: <https://www.rfc-editor.org/rfc/rfc9111>
 *   key (str): The object's key.
 *   upstream (str): The URL of the object, as for `fetch_through`.
 * Options:
 *   resolve (callback): A function that returns where the object comes from, as for `fetch_through`.
 *   upstream_headers (map): Headers for the upstream's server. Default: none.
 *   upstream_settings (map): Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
 * Reply: ObjectMeta.
 */
static inline oarlock_status oarlock_head_through(const oarlock_store *store, const char *key, const char *upstream, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  if (upstream != NULL) oarlock_options_set_str(arguments, "upstream", upstream);
  status = oarlock_start(store, "head_through", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Fetches many ranges of one object and returns their bytes in the given order. One request fetches
 * ranges that lie close together.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
 *   key (str): The object's key.
 *   ranges (list of ranges): The ranges, in the forms that `get` accepts.
 * Options:
 *   gap (int): If at most so many bytes lie between two ranges, one request fetches both. Default: 65536, about what a connection carries in the time that a request costs.
 *   version_id (str): The version to fetch. Default: the newest.
 *   if_match (str): Only if the object's ETag is this one, else `Precondition`.
 *   sse_customer_key (bytes): The SSE-C key that the object was stored with. Default: the store's setting.
 *   encryption_context (map): The encryption context that the object was stored with. Default: the store's setting.
 *   unverified (bool): Whether to return ranges of an encrypted object, which can't be verified. Default: false.
 *   whole (bool): Whether ranges of an encrypted object are read from the whole, which is fetched, verified and kept for a while. Default: false.
 * Reply: list of bytes.
 */
static inline oarlock_status oarlock_get_ranges(const oarlock_store *store, const char *key, const oarlock_options *ranges, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  oarlock_options_set_list(arguments, "ranges", ranges);
  status = oarlock_start(store, "get_ranges", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Stores an object from bytes, a file, a reader or an iterator. It appears whole or not at all. Large
 * and endless sources are sent as multipart uploads.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
 *   key (str): The object's key.
 *   source (source): The bytes to store.
 * Options:
 *   content_type (str): The media type. Default: none; the server chooses.
 *   content_encoding (str): How the body is compressed, for example `gzip`; oarlock sends the bytes as they are.
 *   content_language (str): The language of the content.
 *   content_disposition (str): How a browser should present it, for example `attachment`.
 *   cache_control (str): How caches may keep it.
 *   expires (time): When caches should drop it.
 *   metadata (map): User metadata: ASCII names and values, at most 2 KB together.
 *   tags (map): Tags: at most 10.
 *   storage_class (str): The storage class, for example `STANDARD_IA`. Default: the store's setting.
 *   acl (str): A canned ACL, for example `public-read`; not together with `grant_*`. Default: the store's setting.
 *   grant_read (str): Grantees that may read the object, for example `id="…", uri="…"`. Default: the store's setting.
 *   grant_read_acp (str): Grantees that may read its ACL. Default: the store's setting.
 *   grant_write_acp (str): Grantees that may write its ACL. Default: the store's setting.
 *   grant_full_control (str): Grantees that may do all three. Default: the store's setting.
 *   sse (str): Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
 *   sse_kms_key_id (str): The KMS key for `aws:kms`: id, alias or ARN. Default: the store's setting.
 *   sse_customer_key (bytes): A customer key (SSE-C), 32 bytes; not together with `sse`. Default: the store's setting.
 *   encryption_context (map): The encryption context of the object's key, for a store that encrypts under KMS. Default: the store's setting.
 *   if_match (str): Only if the object there now has this ETag, else `Precondition`.
 *   if_none_match (str): `"*"`: only if no object is there, else `Precondition`.
 *   after (list of keys): Objects whose bytes go before the source's, in order; with the object's own key, the source is appended to it. The server copies them, except for pieces below 5 MiB, which are fetched. Default: none.
 *   part_size (int): Bytes in a part of a multipart upload. Default: the setting `multipart_chunksize`.
 *   journal (str): A journal file, or a directory for one. After a crash or a retryable failure the same call resumes from it; until then, or until `abort_uploads`, the uploaded parts stay. Default: none; a failed call leaves nothing.
 * Reply: PutReply.
 */
static inline oarlock_status oarlock_put(const oarlock_store *store, const char *key, oarlock_source *source, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "put", arguments, source, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Stores an object whose key is the SHA-256 of its bytes. Nothing is visible before the whole source was
 * read. If the object is there already, it stays.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
 *   source (source): The bytes to store.
 * Options:
 *   prefix (str): The start of the key, before the checksum. Default: none.
 *   suffix (str): The end of the key, behind the checksum, for example `.tar.gz`. Default: none.
 *   content_type (str): The media type. Default: none; the server chooses.
 *   metadata (map): User metadata: ASCII names and values, at most 2 KB together.
 * Reply: ContentReply.
 */
static inline oarlock_status oarlock_put_by_content(const oarlock_store *store, oarlock_source *source, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "put_by_content", arguments, source, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns an object's metadata.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
 *   key (str): The object's key.
 * Options:
 *   version_id (str): The version to look at. Default: the newest.
 *   if_match (str): Only if the object's ETag is this one, else `Precondition`.
 *   if_none_match (str): Only if the object's ETag is not this one, else `NotModified`.
 *   if_modified_since (time): Only if changed after this time, else `NotModified`.
 *   if_unmodified_since (time): Only if not changed after this time, else `Precondition`.
 *   sse_customer_key (bytes): The SSE-C key that the object was stored with. Default: the store's setting.
 *   wait (seconds): Seconds to look again for an object that is missing, such as one that another machine has just written to a directory on NFS. Also as text: `10m`, a package server's `CacheTimeout`. Default: 0.
 * Reply: ObjectMeta.
 */
static inline oarlock_status oarlock_head(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "head", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns whether an object exists. A refusal (403) is an error, not false.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
 *   key (str): The object's key.
 * Options:
 *   version_id (str): The version to look for. Default: the newest.
 *   sse_customer_key (bytes): The SSE-C key that the object was stored with. Default: the store's setting.
 * Reply: bool.
 */
static inline oarlock_status oarlock_exists(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "exists", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Deletes an object. A missing object counts as deleted.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
 *   key (str): The object's key.
 * Options:
 *   version_id (str): The version to delete for good. Default: none; a versioned bucket then keeps the newest version behind a delete marker.
 *   if_match (str): Only if the object has this ETag, else `Precondition`.
 * Reply: DeleteReply.
 */
static inline oarlock_status oarlock_delete(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "delete", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Deletes any number of objects, 1000 per request. Returns one result for each, in the given order, or
 * passes results to `each` as they arrive.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
 *   keys (list of keys): The keys, as text or as `{key, version_id}`.
 * Options:
 *   each (callback): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
 * Reply: list of Deleted.
 */
static inline oarlock_status oarlock_delete_many(const oarlock_store *store, const oarlock_options *keys, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_list(arguments, "keys", keys);
  status = oarlock_start(store, "delete_many", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Fetches many objects at a time, each to a file or to memory. A file appears whole or not at all.
 * Returns one result for each, in the given order, or passes results to `each` as they arrive.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
 *   items (list of objects): The objects: keys, or `{key, path, version_id}` with the file to write. Without `path` the reply holds the bytes. Without `each`, all of them are in memory at once.
 * Options:
 *   max_concurrency (int): Objects transferred at a time, 1 to 1000. Default: 64.
 *   each (callback): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
 * Reply: list of Fetched.
 */
static inline oarlock_status oarlock_get_many(const oarlock_store *store, const oarlock_options *items, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_list(arguments, "items", items);
  status = oarlock_start(store, "get_many", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Stores many objects at a time. Returns one result for each, in the given order, or passes results to
 * `each` as they arrive.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
 *   items (list of objects): The objects: `{key, path}` for a file, `{key, body}` for bytes, each with an optional `content_type`.
 * Options:
 *   max_concurrency (int): Objects transferred at a time, 1 to 1000. Default: 64.
 *   each (callback): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
 *   metadata (map): User metadata: ASCII names and values, at most 2 KB together.
 *   storage_class (str): The storage class, for example `STANDARD_IA`. Default: the store's setting.
 *   if_none_match (str): `"*"`: only where no object exists yet; others fail with `Precondition`.
 * Reply: list of Stored.
 */
static inline oarlock_status oarlock_put_many(const oarlock_store *store, const oarlock_options *items, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_list(arguments, "items", items);
  status = oarlock_start(store, "put_many", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns the metadata of many objects, in the given order, or passes it to `each` as it arrives. A
 * missing object has the error `NotFound`.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
 *   items (list of objects): The objects: keys, or `{key, version_id}`.
 * Options:
 *   max_concurrency (int): Objects requested at a time, 1 to 1000. Default: 64.
 *   each (callback): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
 * Reply: list of Headed.
 */
static inline oarlock_status oarlock_head_many(const oarlock_store *store, const oarlock_options *items, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_list(arguments, "items", items);
  status = oarlock_start(store, "head_many", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Makes the objects under a prefix equal to a directory: uploads new and changed files and, with
 * `delete`, deletes objects without a file. If interrupted, run it again to resume.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
 *   directory (directory): The directory to read. Links to files are followed, links to directories are not.
 *   prefix (str): The start of the keys; a slash is added. Default: none.
 * Options:
 *   compare (str): How files and objects are compared: `size_mtime` (same size, and the target is not older than the source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each object of its file's size). Default: `size_mtime`.
 *   include (list of str): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
 *   exclude (list of str): Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
 *   delete (bool): Whether to delete at the target what the source does not have, after everything else succeeded. Default: false.
 *   dry_run (bool): Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
 *   max_concurrency (int): Objects transferred at a time, 1 to 1000. Default: 64.
 * Reply: SyncReply.
 */
static inline oarlock_status oarlock_sync_up(const oarlock_store *store, const char *directory, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "directory", directory);
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "sync_up", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Makes a directory equal to the objects under a prefix: `sync_up` in the other direction. Files get the
 * objects' times.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
 *   directory (directory): The directory to write; created if it is missing.
 *   prefix (str): The start of the keys; a slash is added. Default: none.
 * Options:
 *   compare (str): How files and objects are compared: `size_mtime` (same size, and the target is not older than the source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each object of its file's size). Default: `size_mtime`.
 *   include (list of str): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
 *   exclude (list of str): Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
 *   delete (bool): Whether to delete at the target what the source does not have, after everything else succeeded. Default: false.
 *   dry_run (bool): Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
 *   max_concurrency (int): Objects transferred at a time, 1 to 1000. Default: 64.
 * Reply: SyncReply.
 */
static inline oarlock_status oarlock_sync_down(const oarlock_store *store, const char *directory, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "directory", directory);
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "sync_down", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Copies an object on the server, in parts above 5 GiB.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
 *   source_key (str): The key to copy from.
 *   key (str): The key to copy to.
 * Options:
 *   source_bucket (str): The bucket to copy from. With this option the source key does not get the store's prefix. Default: the store's own bucket.
 *   source_store (str): The URL of another store to copy from, a bucket or a directory. If it has this store's server, identity and encryption, the server copies; else the bytes come here and are encrypted anew. Default: this store.
 *   source_settings (map): Settings of `source_store`. Default: those of its URL and the environment.
 *   source_version_id (str): The version to copy. Default: the newest.
 *   source_if_match (str): Only if the source has this ETag, else `Precondition`.
 *   source_if_none_match (str): Only if the source does not have this ETag, else `Precondition`.
 *   source_sse_customer_key (bytes): The SSE-C key of the source. Default: the store's `sse_customer_key`.
 *   content_type (str): The media type. If this option, another header or `metadata` is given, all of the source's are replaced.
 *   content_encoding (str): How the body is compressed.
 *   content_language (str): The language of the content.
 *   content_disposition (str): How a browser should present it.
 *   cache_control (str): How caches may keep it.
 *   expires (time): When caches should drop it.
 *   metadata (map): User metadata in place of the source's.
 *   tags (map): Tags in place of the source's.
 *   storage_class (str): The storage class. Default: the store's setting.
 *   acl (str): A canned ACL. Default: the store's setting.
 *   grant_read (str): Grantees that may read the object. Default: the store's setting.
 *   grant_read_acp (str): Grantees that may read its ACL. Default: the store's setting.
 *   grant_write_acp (str): Grantees that may write its ACL. Default: the store's setting.
 *   grant_full_control (str): Grantees that may do all three. Default: the store's setting.
 *   sse (str): Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
 *   sse_kms_key_id (str): The KMS key of the copy. Default: the store's setting.
 *   sse_customer_key (bytes): The customer key of the copy, 32 bytes. Default: the store's setting.
 *   if_match (str): Only if the object there now has this ETag, else `Precondition`.
 *   if_none_match (str): `"*"`: only if no object is there, else `Precondition`.
 *   preserve_etag (bool): Whether the copy must have the source's ETag: an object that was stored in parts is then copied in the same parts. If the ETag differs all the same, the call fails with `Unsupported`, and the copy stays. Default: false.
 *   journal (str): A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a crash or a retryable failure the same call resumes: it reads the source again and sends the parts that are missing. Default: none; a failed call leaves nothing.
 * Reply: PutReply.
 */
static inline oarlock_status oarlock_copy(const oarlock_store *store, const char *source_key, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "source_key", source_key);
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "copy", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Moves an object to another key, or here from another store: copies it and deletes the source, if that
 * is still what was copied. If interrupted, the source is there; run it again.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html>
 *   source_key (str): The key to move from.
 *   key (str): The key to move to.
 * Options:
 *   source_store (str): The URL of another store to move from, a bucket or a directory. Default: this store.
 *   source_settings (map): Settings of `source_store`. Default: those of its URL and the environment.
 *   source_if_match (str): Only if the source has this ETag, else `Precondition`.
 *   if_match (str): Only if the object there now has this ETag, else `Precondition`.
 *   if_none_match (str): `"*"`: only if no object is there, else `Precondition`.
 *   journal (str): A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a crash or a retryable failure the same call resumes: it reads the source again and sends the parts that are missing. Default: none; a failed call leaves nothing.
 * Reply: PutReply.
 */
static inline oarlock_status oarlock_move(const oarlock_store *store, const char *source_key, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "source_key", source_key);
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "move", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Gives an encrypted object a new envelope: its data key is wrapped by the store's key instead of the
 * one in `old`. The content is not transferred. Returns whether it was needed.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
 *   key (str): The object's key.
 * Options:
 *   old (map): The settings `encryption_*` that unwrap the object's key now, by name; an AES key as base64 text. Default: the store's own.
 *   enforce_rotation (bool): Whether to prove, before anything is written, that the settings in `old` can't open the new envelope. Default: false.
 * Reply: bool.
 */
static inline oarlock_status oarlock_rekey(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "rekey", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Gives all encrypted objects under a prefix new envelopes, as `rekey` does. It skips objects whose
 * envelope is under the store's key already; if interrupted, run it again to resume.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
 *   prefix (str): The start of the keys. Default: any.
 * Options:
 *   old (map): The settings `encryption_*` that unwrap the objects' keys now, by name; an AES key as base64 text. Default: the store's own.
 *   enforce_rotation (bool): Whether to prove for each object, before anything is written, that the settings in `old` can't open the new envelope. Default: false.
 *   start_after (str): Only keys after this one, in UTF-8 byte order.
 * Reply: RekeyReply.
 */
static inline oarlock_status oarlock_rekey_all(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "rekey_all", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Finds the objects under a prefix that lie in the clear in a store that encrypts: such as those that an
 * old client sent in parts. Two requests an object.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
 *   prefix (str): The start of the keys. Default: any.
 * Options:
 *   start_after (str): Only keys after this one, for example to resume. Default: all.
 * Reply: UnencryptedReply.
 */
static inline oarlock_status oarlock_find_unencrypted(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "find_unencrypted", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Encrypts the objects under a prefix that lie in the clear. The ciphertext is read back and verified
 * before it replaces the object. It skips encrypted objects; if interrupted, run it again to resume.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
 *   prefix (str): The start of the keys. Default: any.
 * Options:
 *   start_after (str): Only keys after this one, for example to resume. Default: all.
 * Reply: EncryptReply.
 */
static inline oarlock_status oarlock_encrypt_all(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "encrypt_all", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Lists objects whose keys begin with a prefix, in UTF-8 byte order, page by page.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
 *   prefix (str): The start of the keys. Default: any.
 * Options:
 *   delimiter (str): Keys with the same text up to this delimiter are returned once, as a common prefix. Usually `"/"`. Default: none.
 *   start_after (str): Only keys after this one, in UTF-8 byte order.
 *   page_size (int): Entries in one page, 1 to 1000. Default: 1000, the server's.
 *   continuation (str): Where to resume: the `next` of the page before. Default: the first page.
 * Reply: Page; `continuation` is the page before's `next`.
 */
static inline oarlock_status oarlock_list(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "list", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Lists versions and delete markers, by key and then newest first, page by page.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
 *   prefix (str): The start of the keys. Default: any.
 * Options:
 *   delimiter (str): Keys with the same text up to this delimiter are returned once, as a common prefix. Default: none.
 *   page_size (int): Entries in one page, 1 to 1000. Default: 1000, the server's.
 *   continuation (str): Where to resume: the `next` of the page before. Default: the first page.
 * Reply: Page; `continuation` is the page before's `next`.
 */
static inline oarlock_status oarlock_list_versions(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "list_versions", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns how many objects there are under a prefix, and their bytes. It costs what a listing costs.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
 *   prefix (str): The start of the keys. Default: any.
 * Reply: Usage.
 */
static inline oarlock_status oarlock_usage(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "usage", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Reads every object under a prefix as `get` does, without keeping it, and returns those that can't be
 * read whole and right: checksums and encryption are verified.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
 *   prefix (str): The start of the keys. Default: any.
 * Options:
 *   max_concurrency (int): Objects read at a time, 1 to 1000. Default: 64.
 *   start_after (str): Only keys after this one, for example to resume. Default: all.
 * Reply: VerifyReply.
 */
static inline oarlock_status oarlock_verify(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "verify", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns a URL that lets anyone send one kind of request for one object until it expires. Treat it as a
 * secret.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
 *   key (str): The object's key.
 * Options:
 *   method (str): What the URL allows: `get`, `put`, `head` or `delete`. Default: `get`.
 *   expires_in (seconds): Seconds until the URL expires, 1 to 604800. If the credentials expire earlier, so does the URL. Default: 3600.
 *   version_id (str): The version it is for. Default: the newest.
 *   content_type (str): For `put`: the media type that the request must carry.
 *   content_length (int): For `put`: the number of bytes that the request must carry.
 *   content_md5 (str): For `put`: the MD5 of the bytes that the request must carry, as base64 text.
 *   response_content_type (str): For `get` and `head`: the media type of the response. Default: the object's.
 *   response_content_disposition (str): For `get` and `head`: how a browser should present the response, for example `attachment`. Default: as the object names it.
 * Reply: str.
 */
static inline oarlock_status oarlock_presign(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "presign", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns an object's access control list.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>
 *   key (str): The object's key.
 * Options:
 *   version_id (str): The version. Default: the newest.
 * Reply: Acl.
 */
static inline oarlock_status oarlock_get_acl(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "get_acl", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Replaces an object's access control list.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>
 *   key (str): The object's key.
 * Options:
 *   version_id (str): The version. Default: the newest.
 *   acl (str): A canned ACL, for example `private` or `public-read`.
 *   grant_read (str): Grantees that may read the object.
 *   grant_read_acp (str): Grantees that may read its ACL.
 *   grant_write_acp (str): Grantees that may write its ACL.
 *   grant_full_control (str): Grantees that may do all three.
 * Reply: nothing.
 */
static inline oarlock_status oarlock_set_acl(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "set_acl", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns an object's tags.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>
 *   key (str): The object's key.
 * Options:
 *   version_id (str): The version. Default: the newest.
 * Reply: map.
 */
static inline oarlock_status oarlock_get_tags(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "get_tags", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Replaces an object's tags.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>
 *   key (str): The object's key.
 *   tags (map): The tags, at most 10.
 * Options:
 *   version_id (str): The version. Default: the newest.
 * Reply: nothing.
 */
static inline oarlock_status oarlock_set_tags(const oarlock_store *store, const char *key, const oarlock_options *tags, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  oarlock_options_set_map(arguments, "tags", tags);
  status = oarlock_start(store, "set_tags", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Removes an object's tags.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>
 *   key (str): The object's key.
 * Options:
 *   version_id (str): The version. Default: the newest.
 * Reply: nothing.
 */
static inline oarlock_status oarlock_delete_tags(const oarlock_store *store, const char *key, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  status = oarlock_start(store, "delete_tags", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns the region of the store's bucket.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
 * Reply: str.
 */
static inline oarlock_status oarlock_bucket_region(const oarlock_store *store, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "bucket_region", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns the credentials that sign the store's requests, for a host that passes them to another
 * program. Treat them as a secret.
 * Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
 * Reply: Identity.
 */
static inline oarlock_status oarlock_credentials(const oarlock_store *store, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "credentials", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Explains the store's configuration: its identity, endpoint, proxy and other settings, each with its
 * source, and the sources of credentials that had none. Each broken part is a row of its own. It fetches
 * credentials, but sends nothing to the bucket unless `check` is true.
 * Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>
 * Options:
 *   check (bool): Whether to test the store too: put, head, get, list and delete an object of a random name, and abort an upload. Default: false.
 *   identity (bool): Whether to fetch the credentials, to describe them. If false, nothing is sent. A directory needs none. Default: true.
 * Reply: list of Explained.
 */
static inline oarlock_status oarlock_explain(const oarlock_store *store, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "explain", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns statistics of this store's calls so far, by verb: requests, retries, bytes, times. Sends no
 * request.
 * Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
 * Reply: list of VerbStats.
 */
static inline oarlock_status oarlock_stats(const oarlock_store *store, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "stats", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Lists the buckets of the account.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
 * Reply: list of Bucket.
 */
static inline oarlock_status oarlock_list_buckets(const oarlock_store *store, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "list_buckets", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Creates the store's bucket, in the store's region.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
 * Reply: nothing.
 */
static inline oarlock_status oarlock_create_bucket(const oarlock_store *store, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "create_bucket", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Deletes the store's bucket, which must be empty.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
 * Reply: nothing.
 */
static inline oarlock_status oarlock_delete_bucket(const oarlock_store *store, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "delete_bucket", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Returns whether the store's bucket keeps versions: `Enabled`, `Suspended` or `Unversioned`.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>
 * Reply: str.
 */
static inline oarlock_status oarlock_get_versioning(const oarlock_store *store, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  status = oarlock_start(store, "get_versioning", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Makes the store's bucket keep versions, or keep no new ones. Versions that exist stay.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>
 *   state (str): `Enabled` or `Suspended`.
 * Reply: nothing.
 */
static inline oarlock_status oarlock_set_versioning(const oarlock_store *store, const char *state, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "state", state);
  status = oarlock_start(store, "set_versioning", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Replaces the access control list of the store's bucket by a canned one.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html>
 *   acl (str): A canned ACL, for example `public-read`.
 * Reply: nothing.
 */
static inline oarlock_status oarlock_set_bucket_acl(const oarlock_store *store, const char *acl, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "acl", acl);
  status = oarlock_start(store, "set_bucket_acl", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Lists unfinished multipart uploads, page by page.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
 *   prefix (str): The start of the keys. Default: any.
 * Options:
 *   older_than (seconds): Only uploads that started so many seconds ago or earlier. A page may then be empty and still have a next one. Default: all.
 *   page_size (int): Entries in one page, 1 to 1000. Default: 1000, the server's.
 *   continuation (str): Where to resume: the `next` of the page before. Default: the first page.
 * Reply: UploadPage; `continuation` is the page before's `next`.
 */
static inline oarlock_status oarlock_list_uploads(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "list_uploads", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Aborts an unfinished multipart upload and frees its parts.
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>
 *   key (str): The key of the upload.
 *   upload_id (str): The upload's id, from `list_uploads`.
 * Reply: nothing.
 */
static inline oarlock_status oarlock_abort_upload(const oarlock_store *store, const char *key, const char *upload_id, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  oarlock_options_set_str(arguments, "key", key);
  oarlock_options_set_str(arguments, "upload_id", upload_id);
  status = oarlock_start(store, "abort_upload", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

/* Aborts old unfinished multipart uploads, frees their parts, and returns them. Source:
 * <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>
 *   prefix (str): The start of the keys. Default: any.
 * Options:
 *   older_than (seconds): Minimum age of an upload in seconds; 0 also aborts uploads that are still in progress. Default: 86400, one day.
 * Reply: list of Upload.
 */
static inline oarlock_status oarlock_abort_uploads(const oarlock_store *store, const char *prefix, const oarlock_options *options, oarlock_call **call, oarlock_error **error) {
  oarlock_options *arguments = oarlock_options_copy(options);
  oarlock_status status;
  if (prefix != NULL) oarlock_options_set_str(arguments, "prefix", prefix);
  status = oarlock_start(store, "abort_uploads", arguments, NULL, NULL, call, error);
  oarlock_options_free(arguments);
  return status;
}

#endif
