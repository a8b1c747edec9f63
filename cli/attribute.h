/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ATTRIBUTE_H
#define ATTRIBUTE_H

#define __noreturn	__attribute__((__noreturn__))
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))
#define __sentinel	__attribute__((__sentinel__))

#endif /* ATTRIBUTE_H */
