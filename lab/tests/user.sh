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

# A task that hangs is to be in the kernel's log before the script's end.
echo 20 >/proc/sys/kernel/hung_task_timeout_secs

# Each function given to driver_is, for promise() to look at
declare -A LOG_OF
USER_PID=

# driver_is BDF LOG: binds it, in D0 while closed
driver_is()
{
	LOG_OF[$1]=$2
	bind "$1" "$DRIVER"
	echo on >"/sys/bus/pci/devices/$1/power/control"
}

# start_user BDF...: one process, ready for ask
start_user()
{
	coproc VFIO_USER { exec /lab/tools/vfio-shell "$@"; }
	USER_PID=$VFIO_USER_PID
	# Copies, which subshells get too and which outlive the process.
	exec {USER_TO}>&"${VFIO_USER[1]}" {USER_FROM}<&"${VFIO_USER[0]}"
	eval "exec ${VFIO_USER[1]}>&- ${VFIO_USER[0]}<&-"
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
	grep -cE "$2" "$1"
}

# resets LOG CAUSE
resets()
{
	events "$1" "\"event\":\"reset\",\"cause\":\"$2\""
}

# alive BDF: the user can have it master the bus and copy, and no more
alive()
{
	does master on &&
		is $((0x$(hardware "$1" COMMAND) & 6)) 6 &&
		is "$(bit "$1")" 0 &&
		does dma
}

# promise COMMAND...: COMMAND succeeds, no model counted what must not be, and
# each function that is open has the bit at 0
promise()
{
	local bdf status=0 before after

	before=$(for bdf in "${!LOG_OF[@]}"; do
		tail -n 1 "${LOG_OF[$bdf]}" | jq -c '[.moments, .no_snoop_requests]'
	done)
	"$@" || status=1
	after=$(for bdf in "${!LOG_OF[@]}"; do
		tail -n 1 "${LOG_OF[$bdf]}" | jq -c '[.moments, .no_snoop_requests]'
	done)
	[ "$before" = "$after" ] || {
		echo "[moments, requests with No Snoop] of ${!LOG_OF[*]} were:" \
			"${before//$'\n'/ }" "and are:" "${after//$'\n'/ }"
		status=1
	}
	return $status
}
