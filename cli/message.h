/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "attribute.h"

#define EXIT_FAILED	1
#define EXIT_USAGE	2

__printf(1, 2)
void complain(const char *format, ...);
__printf(1, 2)
void note(const char *format, ...);
__noreturn __printf(1, 2)
void die(const char *format, ...);
__noreturn __printf(1, 2)
void usage_error(const char *format, ...);
void message_document(const char *command);
void message_document_begin(const char *command);
int complaints(void);
void complaints_json(const char *key);
void print_wrapped(int indent, const char *text);
void *allocate(void *old, unsigned long count, unsigned long size);

#endif /* MESSAGE_H */
