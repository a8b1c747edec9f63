# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the variables of lab/vm and of its options
#
# Turns the options of lab/vm into QEMU's command line, and into the names of the devices
# for the command in the machine. Sourced, after options.sh.

# The machine's own devices keep their state when it suspends, because the drivers of 9p
# do not set it up again.
own_slot="bus=lab,x-pcie-pm-no-soft-reset=on,addr=0"

# add_processor: adds the board and the way in which its instructions are run. $how then
# says the latter in words, $console is the console, $root the root folder, and $clock is for
# the kernel's command line.
add_processor()
{
	local accel

	how="in software, the processor has no vmx or svm"
	clock=
	if [ -n "$ARM64" ]; then
		# The device model has to be told of mappings. virtio-iommu does that,
		# and QEMU's SMMU does not. QEMU takes only one of them. But virtio-iommu
		# passes MSI untranslated, and its driver cannot suspend. Linux 7.3
		# refuses such MSI to a user of VFIO's type1, whose domain has no
		# cookie: iommu_dma_prepare_msi() at drivers/iommu/iommu.c:4258. Linux
		# 6.12 lets them pass.
		# KVM needs EL2. This processor boots with a sixth less work than "max".
		# --qemu "-machine iommu=smmuv3" has the SMMU instead.
		qemu=(qemu-system-aarch64 -machine "virt,gic-version=3,virtualization=on,memory-backend=m0")
		[[ ${qemu_extra[*]} = *iommu=smmuv3* ]] || qemu+=(-device virtio-iommu-pci)
		accel=(-accel tcg -cpu neoverse-n1)
		console=ttyAMA0
		root=/lab/arm64
		how="in software, for arm64"
	else
		# Native hotplug. With QEMU's ACPI hotplug, a port says that its slot is
		# empty and its link down, so that the kernel gives up on each bus reset.
		qemu=(qemu-system-x86_64 -machine "q35,memory-backend=m0,kernel-irqchip=split"
			-global "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"
			-device "intel-iommu,caching-mode=on,intremap=on")
		accel=(-accel tcg -cpu max)
		# Linux 7.3 compares the processors' TSCs twice a second with interrupts
		# off, and hangs if it is then about to change its first clocksource, for
		# which it stops all processors: each of the two waits for the other, and
		# the limit to that is read from jiffies, which stand still:
		# watchdog_check_skew() at kernel/time/clocksource.c:323. Seen in 3 of
		# 138 boots on a busy host.
		clock=" tsc=nowatchdog"
		console=ttyS0
		root=/
	fi

	# Whether there is KVM is decided by the processor's flags, because some hosts
	# have a /dev/kvm that runs no ordinary kernel.
	if [ -n "$icount" ]; then
		accel+=(-icount "shift=0,sleep=off")
		cpus=1
		how="counting instructions"
	elif [ -z "$ARM64" ] && grep -qwE 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; then
		accel=(-accel kvm -cpu host)
		how="with KVM"
	fi
	qemu+=("${accel[@]}" -smp "$cpus" -m "${memory}M")
}

# add_own_devices: adds memory, kernel, console, and the folders that we share with it
add_own_devices()
{
	# Debian's kernel tests its cryptography at each boot, which is a fifth of a boot's work.
	qemu+=(-object "memory-backend-memfd,id=m0,size=${memory}M,share=on"
		-nodefaults -no-user-config -display none -no-reboot
		-kernel "$image" -initrd "$initrd"
		-append "console=$console quiet loglevel=$loglevel printk.time=1 panic=-1 no_timer_check cryptomgr.notests intel_iommu=on$clock$append"
		-chardev "file,id=console,path=/lab/state/console.log,append=on"
		-serial chardev:console
		-device "pcie-root-port,id=lab,chassis=255,addr=1e"
		-fsdev "local,id=root,path=$root,security_model=none,readonly=on,multidevs=remap"
		-device "virtio-9p-pci,fsdev=root,mount_tag=root,multifunction=on,$own_slot.0"
		-fsdev "local,id=state,path=/lab/state,security_model=none"
		-device "virtio-9p-pci,fsdev=state,mount_tag=state,$own_slot.1"
		-device "virtio-serial-pci,$own_slot.2"
		-chardev "file,id=out,path=/proc/self/fd/1,append=on"
		-device "virtserialport,chardev=out,name=lab.out"
		-chardev "file,id=err,path=/proc/self/fd/2,append=on"
		-device "virtserialport,chardev=err,name=lab.err")

	[ -z "$disk" ] || qemu+=(
		-fsdev "local,id=disk,path=/lab/disk,security_model=passthrough,multidevs=remap"
		-device "virtio-9p-pci,fsdev=disk,mount_tag=disk,$own_slot.3")
}

# The next device's place: the number of its root port, or its slot on the root bus if
# it is an integrated one
first_place()
{
	port=-1
	slot=8
}

# add_device SOCKET FUNCTION: adds a vfio-user device. Function 0 gets a root port of its
# own. The port has no power controller, because QEMU fails an assertion when it takes
# such a device out of its slot. An integrated device is on the root bus.
add_device()
{
	local place

	if [ "$2" = 0 ]; then
		port=$((port + 1))
		qemu+=(-device "pcie-root-port,id=rp$port,chassis=$((port + 1)),addr=$(printf %x $((16 + port))),power_controller_present=off")
	fi
	place='"bus":"rp'$port'","addr":"0.'$2'","multifunction":true'
	if [ "$2" = integrated ]; then
		place='"bus":"pcie.0","addr":"'$(printf %x "$slot")'.0"'
		slot=$((slot + 1))
	fi
	qemu+=(-device "{\"driver\":\"vfio-user-pci\",$place,\"socket\":{\"type\":\"unix\",\"path\":\"$1\"}}")
}

# qemu_command: leaves the command in $qemu, and adds the sockets that it needs to $binds
qemu_command()
{
	local i

	add_processor
	add_own_devices
	first_place
	for i in "${!models[@]}"; do
		add_device "/run/model$i" "${functions[i]}"
	done
	for i in "${!sockets[@]}"; do
		binds+=("$(realpath "${sockets[i]}"):/lab/socket$i")
		add_device "/lab/socket$i" 0
	done
	qemu+=("${qemu_extra[@]}")
}

# export_bdf NAME INDEX FUNCTION: for the function behind that root port
export_bdf()
{
	printf 'export %s_BDF=$(cd /sys/bus/pci/devices/0000:00:%02x.0 && echo 0000:??:??.%d)\n' \
		"$1" $((16 + $2)) "$3"
}

# export_devices: prints commands that set the devices' names for a shell in the machine
export_devices()
{
	local i

	first_place
	for i in "${!models[@]}"; do
		printf 'export MODEL%d_LOG=/lab/state/model%d.log\n' "$i" "$i"
		printf 'export MODEL%d_ABSENT=/lab/state/model%d.absent\n' "$i" "$i"
		if [ "${functions[i]}" = integrated ]; then
			printf 'export MODEL%d_BDF=0000:00:%02x.0\n' "$i" "$slot"
			slot=$((slot + 1))
			continue
		fi
		[ "${functions[i]}" != 0 ] || port=$((port + 1))
		export_bdf "MODEL$i" "$port" "${functions[i]}"
	done
	for i in "${!sockets[@]}"; do
		port=$((port + 1))
		export_bdf "SOCKET$i" "$port" 0
	done
}
