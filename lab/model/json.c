// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include <string.h>

#define DEPTH_MAX	16	/* of nesting; the stack is not the client's */

struct json {
	const char *at;
	const char *end;
	int depth;
	const char * const *names;
	u32 count;
	u32 found;
	u32 valid;
	bool bad_type;
};

struct token {
	const char *start;
	size_t length;
};

enum kind { BAD, OBJECT, WHOLE, ANOTHER };

static enum kind value(struct json *json, bool top, bool inside);

static void skip_space(struct json *json)
{
	while (json->at < json->end && *json->at && strchr(" \t\r\n", *json->at))
		json->at++;
}

static bool take(struct json *json, char c)
{
	skip_space(json);
	if (json->at == json->end || *json->at != c)
		return false;
	json->at++;
	return true;
}

static bool take_hex(struct json *json)
{
	int i;

	for (i = 0; i < 4; i++, json->at++)
		if (json->at == json->end || !*json->at ||
		    !strchr("0123456789abcdefABCDEF", *json->at))
			return false;
	return true;
}

static bool string(struct json *json, struct token *token)
{
	if (!take(json, '"'))
		return false;
	token->start = json->at;
	while (json->at < json->end) {
		unsigned char c = *json->at++;

		if (c == '"') {
			token->length = json->at - 1 - token->start;
			return true;
		}
		if (c < 0x20)
			return false;
		if (c != '\\')
			continue;
		if (json->at == json->end)
			return false;
		c = *json->at++;
		if (c == 'u' ? !take_hex(json) : !c || !strchr("\"\\/bfnrt", c))
			return false;
	}
	return false;
}

static u32 digits(struct json *json)
{
	const char *start = json->at;

	while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
		json->at++;
	return json->at - start;
}

static bool next_is(struct json *json, const char *set)
{
	return json->at < json->end && *json->at && strchr(set, *json->at);
}

static enum kind number(struct json *json)
{
	bool whole = true;
	const char *start;
	u32 n;

	if (next_is(json, "-")) {
		whole = false;
		json->at++;
	}
	start = json->at;
	n = digits(json);
	if (!n || (*start == '0' && n > 1))
		return BAD;
	if (next_is(json, ".")) {
		whole = false;
		json->at++;
		if (!digits(json))
			return BAD;
	}
	if (next_is(json, "eE")) {
		whole = false;
		json->at++;
		if (next_is(json, "+-"))
			json->at++;
		if (!digits(json))
			return BAD;
	}
	return whole && n < 19 ? WHOLE : ANOTHER;
}

static bool is(const struct token *token, const char *name)
{
	return token->length == strlen(name) && !memcmp(token->start, name, token->length);
}

static void note(struct json *json, const struct token *key, enum kind kind)
{
	u32 i;

	for (i = 0; i < json->count; i++) {
		if (!is(key, json->names[i]))
			continue;
		json->found |= BIT(i);
		json->valid &= ~BIT(i);
		if (kind == WHOLE)
			json->valid |= BIT(i);
	}
}

/* @top: the outermost object; @inside: the one called "capabilities" there. */
static enum kind object(struct json *json, bool top, bool inside)
{
	struct token key;
	enum kind kind;
	bool capabilities;

	if (take(json, '}'))
		return OBJECT;
	do {
		skip_space(json);
		if (!string(json, &key) || !take(json, ':'))
			return BAD;
		capabilities = top && is(&key, "capabilities");
		kind = value(json, false, capabilities);
		if (kind == BAD)
			return BAD;
		if (capabilities && kind != OBJECT)
			json->bad_type = true;
		if (inside)
			note(json, &key, kind);
	} while (take(json, ','));
	return take(json, '}') ? OBJECT : BAD;
}

static enum kind array(struct json *json)
{
	if (take(json, ']'))
		return ANOTHER;
	do {
		if (value(json, false, false) == BAD)
			return BAD;
	} while (take(json, ','));
	return take(json, ']') ? ANOTHER : BAD;
}

static enum kind word(struct json *json)
{
	static const char * const words[] = { "true", "false", "null" };
	size_t left = json->end - json->at, length;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		length = strlen(words[i]);
		if (left >= length && !memcmp(json->at, words[i], length)) {
			json->at += length;
			return ANOTHER;
		}
	}
	return BAD;
}

static enum kind value(struct json *json, bool top, bool inside)
{
	struct token token;
	enum kind kind;

	skip_space(json);
	if (next_is(json, "-0123456789"))
		return number(json);
	if (next_is(json, "\""))
		return string(json, &token) ? ANOTHER : BAD;
	if (!next_is(json, "{["))
		return word(json);

	if (json->depth == DEPTH_MAX)
		return BAD;
	json->depth++;
	if (take(json, '{'))
		kind = object(json, top, inside);
	else
		kind = take(json, '[') ? array(json) : BAD;
	json->depth--;
	return kind;
}

bool json_capabilities(const char *text, size_t length, const char * const *names,
		       u32 count, u32 *found, u32 *valid)
{
	struct json json = {
		.at = text,
		.end = text + length,
		.names = names,
		.count = count,
	};
	enum kind kind = value(&json, true, false);

	skip_space(&json);
	*found = json.found;
	*valid = json.valid;
	return kind == OBJECT && json.at == json.end && !json.bad_type;
}
