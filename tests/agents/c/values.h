/* JSON to oarlock's values and back, as the agents' protocol spells bytes and times. Needs no verb. */

#ifndef AGENT_VALUES_H
#define AGENT_VALUES_H

#include <cjson/cJSON.h>
#include <oarlock.h>

/* Bytes that grow. */
typedef struct buffer {
  uint8_t *data;
  size_t size, room;
} buffer;

void buffer_add(buffer *buffer, const uint8_t *data, size_t size);
void buffer_free(buffer *buffer);

/* malloc that ends the agent when memory does. */
void *need(void *allocated);

/* The bytes of a base64 text, to be freed; the agent ends on anything else. */
buffer from_base64(const cJSON *text);
/* `{"$bytes": …}`. */
cJSON *bytes_to_json(const uint8_t *data, size_t size);

/* Sets one option to a request's value; the name NULL adds it to a list. */
void set_value(oarlock_options *options, const char *name, const cJSON *value);
/* The questions that functions received since the last look. */
cJSON *take_asked(void);
/* A reply. */
cJSON *value_to_json(const oarlock_value *value);
/* An error's facts, absent ones as null. */
cJSON *error_to_json(const oarlock_error *error);

#endif
