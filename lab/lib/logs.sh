# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The logs that a machine leaves in its state folder: keeping them, and finding what the
# kernel complained about. Sourced, after common.sh.

# record STATE: keeps the logs in the folder LAB_RECORD, if that is set
# shellcheck disable=SC2317 # called by a trap
record()
{
	local folder

	[ -d "${LAB_RECORD:-}" ] || return 0
	for folder in "$LAB_RECORD"/machine{1..99}; do
		mkdir "$folder" 2>/dev/null && break
	done
	cp "$1"/*.log "$folder" 2>/dev/null || true
	# The log of a model may be large.
	find "$folder" -size +1M -exec gzip -1 {} +
}

# complaints STATE TOLERATE: succeeds if the kernel complained, and shows what it said.
# Lines that match TOLERATE do not count, unless that is empty.
complaints()
{
	local pattern log=$1/dmesg.log

	pattern='BUG: |WARNING: |KASAN: |UBSAN: |ODEBUG: |Oops: |refcount_t: '
	pattern+='|(list_add|list_del) corruption|general protection fault'
	pattern+='|unable to handle|kmemleak: [0-9]+ new suspected'
	pattern+='|INFO: (task|rcu|possible|trying)|blocked for more than'
	pattern+='|(rcu|watchdog): .*(stall|lockup)|Kernel panic'
	pattern+='|[Ww]aiting for .* to become free'
	[ -f "$log" ] || log=$1/console.log
	if [ -n "$2" ]; then
		grep -vE "$2" "$log" >"$1/not-tolerated.log"
		log=$1/not-tolerated.log
	fi
	grep -qE "$pattern" "$log" || return

	printf 'lab: the kernel complained:\n' >&2
	grep -m 2 -A 30 -E "$pattern" "$log" | head -n 40 >&2
	[ ! -s "$1/leaks.log" ] || head -n 40 "$1/leaks.log" >&2
	printf 'lab: in short:\n' >&2
	grep -E "$pattern" "$log" | head -n 30 >&2
	# If there are more lines than that, head closes the pipe, and grep fails.
	return 0
}
