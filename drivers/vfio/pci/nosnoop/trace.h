/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_pci_nosnoop

#if !defined(NOSNOOP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NOSNOOP_TRACE_H

#include <linux/pci.h>
#include <linux/tracepoint.h>

/* Record the name, because the device may be gone when the trace is read. */
DECLARE_EVENT_CLASS(nosnoop,
		    TP_PROTO(struct pci_dev *pdev, const char *cause),
		    TP_ARGS(pdev, cause),
		    TP_STRUCT__entry(__array(char, device, 20) __array(char, cause, 16)),
		    TP_fast_assign(strscpy_pad(__entry->device, pci_name(pdev), 20);
				   strscpy_pad(__entry->cause, cause, 16);),
		    TP_printk("%s %s", __entry->device, __entry->cause)
);

#define NOSNOOP_EVENT(name)						\
	DEFINE_EVENT(nosnoop, name,					\
		     TP_PROTO(struct pci_dev *pdev, const char *cause),	\
		     TP_ARGS(pdev, cause))

/* The user asked for the bit, it was cleared, PCI_COMMAND was refused, both bits were on */
NOSNOOP_EVENT(nosnoop_masked);
NOSNOOP_EVENT(nosnoop_cleared);
NOSNOOP_EVENT(nosnoop_refused);
NOSNOOP_EVENT(nosnoop_found);

#endif /* NOSNOOP_TRACE_H */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
