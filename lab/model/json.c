// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include <json-c/json.h>

#define DEPTH_MAX	16	/* of nesting, so that a client cannot exhaust the stack */

static bool is_whole(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) &&
	       json_object_get_uint64(value) <= INT64_MAX && json_object_get_int64(value) >= 0;
}

/* NULL if the text is not JSON, or has more than one value */
static struct json_object *parse(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *root;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tokener, text, length);
	json_tokener_free(tokener);

	return root;
}

bool json_capabilities(const char *text, size_t length, const char * const *names,
		       u32 count, u32 *found, u32 *valid)
{
	struct json_object *root = parse(text, length), *capabilities, *value;
	bool good = json_object_is_type(root, json_type_object);
	u32 i;

	*found = 0;
	*valid = 0;
	if (good && json_object_object_get_ex(root, "capabilities", &capabilities)) {
		good = json_object_is_type(capabilities, json_type_object);
		for (i = 0; good && i < count; i++) {
			if (!json_object_object_get_ex(capabilities, names[i], &value))
				continue;
			*found |= BIT(i);
			if (is_whole(value))
				*valid |= BIT(i);
		}
	}
	json_object_put(root);

	return good;
}
