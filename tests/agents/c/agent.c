/* The C agent: a JSON request a line in, a JSON answer a line out, see tests/agents/README.md.
 *
 * Invariant: only oarlock.h is used, as a C program would use it. C has no file objects; its reader and
 * writer are calls that are read from and written to, and a seek starts a new one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

#define STORES 4096
static oarlock_store *stores[STORES];
static int opened;

/* A source of the agent's own: chunks, passed as a reader (as many bytes as it requests) or one by one. */
typedef struct feed {
  const cJSON *chunk;
  buffer bytes;
  size_t done;
  bool as_reader, fails;
} feed;

static ptrdiff_t feed_read(void *userdata, uint8_t *room, size_t size) {
  feed *from = userdata;
  size_t filled = 0;
  while (filled < size) {
    size_t count = from->bytes.size - from->done;
    if (count == 0) {
      if (from->chunk == NULL) break;
      buffer_free(&from->bytes);
      from->bytes = from_base64(from->chunk);
      from->done = 0;
      from->chunk = from->chunk->next;
      continue;
    }
    if (count > size - filled) count = size - filled;
    memcpy(room + filled, from->bytes.data + from->done, count);
    from->done += count;
    filled += count;
    if (!from->as_reader) break;
  }
  return filled == 0 && from->fails ? -1 : (ptrdiff_t)filled;
}

static int keep(void *userdata, const uint8_t *data, size_t size) {
  buffer_add(userdata, data, size);
  return 0;
}

static int refuse(void *userdata, const uint8_t *data, size_t size) {
  (void)userdata, (void)data, (void)size;
  return 1;
}

static oarlock_source *make_source(const cJSON *spec, feed *own) {
  const cJSON *value = spec->child;
  if (strcmp(value->string, "file") == 0) return oarlock_source_file(value->valuestring);
  if (strcmp(value->string, "bytes") == 0) {
    own->bytes = from_base64(value);
    return oarlock_source_view(own->bytes.data, own->bytes.size);
  }
  own->chunk = value->child;
  own->as_reader = strcmp(value->string, "iterator") != 0;
  own->fails = strcmp(value->string, "reader_fails") == 0;
  return oarlock_source_callback(feed_read, own, -1);
}

static oarlock_sink *make_sink(const cJSON *spec, buffer *kept, bool *streams) {
  const cJSON *file = cJSON_GetObjectItemCaseSensitive(spec, "file");
  if (file != NULL) return oarlock_sink_file(file->valuestring);
  if (strcmp(spec->valuestring, "memory") == 0) return oarlock_sink_memory();
  *streams = true;
  return strcmp(spec->valuestring, "stream") == 0 ? oarlock_sink_callback(keep, kept)
                                                  : oarlock_sink_callback(refuse, NULL);
}

/* What a call reports: its last progress, and how many log events. */
typedef struct reports {
  uint64_t done;
  int64_t total, events;
} reports;

static int on_progress(void *userdata, uint64_t done, int64_t total) {
  reports *seen = userdata;
  seen->done = done;
  seen->total = total;
  return 0;
}

static void on_log(void *userdata, int level, const char *message) {
  (void)level, (void)message;
  ((reports *)userdata)->events++;
}

/* Waits a millisecond at a time, with every function that a call can report to. */
static oarlock_status finish_with_reports(oarlock_call *call, reports *seen, oarlock_value **reply,
                                          oarlock_error **error) {
  oarlock_status status;
  oarlock_call_on_progress(call, on_progress, seen);
  oarlock_call_on_log(call, on_log, seen);
  do {
    status = oarlock_call_wait(call, 1, reply, error);
  } while (status == OARLOCK_PENDING);
  oarlock_call_free(call);
  return status;
}

static cJSON *reports_to_json(cJSON *reply, const reports *seen) {
  cJSON *answer = cJSON_CreateObject();
  cJSON_AddItemToObject(answer, "reply", reply);
  cJSON_AddNumberToObject(answer, "done", (double)seen->done);
  cJSON_AddNumberToObject(answer, "total", (double)seen->total);
  cJSON_AddNumberToObject(answer, "events", (double)seen->events);
  return answer;
}

/* Runs a verb to its end; `seen` is NULL where nobody asks what it reports. */
static oarlock_status once(const oarlock_store *store, const char *verb, const cJSON *args, reports *seen,
                           cJSON **answer, oarlock_error **error) {
  oarlock_options *options = oarlock_options_new();
  oarlock_source *source = NULL;
  oarlock_sink *sink = NULL;
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  oarlock_status status;
  feed own = {NULL, {NULL, 0, 0}, 0, false, false};
  buffer kept = {NULL, 0, 0};
  bool streams = false;
  const cJSON *arg;

  cJSON_ArrayForEach(arg, args) {
    const cJSON *source_spec = cJSON_GetObjectItemCaseSensitive(arg, "$source"),
                *sink_spec = cJSON_GetObjectItemCaseSensitive(arg, "$sink");
    if (source_spec != NULL) source = make_source(source_spec, &own);
    else if (sink_spec != NULL) sink = make_sink(sink_spec, &kept, &streams);
    else if (strcmp(arg->string, "$pages") != 0) set_value(options, arg->string, arg);
  }
  status = (seen != NULL ? oarlock_start_blocking : oarlock_start)(store, verb, options, source, sink, &call,
                                                                   error);
  if (status == OARLOCK_OK)
    status = seen != NULL ? finish_with_reports(call, seen, &reply, error)
                          : oarlock_call_finish(call, &reply, error);
  if (status == OARLOCK_OK) {
    *answer = value_to_json(reply);
    if (seen != NULL) *answer = reports_to_json(*answer, seen);
    if (streams) cJSON_ReplaceItemInObjectCaseSensitive(*answer, "body", bytes_to_json(kept.data, kept.size));
  }
  oarlock_options_free(options);
  oarlock_value_free(reply);
  buffer_free(&own.bytes);
  buffer_free(&kept);
  return status;
}

static bool answers_pages(const char *verb) {
  oarlock_value *table = NULL;
  bool pages = false;
  size_t at;
  oarlock_verbs(&table, NULL);
  for (at = 0; at < oarlock_value_count(table); at++) {
    const oarlock_value *row = oarlock_value_at(table, at);
    if (strcmp(oarlock_value_str(oarlock_value_get(row, "name"), NULL), verb) == 0)
      pages = oarlock_value_bool(oarlock_value_get(row, "pages"));
  }
  oarlock_value_free(table);
  return pages;
}

static oarlock_status all_pages(const oarlock_store *store, const char *verb, const cJSON *args,
                                cJSON **answer, oarlock_error **error) {
  cJSON *asked = cJSON_Duplicate(args, true), *rows = cJSON_CreateArray();
  const cJSON *limit = cJSON_GetObjectItemCaseSensitive(args, "$pages");
  const int most = limit != NULL ? limit->valueint : -1;
  oarlock_status status = OARLOCK_OK;
  int count;
  for (count = 0; count != most; count++) {
    cJSON *page = NULL, *next, *entries;
    if ((status = once(store, verb, asked, NULL, &page, error)) != OARLOCK_OK) break;
    entries = cJSON_GetObjectItemCaseSensitive(page, "entries");
    while (entries->child != NULL) cJSON_AddItemToArray(rows, cJSON_DetachItemFromArray(entries, 0));
    next = cJSON_DetachItemFromObjectCaseSensitive(page, "next");
    cJSON_Delete(page);
    cJSON_DeleteItemFromObjectCaseSensitive(asked, "continuation");
    if (!cJSON_IsString(next)) {
      cJSON_Delete(next);
      break;
    }
    cJSON_AddItemToObject(asked, "continuation", next);
  }
  cJSON_Delete(asked);
  if (status == OARLOCK_OK) {
    *answer = cJSON_CreateObject();
    cJSON_AddItemToObject(*answer, "entries", rows);
  } else {
    cJSON_Delete(rows);
  }
  return status;
}

/* An object that is read here and there. */
typedef struct file {
  const oarlock_store *store;
  oarlock_options *options;
  oarlock_call *call;
  int64_t size, at;
} file;

static oarlock_status file_open(file *file, const char *key, const cJSON *args, oarlock_error **error) {
  oarlock_call *call = NULL;
  oarlock_value *meta = NULL;
  oarlock_status status;
  const char *etag;
  const cJSON *arg;
  oarlock_options *of_head;
  file->options = oarlock_options_new();
  oarlock_options_set_bool(file->options, "whole", 1);
  cJSON_ArrayForEach(arg, args) set_value(file->options, arg->string, arg);
  of_head = oarlock_options_copy_for(file->options, "head");
  status = oarlock_head(file->store, key, of_head, &call, error);
  oarlock_options_free(of_head);
  if (status == OARLOCK_OK) status = oarlock_call_finish(call, &meta, error);
  if (status != OARLOCK_OK) return status;
  file->size = oarlock_value_int(oarlock_value_get(meta, "size"));
  etag = oarlock_value_str(oarlock_value_get(meta, "etag"), NULL);
  if (etag != NULL) oarlock_options_set_str(file->options, "if_match", etag);
  oarlock_value_free(meta);
  return OARLOCK_OK;
}

/* Reads so many bytes, or with -1 all that are left. From the first byte on without a range, so that the
 * whole is checked. */
static oarlock_status file_read(file *file, const char *key, int64_t wanted, buffer *into,
                                oarlock_error **error) {
  while (wanted != 0) {
    uint8_t room[65536];
    size_t count = 0, most;
    oarlock_status status = OARLOCK_OK;
    if (file->call == NULL) {
      char range[32];
      if (file->at > 0 && file->at >= file->size) break;
      snprintf(range, sizeof range, "%lld-", (long long)file->at);
      if (file->at > 0) oarlock_options_set_str(file->options, "range", range);
      else oarlock_options_set_null(file->options, "range");
      status = oarlock_get(file->store, key, oarlock_sink_pulled(), file->options, &file->call, error);
    }
    most = wanted > 0 && wanted < 65536 ? (size_t)wanted : sizeof room;
    if (status == OARLOCK_OK) status = oarlock_call_read(file->call, -1, room, most, &count, error);
    if (status == OARLOCK_PENDING) continue;
    if (status != OARLOCK_OK) return status;
    if (count == 0) break;
    buffer_add(into, room, count);
    file->at += (int64_t)count;
    if (wanted > 0) wanted -= (int64_t)count;
  }
  return OARLOCK_OK;
}

static oarlock_status reader(const oarlock_store *store, const cJSON *request, cJSON **answer,
                             oarlock_error **error) {
  const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "key"));
  file opened_file = {store, NULL, NULL, 0, 0};
  oarlock_status status =
      file_open(&opened_file, key, cJSON_GetObjectItemCaseSensitive(request, "args"), error);
  cJSON *told = cJSON_CreateArray();
  const cJSON *step;
  cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(request, "do")) {
    const char *what = step->child->valuestring;
    const cJSON *first = step->child->next;
    if (status != OARLOCK_OK) break;
    if (strcmp(what, "read") == 0) {
      buffer bytes = {NULL, 0, 0};
      status = file_read(&opened_file, key, cJSON_IsNumber(first) ? (int64_t)first->valuedouble : -1, &bytes,
                         error);
      cJSON_AddItemToArray(told, bytes_to_json(bytes.data, bytes.size));
      buffer_free(&bytes);
      continue;
    }
    if (strcmp(what, "seek") == 0) {
      const int whence = first->next != NULL ? first->next->valueint : 0;
      opened_file.at = (int64_t)first->valuedouble + (whence == 1   ? opened_file.at
                                                      : whence == 2 ? opened_file.size
                                                                    : 0);
      oarlock_call_free(opened_file.call);
      opened_file.call = NULL;
    }
    cJSON_AddItemToArray(told, cJSON_CreateNumber((double)opened_file.at));
  }
  oarlock_call_free(opened_file.call);
  oarlock_options_free(opened_file.options);
  *answer = told;
  return status;
}

static oarlock_status writer(const oarlock_store *store, const cJSON *request, cJSON **answer,
                             oarlock_error **error) {
  oarlock_options *options = oarlock_options_new();
  oarlock_call *call = NULL;
  oarlock_value *reply = NULL;
  oarlock_status status;
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(request, "args"))
    set_value(options, item->string, item);
  status = oarlock_put(store, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "key")),
                       oarlock_source_pushed(), options, &call, error);
  oarlock_options_free(options);
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(request, "chunks")) {
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(item, "$bytes");
    buffer bytes = from_base64(text != NULL ? text : item);
    if (status == OARLOCK_OK) {
      do {
        status = oarlock_call_write(call, -1, bytes.data, bytes.size, error);
      } while (status == OARLOCK_PENDING);
    }
    buffer_free(&bytes);
  }
  if (status == OARLOCK_OK && !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "fail"))) {
    status = oarlock_call_finish(call, &reply, error);
  } else {
    oarlock_call_free(call);
    /* The driver looks for what must not be there: let the cancelled call undo its work first. */
    oarlock_drain(-1);
  }
  if (status == OARLOCK_OK) *answer = value_to_json(reply);
  oarlock_value_free(reply);
  return status;
}

static cJSON *field_names(const oarlock_value *fields) {
  cJSON *names = cJSON_CreateArray();
  size_t at;
  for (at = 0; at < oarlock_value_count(fields); at++)
    cJSON_AddItemToArray(names, cJSON_CreateString(oarlock_value_str(
                                    oarlock_value_get(oarlock_value_at(fields, at), "name"), NULL)));
  return names;
}

static oarlock_status verbs(cJSON **answer, oarlock_error **error) {
  oarlock_value *table = NULL;
  const oarlock_status status = oarlock_verbs(&table, error);
  size_t at;
  *answer = cJSON_CreateObject();
  for (at = 0; at < oarlock_value_count(table); at++) {
    const oarlock_value *verb = oarlock_value_at(table, at);
    cJSON *shape = cJSON_AddObjectToObject(*answer, oarlock_value_str(oarlock_value_get(verb, "name"), NULL));
    cJSON_AddItemToObject(shape, "params", field_names(oarlock_value_get(verb, "params")));
    cJSON_AddItemToObject(shape, "options", field_names(oarlock_value_get(verb, "options")));
  }
  oarlock_value_free(table);
  return status;
}

static oarlock_status tell_classes(const char *source, cJSON **answer, oarlock_error **error) {
  oarlock_classes *classes = NULL;
  oarlock_value *names = NULL;
  oarlock_status status = oarlock_classes_open(source, &classes, error);
  size_t at;
  *answer = cJSON_CreateArray();
  if (status == OARLOCK_OK) status = oarlock_classes_names(classes, &names, error);
  for (at = 0; status == OARLOCK_OK && at < oarlock_value_count(names); at++) {
    oarlock_value *about = NULL;
    status =
        oarlock_classes_about(classes, oarlock_value_str(oarlock_value_at(names, at), NULL), &about, error);
    if (status == OARLOCK_OK) cJSON_AddItemToArray(*answer, value_to_json(about));
    oarlock_value_free(about);
  }
  oarlock_value_free(names);
  oarlock_classes_free(classes);
  return status;
}

static oarlock_status open_class(const char *source, const oarlock_options *settings,
                                 const oarlock_options *overrides, const char *name, oarlock_store **store,
                                 oarlock_error **error) {
  oarlock_classes *classes = NULL;
  oarlock_status status = oarlock_classes_open_with(source, settings, overrides, &classes, error);
  if (status == OARLOCK_OK) status = oarlock_classes_store(classes, name, store, error);
  oarlock_classes_free(classes);
  return status;
}

/* As a C program would: each class in S3, unless the file excludes it. */
static oarlock_status check_classes(const char *source, cJSON **answer, oarlock_error **error) {
  cJSON *classes = NULL;
  const cJSON *row;
  oarlock_status status = tell_classes(source, &classes, error);
  *answer = cJSON_CreateObject();
  cJSON_ArrayForEach(row, classes) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "name"));
    oarlock_store *store = NULL;
    cJSON *args, *told = NULL;
    if (status != OARLOCK_OK || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "skip_validation")))
      continue;
    if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "kind")), "s3") != 0) continue;
    args = cJSON_CreateObject();
    cJSON_AddTrueToObject(args, "check");
    status = open_class(source, NULL, NULL, name, &store, error);
    if (status == OARLOCK_OK) status = once(store, "explain", args, NULL, &told, error);
    if (status == OARLOCK_OK) cJSON_AddItemToObject(*answer, name, told);
    cJSON_Delete(args);
    oarlock_store_free(store);
  }
  cJSON_Delete(classes);
  return status;
}

static oarlock_status open_store(const cJSON *request, cJSON **answer, oarlock_error **error) {
  oarlock_options *settings = oarlock_options_new(), *overrides = oarlock_options_new();
  const char *classes = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "classes"));
  const cJSON *item;
  oarlock_status status;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(request, "settings"))
    set_value(settings, item->string, item);
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(request, "overrides"))
    set_value(overrides, item->string, item);
  if (opened + 1 == STORES) {
    fputs("too many stores for this agent\n", stderr);
    exit(1);
  }
  if (classes != NULL) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "class"));
    status = open_class(classes, settings, overrides, name, &stores[opened + 1], error);
  } else {
    status = oarlock_store_open(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "url")),
                                settings, &stores[opened + 1], error);
  }
  oarlock_options_free(settings);
  oarlock_options_free(overrides);
  if (status == OARLOCK_OK) *answer = cJSON_CreateNumber(++opened);
  return status;
}

static oarlock_status serve(const cJSON *request, cJSON **answer, oarlock_error **error) {
  const char *op = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "op"));
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(request, "store"),
              *args = cJSON_GetObjectItemCaseSensitive(request, "args");
  const int at =
      cJSON_IsNumber(number) && number->valueint > 0 && number->valueint <= opened ? number->valueint : 0;
  const char *verb = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "verb"));
  if (strcmp(op, "open") == 0) return open_store(request, answer, error);
  if (strcmp(op, "classes") == 0)
    return tell_classes(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "classes")), answer,
                        error);
  if (strcmp(op, "check") == 0)
    return check_classes(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "classes")), answer,
                         error);
  if (strcmp(op, "verbs") == 0) return verbs(answer, error);
  if (strcmp(op, "asked") == 0) return *answer = take_asked(), OARLOCK_OK;
  if (strcmp(op, "reader") == 0) return reader(stores[at], request, answer, error);
  if (strcmp(op, "writer") == 0) return writer(stores[at], request, answer, error);
  if (strcmp(op, "call") == 0 && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "reports"))) {
    reports seen = {0, -1, 0};
    oarlock_status status;
    oarlock_log_level(10);
    status = once(stores[at], verb, args, &seen, answer, error);
    oarlock_log_level(30);
    return status;
  }
  if (strcmp(op, "call") == 0)
    return answers_pages(verb) ? all_pages(stores[at], verb, args, answer, error)
                               : once(stores[at], verb, args, NULL, answer, error);
  if (strcmp(op, "close") != 0) fprintf(stderr, "unknown request %s\n", op);
  oarlock_store_free(stores[at]);
  stores[at] = NULL;
  return OARLOCK_OK;
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  int at;
  while (getline(&line, &room, stdin) > 0) {
    cJSON *request = cJSON_Parse(line), *answer = NULL, *told = cJSON_CreateObject();
    oarlock_error *error = NULL;
    char *text;
    if (request == NULL) {
      fputs("a request is not JSON\n", stderr);
      return 1;
    }
    if (serve(request, &answer, &error) == OARLOCK_OK) {
      cJSON_AddItemToObject(told, "ok", answer != NULL ? answer : cJSON_CreateNull());
    } else {
      cJSON_Delete(answer);
      cJSON_AddItemToObject(told, "error", error_to_json(error));
    }
    text = need(cJSON_PrintUnformatted(told));
    puts(text);
    fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(told);
    cJSON_Delete(request);
    oarlock_error_free(error);
  }
  for (at = 1; at <= opened; at++) oarlock_store_free(stores[at]);
  free(line);
  return 0;
}
