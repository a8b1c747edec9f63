/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEVICE_JSON_H
#define DEVICE_JSON_H

#include "commands.h"

void device_json(const struct request *request, const struct device *device);

#endif /* DEVICE_JSON_H */
