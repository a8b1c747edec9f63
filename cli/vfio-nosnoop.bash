# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion for vfio-nosnoop

_vfio_nosnoop_addresses()
{
	local driver=$1 folder

	for folder in /sys/bus/pci/devices/*; do
		[ -e "$folder" ] || continue
		case $driver in
		'') ;;
		*) [ "$folder/driver" -ef "/sys/bus/pci/drivers/$driver" ] || continue ;;
		esac
		printf '%s\n' "${folder##*/}"
	done
}

_vfio_nosnoop_drivers()
{
	local folder

	for folder in /sys/bus/pci/drivers/*; do
		[ ! -e "$folder" ] || printf '%s\n' "${folder##*/}"
	done
}

# The IDs of the machine's functions
_vfio_nosnoop_ids()
{
	local folder vendor device

	for folder in "$1"/*; do
		{ read -r vendor <"$folder/vendor" && read -r device <"$folder/device"; } 2>/dev/null &&
			printf '%s:%s\n' "${vendor#0x}" "${device#0x}"
	done
}

_vfio_nosnoop()
{
	local cur words=() i command='' options

	# An address has colons, at which bash would split it into words.
	cur=$2
	if declare -F _comp_get_words >/dev/null; then
		_comp_get_words -n : cur words
	elif declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n : cur words
	else
		words=("${COMP_WORDS[@]}")
	fi

	for ((i = 1; i < ${#words[@]}; i++)); do
		case ${words[i]} in
		list | status | bind | unbind | alias)
			command=${words[i]}
			break
			;;
		esac
	done

	case $3 in
	-F | --file | --iort)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--driver)
		mapfile -t COMPREPLY < <(compgen -W "none $(_vfio_nosnoop_drivers)" -- "$cur")
		return
		;;
	--for)
		mapfile -t COMPREPLY < <(compgen -W 'libvirt qemu proxmox nova kubevirt' -- "$cur")
		return
		;;
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'always never auto' -- "$cur")
		return
		;;
	--class | -d | --id)
		return
		;;
	-S | --root)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	esac

	case $cur,$command in
	-*,alias) options='-n --dry-run -S --root --json --help' ;;
	-*,bind) options='-n --dry-run --group --persist --govern-pf --force -S --root --json --help' ;;
	-*,unbind) options='-n --dry-run --group --persist --govern-pf -S --root --json --help' ;;
	-*,status) options='--for -F --file --iort -S --root --class -d --id --driver --json --help' ;;
	-*,?*) options='--tree --color -F --file --iort -S --root --class -d --id --driver --json --help' ;;
	-*,) options='-n --dry-run --group --persist --govern-pf --tree --color --for --force -F --file --iort -S --root --class -d --id --driver --json --help --version' ;;
	*,) options='list status bind unbind alias' ;;
	*,alias)
		options='add remove list'
		case $3 in
		add) options=$(_vfio_nosnoop_ids /sys/bus/pci/devices) ;;
		remove) options=$("$1" alias list 2>/dev/null) ;;
		esac
		;;
	*,unbind) options=$(_vfio_nosnoop_addresses vfio-pci-nosnoop) ;;
	*) options=$(_vfio_nosnoop_addresses '') ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$cur"
	fi
} &&
	complete -F _vfio_nosnoop vfio-nosnoop
