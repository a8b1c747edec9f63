# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that look at the hardware while a VFIO user has the device: they tell the user
# (vfio-shell) what to do, and read what the device model wrote down. Sourced, after tap.sh.
#
# With DRIVER=vfio-pci these tests run on a driver that does not promise what they test, and
# have to fail.

DRIVER=${DRIVER:-vfio-pci-nosnoop}

# What the user writes to DEVCTL: a value with No Snoop. On a driver that would let the
# user set the bit it is one without, so that what fails there is the subject of the test.
export WISH=0x2810
[ "$DRIVER" = vfio-pci-nosnoop ] || WISH=0x2010

# Where these registers are in the model
export DEVCTL=0x88 PMCSR=0x44 AF_CTRL=0xc4

# A task that hangs has to be in the kernel's log before the script ends. The patched
# kernel does not look for hanging tasks.
[ ! -e /proc/sys/kernel/hung_task_timeout_secs ] ||
	echo 20 >/proc/sys/kernel/hung_task_timeout_secs

# The log of each function that driver_is was called for; promise() looks at all of them
declare -A LOG_OF
USER_PID=

MOMENT_ENDS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/moments.awk

# Findings of the driver are traced in a buffer of their own, for moments_agree.
TRACE=/sys/kernel/tracing/instances/lab
FOUND=events/vfio_pci_nosnoop/nosnoop_found

# driver_is BDF LOG: binds it, and keeps it in D0 while it is closed
driver_is()
{
	bind "$1" "$DRIVER"
	echo on >"/sys/bus/pci/devices/$1/power/control"
	trace_findings "$@"
}

# trace_findings BDF LOG: for moments_agree
trace_findings()
{
	LOG_OF[$1]=$2
	mkdir -p $TRACE
	[ ! -e $TRACE/$FOUND ] || echo 1 >$TRACE/$FOUND/enable
}

# start_program PROGRAM ARGUMENT...: starts one of the lab's tools, for ask to talk to
start_program()
{
	coproc VFIO_USER { exec "/lab/tools/$1" "${@:2}"; }
	USER_PID=$VFIO_USER_PID
	# Copies of the descriptors, because subshells get those, too, and because they
	# outlive the process.
	exec {USER_TO}>&"${VFIO_USER[1]}" {USER_FROM}<&"${VFIO_USER[0]}"
	eval "exec ${VFIO_USER[1]}>&- ${VFIO_USER[0]}<&-"
}

# start_user BDF...: starts one process that has all these functions
start_user()
{
	start_program vfio-shell "$@"
}

end_user()
{
	exec {USER_TO}>&- {USER_FROM}<&-
	ends "$USER_PID" || kill -KILL "$USER_PID"
}

# aside FILE TEXT: writes TEXT in the background, where it may wait for as long as the
# kernel likes. It does not keep the pipes to the user open, so that the user still ends.
aside()
{
	echo "$2" 2>/dev/null >"$1" {USER_TO}>&- {USER_FROM}<&- &
}

# ends PID: whether the process ends within ten seconds
ends()
{
	for _ in {1..100}; do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	echo "process $1 did not end in 10 s"
	return 1
}

# answer_to COMMAND...: leaves the user's answer in ANSWER
answer_to()
{
	echo "$*" >&"$USER_TO"
	read -r -t 60 -u "$USER_FROM" ANSWER || ANSWER="no answer to '$*' in 60 s"
}

# ask COMMAND...: prints the user's answer
ask()
{
	answer_to "$@"
	echo "$ANSWER"
}

# does COMMAND...: the user's answer is "ok"
does()
{
	answer_to "$@"
	[ "$ANSWER" = ok ] || { echo "$*: $ANSWER"; return 1; }
}

# hardware BDF REGISTER: prints it as the kernel reads it, not as the user does
hardware()
{
	setpci -s "$1" "$2"
}

# registers BDF: reads PCI_COMMAND and Device Control, in the same way, into the caller's
# variables command and devctl
registers()
{
	{ read -r command && read -r devctl; } < <(setpci -s "$1" COMMAND CAP_EXP+8.w)
}

# bit BDF: prints Enable No Snoop
bit()
{
	echo $((0x$(hardware "$1" CAP_EXP+8.w) >> 11 & 1))
}

# events LOG PATTERN: prints how many lines of LOG match
events()
{
	grep -cE "$2" "$1" || [ $? = 1 ]
}

# resets LOG CAUSE
resets()
{
	events "$1" "\"event\":\"reset\",\"cause\":\"$2\""
}

# grows LOG CAUSE COMMAND...: COMMAND made the hardware reset for this cause
grows()
{
	local file=$1 cause=$2 before

	before=$(resets "$file" "$cause")
	shift 2
	"$@" || return 1
	[ "$(resets "$file" "$cause")" -gt "$before" ] || { echo "no $cause by $*"; return 1; }
}

# fresh: opens the device anew, so that nothing of the test before is left
fresh()
{
	does close && does open
}

# masters BDF: memory space and mastering are on, and Enable No Snoop is 0
masters()
{
	local command devctl

	registers "$1" && is $((0x$command & 6)) 6 && is $((0x$devctl >> 11 & 1)) 0
}

# alive BDF: the function can master the bus and copy, and its bit is 0
alive()
{
	does master on && masters "$1" && does dma
}

# mastering: the user asks for No Snoop, turns mastering on and has the device copy
mastering()
{
	does write $DEVCTL 2 $WISH && does master on && does dma
}

# unharmed BDF: as it has to be after a reset that restores everything, mastering too
unharmed()
{
	masters "$1" && does dma && alive "$1"
}

# counted: prints, for each function, the counts that must not grow. Fails if a log is
# empty.
counted()
{
	local bdf

	for bdf in "${!LOG_OF[@]}"; do
		total "${LOG_OF[$bdf]}" moments no_snoop_requests || return
	done
}

# mastering_anew: opens $device anew, with nothing left of the test before, and masters
mastering_anew()
{
	ask stop >/dev/null
	rm -f "$MODEL0_ABSENT"
	fresh && mastering
}

# stopped PATTERN: stops the user's threads; their results match PATTERN
stopped()
{
	local results

	results=$(ask stop)
	[[ $results =~ ^stopped$1$ ]] || { echo "threads: $results"; return 1; }
}

# asked: the request interrupt comes within ten seconds
asked()
{
	for _ in {1..100}; do
		[ "$(ask irqs request)" = 0 ] || return 0
		sleep 0.1
	done
	echo "nobody asked for the device in 10 s"
	return 1
}

# promise COMMAND...: every line of COMMAND succeeds, and meanwhile no model counted what
# must not happen. Call it by check, and not as a condition.
promise()
{
	local before after

	before=$(counted)
	try "$@"
	after=$(counted)
	[ "$before" = "$after" ] || {
		echo "moments and requests with No Snoop of ${!LOG_OF[*]} were:" \
			"${before//$'\n'/, }" "and are:" "${after//$'\n'/, }"
		return 1
	}
	return "$STATUS"
}

# Whether the driver saw what the hardware did: it finds each moment with mastering and No
# Snoop both on, which a trace event tells, unless the moment was over before it could look.

# found_events BDF: prints how often the driver said that it found such a moment
found_events()
{
	grep -c "nosnoop_found: $1 " $TRACE/trace || [ $? = 1 ]
}

# mark BDF: prints how far its log and the trace have come, for moments_agree
mark()
{
	echo "$(wc -c <"${LOG_OF[$1]}") $(found_events "$1")"
}

# moment_ends LOG BYTES: prints how many moments LOG has after its first BYTES bytes, how
# many of them a reset ended, and how many have not ended
moment_ends()
{
	tail -c "+$(($2 + 1))" "$1" | awk -f "$MOMENT_ENDS"
}

# moments_agree BDF MARK: since MARK, the driver found each moment that the log has, except
# those that a reset ended before anybody could look, and found none that the log does not
# have
moments_agree()
{
	local bytes before moments resets lasts found

	read -r bytes before <<<"$2"
	found=$(($(found_events "$1") - before))
	read -r moments resets lasts < <(moment_ends "${LOG_OF[$1]}" "$bytes")
	echo "note: $moments moments, $found found by the driver, $resets ended by a reset"
	[ "$lasts" = 0 ] || { echo "a moment has not ended"; return 1; }
	[ "$found" -le "$moments" ] || { echo "found more than there were"; return 1; }
	[ $((moments - resets)) -le "$found" ] ||
		{ echo "$((moments - resets - found)) went unnoticed"; return 1; }
}
