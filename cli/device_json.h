/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEVICE_JSON_H
#define DEVICE_JSON_H

#include "commands.h"

void host_json(const struct request *request);
void device_json(const struct request *request, const struct device *device);

#endif /* DEVICE_JSON_H */
