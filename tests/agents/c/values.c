/* See values.h. */

#include "values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void *need(void *allocated) {
  if (allocated == NULL) {
    fputs("the agent is out of memory\n", stderr);
    exit(1);
  }
  return allocated;
}

void buffer_add(buffer *buffer, const uint8_t *data, size_t size) {
  if (buffer->size + size > buffer->room) {
    buffer->room = (buffer->size + size) * 2;
    buffer->data = need(realloc(buffer->data, buffer->room));
  }
  if (size > 0) memcpy(buffer->data + buffer->size, data, size);
  buffer->size += size;
}

void buffer_free(buffer *buffer) {
  free(buffer->data);
  memset(buffer, 0, sizeof *buffer);
}

buffer from_base64(const cJSON *text) {
  buffer bytes = {NULL, 0, 0};
  const char *digit = cJSON_GetStringValue(text);
  uint32_t bits = 0;
  int count = 0;
  for (; digit != NULL && *digit != '\0' && *digit != '='; digit++) {
    const char *found = strchr(alphabet, *digit);
    if (found == NULL) {
      fputs("not base64\n", stderr);
      exit(1);
    }
    bits = bits << 6 | (uint32_t)(found - alphabet);
    count += 6;
    if (count >= 8) {
      const uint8_t byte = (uint8_t)(bits >> (count -= 8));
      buffer_add(&bytes, &byte, 1);
    }
  }
  return bytes;
}

cJSON *bytes_to_json(const uint8_t *data, size_t size) {
  char *text = need(malloc((size + 2) / 3 * 4 + 1)), *digit = text;
  cJSON *json = cJSON_CreateObject();
  size_t at;
  for (at = 0; at < size; at += 3) {
    const size_t left = size - at;
    const uint32_t bits = (uint32_t)data[at] << 16 | (left > 1 ? (uint32_t)data[at + 1] << 8 : 0) |
                          (left > 2 ? data[at + 2] : 0);
    *digit++ = alphabet[bits >> 18];
    *digit++ = alphabet[bits >> 12 & 63];
    *digit++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
    *digit++ = left > 2 ? alphabet[bits & 63] : '=';
  }
  *digit = '\0';
  cJSON_AddStringToObject(json, "$bytes", text);
  free(text);
  return json;
}

/* A function for a setting: gives its answers in turn, the last one for good. */
typedef struct function {
  cJSON *answers, *next;
} function;

static cJSON *all_asked;

cJSON *take_asked(void) {
  cJSON *taken = all_asked != NULL ? all_asked : cJSON_CreateArray();
  all_asked = NULL;
  return taken;
}

static int function_ask(void *userdata, const oarlock_value *question, oarlock_options *answer) {
  function *asked = userdata;
  const cJSON *given = asked->next, *why = cJSON_GetObjectItemCaseSensitive(given, "$raise");
  if (all_asked == NULL) all_asked = cJSON_CreateArray();
  cJSON_AddItemToArray(all_asked, value_to_json(question));
  if (given->next != NULL) asked->next = given->next;
  set_value(answer, NULL, why != NULL ? why : given);
  return why != NULL ? -1 : 0;
}

static void function_free(void *userdata) {
  function *freed = userdata;
  cJSON_Delete(freed->answers);
  free(freed);
}

static void set_object(oarlock_options *options, const char *name, const cJSON *object) {
  const cJSON *raw = cJSON_GetObjectItemCaseSensitive(object, "$bytes"),
              *time = cJSON_GetObjectItemCaseSensitive(object, "$time");
  const cJSON *answers = cJSON_GetObjectItemCaseSensitive(object, "$callback"), *entry;
  if (raw != NULL) {
    buffer bytes = from_base64(raw);
    oarlock_options_set_bytes(options, name, bytes.data, bytes.size);
    buffer_free(&bytes);
  } else if (time != NULL) {
    /* oarlock reads times as text. */
    set_value(options, name, time);
  } else if (answers != NULL) {
    function *own = need(malloc(sizeof *own));
    own->answers = need(cJSON_Duplicate(answers, true));
    own->next = own->answers->child;
    oarlock_options_set_callback(options, name, function_ask, own, function_free);
  } else {
    oarlock_options *entries = oarlock_options_new();
    cJSON_ArrayForEach(entry, object) set_value(entries, entry->string, entry);
    oarlock_options_set_map(options, name, entries);
    oarlock_options_free(entries);
  }
}

void set_value(oarlock_options *options, const char *name, const cJSON *value) {
  if (cJSON_IsNull(value)) {
    oarlock_options_set_null(options, name);
  } else if (cJSON_IsBool(value)) {
    oarlock_options_set_bool(options, name, cJSON_IsTrue(value));
  } else if (cJSON_IsString(value)) {
    oarlock_options_set_str(options, name, value->valuestring);
  } else if (cJSON_IsNumber(value) && floor(value->valuedouble) == value->valuedouble) {
    oarlock_options_set_int(options, name, (int64_t)value->valuedouble);
  } else if (cJSON_IsNumber(value)) {
    char text[40];
    snprintf(text, sizeof text, "%.17g", value->valuedouble);
    oarlock_options_set_str(options, name, text);
  } else if (cJSON_IsArray(value)) {
    oarlock_options *items = oarlock_options_new();
    const cJSON *item;
    cJSON_ArrayForEach(item, value) set_value(items, NULL, item);
    oarlock_options_set_list(options, name, items);
    oarlock_options_free(items);
  } else {
    set_object(options, name, value);
  }
}

/* cJSON's own numbers are doubles. */
static cJSON *int_to_json(int64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)number);
  return cJSON_CreateRaw(text);
}

cJSON *value_to_json(const oarlock_value *value) {
  cJSON *json = NULL, *pair;
  const uint8_t *data;
  int64_t seconds;
  uint32_t nanoseconds;
  size_t size, at;
  switch (oarlock_value_type(value)) {
    case OARLOCK_TYPE_BOOL: return cJSON_CreateBool(oarlock_value_bool(value));
    case OARLOCK_TYPE_INT: return int_to_json(oarlock_value_int(value));
    case OARLOCK_TYPE_STR: return cJSON_CreateString(oarlock_value_str(value, NULL));
    case OARLOCK_TYPE_BYTES:
      data = oarlock_value_bytes(value, &size);
      return bytes_to_json(data, size);
    case OARLOCK_TYPE_TIME:
      oarlock_value_time(value, &seconds, &nanoseconds);
      json = cJSON_CreateObject();
      pair = cJSON_AddArrayToObject(json, "$time");
      cJSON_AddItemToArray(pair, int_to_json(seconds));
      cJSON_AddItemToArray(pair, int_to_json(nanoseconds));
      return json;
    case OARLOCK_TYPE_LIST:
      json = cJSON_CreateArray();
      for (at = 0; at < oarlock_value_count(value); at++)
        cJSON_AddItemToArray(json, value_to_json(oarlock_value_at(value, at)));
      return json;
    case OARLOCK_TYPE_MAP:
      json = cJSON_CreateObject();
      for (at = 0; at < oarlock_value_count(value); at++)
        cJSON_AddItemToObject(json, oarlock_value_name(value, at),
                              value_to_json(oarlock_value_at(value, at)));
      return json;
    case OARLOCK_TYPE_CALLBACK:
    case OARLOCK_TYPE_NULL: break;
  }
  return cJSON_CreateNull();
}

static void add_text(cJSON *json, const char *name, const char *text) {
  if (text != NULL) cJSON_AddStringToObject(json, name, text);
  else cJSON_AddNullToObject(json, name);
}

cJSON *error_to_json(const oarlock_error *error) {
  cJSON *json = cJSON_CreateObject();
  const int status = oarlock_error_http_status(error);
  add_text(json, "kind", oarlock_status_name(oarlock_error_kind(error)));
  add_text(json, "message", oarlock_error_message(error));
  add_text(json, "verb", oarlock_error_verb(error));
  add_text(json, "bucket", oarlock_error_bucket(error));
  add_text(json, "key", oarlock_error_key(error));
  if (status != 0) cJSON_AddNumberToObject(json, "status", status);
  else cJSON_AddNullToObject(json, "status");
  add_text(json, "code", oarlock_error_code(error));
  add_text(json, "request_id", oarlock_error_request_id(error));
  cJSON_AddBoolToObject(json, "retryable", oarlock_error_retryable(error));
  return json;
}
