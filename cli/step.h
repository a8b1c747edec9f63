/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STEP_H
#define STEP_H

#include <stdbool.h>

void steps_begin(bool only_tell, bool in_document);
bool step_override(const char *bdf, const char *value);
bool step_unbind(const char *bdf, const char *driver);
bool step_bind(const char *bdf, const char *driver);
bool step_probe(const char *bdf);
bool step_driverctl(const char *bdf, const char *verb, const char *driver);
bool step_modprobe(void);
bool step_dkms(const char *verb, const char *version, const char *release);
bool step_parameter(const char *name, bool on);
bool step_file(const char *path, const char *text);
bool step_remove(const char *path);
void steps_json(const char *key);

#endif /* STEP_H */
