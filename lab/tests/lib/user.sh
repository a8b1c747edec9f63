# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that see a VFIO user's device from the hardware's side: a user who
# does what he is told (vfio-shell), and what the device model wrote down.
# Sourced, after tap.sh.
#
# DRIVER=vfio-pci has these tests run on a driver that does not promise what
# they test, to see them fail.

DRIVER=${DRIVER:-vfio-pci-nosnoop}

# What the user writes to DEVCTL: with No Snoop. On a driver that lets him have
# it, without, so that what fails there is the subject of the test.
export WISH=0x2810
[ "$DRIVER" = vfio-pci-nosnoop ] || WISH=0x2010

# Where these registers are in the model
export DEVCTL=0x88 PMCSR=0x44

# A task that hangs is to be in the kernel's log before the script's end, where the
# kernel looks for any: the patched one does not.
[ ! -e /proc/sys/kernel/hung_task_timeout_secs ] ||
	echo 20 >/proc/sys/kernel/hung_task_timeout_secs

# Each function given to driver_is, for promise() to look at
declare -A LOG_OF
USER_PID=

# Findings of the driver are traced in a buffer of their own, for moments_agree.
TRACE=/sys/kernel/tracing/instances/lab
FOUND=events/vfio_pci_nosnoop/nosnoop_found

# driver_is BDF LOG: binds it, in D0 while closed
driver_is()
{
	LOG_OF[$1]=$2
	bind "$1" "$DRIVER"
	echo on >"/sys/bus/pci/devices/$1/power/control"
	mkdir -p $TRACE
	[ ! -e $TRACE/$FOUND ] || echo 1 >$TRACE/$FOUND/enable
}

# start_program PROGRAM ARGUMENT...: one of the lab's tools, ready for ask
start_program()
{
	coproc VFIO_USER { exec "/lab/tools/$1" "${@:2}"; }
	USER_PID=$VFIO_USER_PID
	# Copies, which subshells get too and which outlive the process.
	exec {USER_TO}>&"${VFIO_USER[1]}" {USER_FROM}<&"${VFIO_USER[0]}"
	eval "exec ${VFIO_USER[1]}>&- ${VFIO_USER[0]}<&-"
}

# start_user BDF...: one process that has them all
start_user()
{
	start_program vfio-shell "$@"
}

end_user()
{
	exec {USER_TO}>&- {USER_FROM}<&-
	ends "$USER_PID" || kill -KILL "$USER_PID"
}

# aside FILE TEXT: writes it in the background, to wait there for as long as the
# kernel likes: nobody waits with it, and a user who is left alone ends
aside()
{
	echo "$2" 2>/dev/null >"$1" {USER_TO}>&- {USER_FROM}<&- &
}

# ends PID: within ten seconds
ends()
{
	for _ in {1..100}; do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	echo "process $1 did not end in 10 s"
	return 1
}

# ask COMMAND...: the user's answer
ask()
{
	local answer

	echo "$*" >&"$USER_TO"
	read -r -t 60 -u "$USER_FROM" answer || answer="no answer to '$*' in 60 s"
	echo "$answer"
}

# does COMMAND...: the user's answer is "ok"
does()
{
	local answer

	answer=$(ask "$@")
	[ "$answer" = ok ] || { echo "$*: $answer"; return 1; }
}

# hardware BDF REGISTER: as the kernel reads it, not the user
hardware()
{
	setpci -s "$1" "$2"
}

# bit BDF: Enable No Snoop
bit()
{
	echo $((0x$(hardware "$1" CAP_EXP+8.w) >> 11 & 1))
}

# events LOG PATTERN: how many lines of it match
events()
{
	grep -cE "$2" "$1" || [ $? = 1 ]
}

# resets LOG CAUSE
resets()
{
	events "$1" "\"event\":\"reset\",\"cause\":\"$2\""
}

# grows LOG CAUSE COMMAND...: COMMAND made the hardware reset for that cause
grows()
{
	local file=$1 cause=$2 before

	before=$(resets "$file" "$cause")
	shift 2
	"$@" || return 1
	[ "$(resets "$file" "$cause")" -gt "$before" ] || { echo "no $cause by $*"; return 1; }
}

# fresh: opened anew, so that a test has nothing of the one before
fresh()
{
	does close && does open
}

# alive BDF: the user can have it master the bus and copy, and no more
alive()
{
	does master on &&
		is $((0x$(hardware "$1" COMMAND) & 6)) 6 &&
		is "$(bit "$1")" 0 &&
		does dma
}

# counted: what no model may count, of each function; it fails where a log is empty
counted()
{
	local bdf

	for bdf in "${!LOG_OF[@]}"; do
		tail -n 1 "${LOG_OF[$bdf]}" |
			jq -ce '[.moments, .no_snoop_requests] | select(all(type == "number"))' ||
			{ echo "$bdf: nothing to read in ${LOG_OF[$bdf]}" >&2; return 1; }
	done
}

# mastering_anew: $device is opened anew and masters, with nothing of the test before
mastering_anew()
{
	ask stop >/dev/null
	rm -f "$MODEL0_ABSENT"
	does close && does open && does write $DEVCTL 2 $WISH &&
		does master on && does dma
}

# stopped PATTERN: the threads' results
stopped()
{
	local results

	results=$(ask stop)
	[[ $results =~ ^stopped$1$ ]] || { echo "threads: $results"; return 1; }
}

# asked: the request interrupt came, within ten seconds
asked()
{
	for _ in {1..100}; do
		[ "$(ask irqs request)" = 0 ] || return 0
		sleep 0.1
	done
	echo "nobody asked for the device in 10 s"
	return 1
}

# promise COMMAND...: every line of COMMAND succeeds, and no model counted meanwhile
# what must not be. Called by check, and not as a condition.
promise()
{
	local before after

	before=$(counted)
	try "$@"
	after=$(counted)
	[ "$before" = "$after" ] || {
		echo "[moments, requests with No Snoop] of ${!LOG_OF[*]} were:" \
			"${before//$'\n'/ }" "and are:" "${after//$'\n'/ }"
		return 1
	}
	return "$STATUS"
}

# Whether the driver saw what the hardware did: each moment with mastering and
# No Snoop both on is found by the driver, which says so in a trace event, or was
# over before it could look.

# found_events BDF: how often the driver said that it found the function so
found_events()
{
	grep -c "nosnoop_found: $1 " $TRACE/trace || [ $? = 1 ]
}

# mark BDF: where its log and the trace are now, for moments_agree
mark()
{
	echo "$(wc -l <"${LOG_OF[$1]}") $(found_events "$1")"
}

# moment_ends LOG LINES: after so many lines, how many moments there were, how
# many of them a reset ended, and how many still last. A moment lasts until
# a reset, a write of COMMAND without mastering or one of DEVCTL without the bit.
# If that is a write of the whole word and changes other bits of DEVCTL, too, it is
# the PCI core's restore, which is a part of a reset: the driver clears nothing but
# the bit, and writes the user's byte by itself.
moment_ends()
{
	awk -v skip="$2" '
		NR <= skip { next }
		/"event":"moment"/ { moments++; lasts = 1; next }
		/"event":"reset"/ { resets += lasts; lasts = 0 }
		/"event":"command".*"new":"0x[0-9a-f]*[012389ab]"/ { lasts = 0 }
		/"event":"devctl".*"new":"0x.[0-7][0-9a-f]*"/ {
			match($0, /"old":"0x[^"]*/); old = substr($0, RSTART + 9, 4)
			match($0, /"new":"0x[^"]*/); new = substr($0, RSTART + 9, 4)
			same = substr(old, 1, 1) substr(old, 3) == substr(new, 1, 1) substr(new, 3)
			same = same && index("89abcdef", substr(old, 2, 1)) == index("01234567", substr(new, 2, 1))
			if (lasts && !same && /"bytes":2,/)
				resets++
			lasts = 0
		}
		END { print moments + 0, resets + 0, lasts + 0 }' "$1"
}

# moments_agree BDF MARK: since then, the driver found each moment that
# the log has, but those that a reset ended before anybody could look, and
# found none that the log has not
moments_agree()
{
	local lines before moments resets lasts found

	read -r lines before <<<"$2"
	found=$(($(found_events "$1") - before))
	read -r moments resets lasts < <(moment_ends "${LOG_OF[$1]}" "$lines")
	echo "note: $moments moments, $found found by the driver, $resets ended by a reset"
	[ "$lasts" = 0 ] || { echo "a moment lasts still"; return 1; }
	[ "$found" -le "$moments" ] || { echo "found more than there were"; return 1; }
	[ $((moments - resets)) -le "$found" ] ||
		{ echo "$((moments - resets - found)) went unnoticed"; return 1; }
}

# Errors

recoveries()
{
	dmesg | grep -c 'device recovery successful' || [ $? = 1 ]
}

# recovered COUNT [SECONDS]: there were so many recoveries, within ten seconds
recovered()
{
	local tries=$((${2:-10} * 10))

	while [ $tries -gt 0 ]; do
		[ "$(recoveries)" -lt "$1" ] || return 0
		sleep 0.1
		tries=$((tries - 1))
	done
	echo "no recovery in ${2:-10} s:"
	dmesg | tail -n 5
	return 1
}
