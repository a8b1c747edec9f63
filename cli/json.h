/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef JSON_H
#define JSON_H

#include "tristate.h"

void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_string(const char *key, const char *value);
void json_number(const char *key, long long value);
void json_tristate(const char *key, enum tristate value);

#endif /* JSON_H */
