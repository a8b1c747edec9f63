/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_pci_nosnoop

#if !defined(NOSNOOP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NOSNOOP_TRACE_H

#include <linux/pci.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

/* With any domain; causes are ours */
#define NOSNOOP_TRACE_DEVICE_LEN	20
#define NOSNOOP_TRACE_CAUSE_LEN		16

/* By name, for the device may be gone when the trace is read. */
DECLARE_EVENT_CLASS(nosnoop,
		    TP_PROTO(struct pci_dev *pdev, const char *cause),
		    TP_ARGS(pdev, cause),
		    TP_STRUCT__entry(__array(char, device, NOSNOOP_TRACE_DEVICE_LEN)
				     __array(char, cause, NOSNOOP_TRACE_CAUSE_LEN)),
		    TP_fast_assign(strscpy_pad(__entry->device, pci_name(pdev),
					       NOSNOOP_TRACE_DEVICE_LEN);
				   strscpy_pad(__entry->cause, cause,
					       NOSNOOP_TRACE_CAUSE_LEN);),
		    TP_printk("%s %s", __entry->device, __entry->cause)
);

/* A user's write asked for Enable No Snoop, which was masked */
DEFINE_EVENT(nosnoop, nosnoop_masked,
	     TP_PROTO(struct pci_dev *pdev, const char *cause),
	     TP_ARGS(pdev, cause)
);

/* The bit was found set and cleared */
DEFINE_EVENT(nosnoop, nosnoop_cleared,
	     TP_PROTO(struct pci_dev *pdev, const char *cause),
	     TP_ARGS(pdev, cause)
);

/* A write of PCI_COMMAND was refused */
DEFINE_EVENT(nosnoop, nosnoop_refused,
	     TP_PROTO(struct pci_dev *pdev, const char *cause),
	     TP_ARGS(pdev, cause)
);

/* The bit came back behind a check; mastering was turned off for good */
DEFINE_EVENT(nosnoop, nosnoop_found,
	     TP_PROTO(struct pci_dev *pdev, const char *cause),
	     TP_ARGS(pdev, cause)
);

#endif /* NOSNOOP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
