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

_vfio_nosnoop()
{
	local cur words=() i command='' options

	# An address has colons, which part words.
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
		list | status | bind | unbind)
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
	--class | -d | --id)
		return
		;;
	-S | --root)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	esac

	case $cur,$command in
	-*,bind) options='-n --dry-run --group --persist --force -S --root --json --help' ;;
	-*,unbind) options='-n --dry-run --group --persist -S --root --json --help' ;;
	-*,status) options='--for -F --file --iort -S --root --class -d --id --driver --json --help' ;;
	-*,?*) options='-F --file --iort -S --root --class -d --id --driver --json --help' ;;
	-*,) options='-n --dry-run --group --persist --for --force -F --file --iort -S --root --class -d --id --driver --json --help --version' ;;
	*,) options='list status bind unbind' ;;
	*,unbind) options=$(_vfio_nosnoop_addresses vfio-pci-nosnoop) ;;
	*) options=$(_vfio_nosnoop_addresses '') ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$cur"
	fi
} &&
	complete -F _vfio_nosnoop vfio-nosnoop
