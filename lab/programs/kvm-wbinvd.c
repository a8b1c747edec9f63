// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: kvm-wbinvd BDF VCPUS COUNT
 *
 * Has each vCPU of a small KVM virtual machine run WBINVD COUNT times, with the function's
 * VFIO file attached to the machine, and prints as JSON what that cost the host. The
 * kprobes zap, wbinvd_exit and flush, which the caller has set, do the counting.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/kvm.h>

#define MEMORY_SIZE	0x10000
#define CODE		0x1000
#define VISIT		0x1100
#define MAX_VCPUS	16
#define TRIES		7

struct vcpu {
	pthread_t thread;
	pthread_barrier_t *ready;
	int fd;
	struct kvm_run *run;
	uint16_t count;
	/* Runs on each of the host's processors before each WBINVD */
	int moved;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int must(int ret, const char *what)
{
	if (ret < 0)
		die(what);
	return ret;
}

/* The first: mov cx from memory at 0; wbinvd; loop to that; hlt. The second: hlt. */
static const uint8_t code[] = { 0x8b, 0x0e, 0x00, 0x00, 0x0f, 0x09, 0xe2, 0xfc, 0xf4 };
static const uint8_t visit[] = { 0xf4 };

static long hits(const char *name)
{
	FILE *profile = fopen("/sys/kernel/tracing/kprobe_profile", "r");
	char event[64];
	long count, found = -1;

	if (!profile)
		die("kprobe_profile");
	while (fscanf(profile, "%63s %ld %*d", event, &count) == 2)
		if (!strcmp(event, name))
			found = count;
	fclose(profile);
	return found;
}

static long exits(void)
{
	FILE *file = fopen("/sys/kernel/debug/kvm/exits", "r");
	long count;

	if (!file || fscanf(file, "%ld", &count) != 1)
		die("/sys/kernel/debug/kvm/exits");
	fclose(file);
	return count;
}

static double nanoseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void run_at(struct vcpu *v, uint64_t rip)
{
	struct kvm_regs regs = { .rip = rip, .rflags = 2 };

	must(ioctl(v->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	must(ioctl(v->fd, KVM_RUN, 0), "KVM_RUN");
	if (v->run->exit_reason != KVM_EXIT_HLT) {
		fprintf(stderr, "kvm-wbinvd: exit reason %u\n", v->run->exit_reason);
		exit(1);
	}
}

static void visit_all(struct vcpu *v)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	for (long cpu = 0; cpu < cpus; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		must(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
		run_at(v, VISIT);
	}
}

static void *work(void *arg)
{
	struct vcpu *v = arg;

	pthread_barrier_wait(v->ready);
	if (!v->moved) {
		run_at(v, CODE);
		return NULL;
	}
	for (int i = 0; i < v->count; i++) {
		visit_all(v);
		run_at(v, CODE);
	}
	return NULL;
}

/* The guest reads at address 0 of its memory how often a run executes WBINVD. */
static void run_all(struct vcpu *vcpus, int n, uint8_t *memory, uint16_t count, int moved)
{
	uint16_t per_run = moved ? 1 : count;
	pthread_barrier_t ready;

	memcpy(memory, &per_run, sizeof(per_run));
	pthread_barrier_init(&ready, NULL, n);
	for (int i = 0; i < n; i++) {
		vcpus[i].ready = &ready;
		vcpus[i].count = count;
		vcpus[i].moved = moved;
		if (pthread_create(&vcpus[i].thread, NULL, work, vcpus + i))
			die("pthread_create");
	}
	for (int i = 0; i < n; i++)
		pthread_join(vcpus[i].thread, NULL);
}

/* The quickest of some tries, in ns, because nothing interrupted that one */
static double quickest(struct vcpu *vcpus, int n, uint8_t *memory, uint16_t count)
{
	double best = 0, start, took;

	for (int i = 0; i < TRIES; i++) {
		start = nanoseconds();
		run_all(vcpus, n, memory, count, 0);
		took = nanoseconds() - start;
		if (!i || took < best)
			best = took;
	}
	return best;
}

static void add_vcpu(int kvm, int vm, struct vcpu *v, int id)
{
	size_t size = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	struct kvm_sregs sregs;

	v->fd = must(ioctl(vm, KVM_CREATE_VCPU, id), "KVM_CREATE_VCPU");
	v->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		die("mmap");
	must(ioctl(v->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	must(ioctl(v->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

/* Opens the function's own file, because a driver cannot vouch for a group. */
static int open_device(const char *bdf)
{
	char path[PATH_MAX];
	glob_t found;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev/vfio*", bdf);
	if (glob(path, 0, NULL, &found))
		die(path);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%.32s",
		 strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	return must(open(path, O_RDWR | O_CLOEXEC), path);
}

static void set_file(int vfio, int attribute, int file)
{
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attribute,
		.addr = (unsigned long)&file,
	};

	must(ioctl(vfio, KVM_SET_DEVICE_ATTR, &attr), "KVM_SET_DEVICE_ATTR");
}

/* The quickest of some tries, in ns */
static void attach_and_detach(int vfio, int file, double *attach, double *detach)
{
	double start, attached, detached;

	for (int i = 0; i < TRIES; i++) {
		start = nanoseconds();
		set_file(vfio, KVM_DEV_VFIO_FILE_ADD, file);
		attached = nanoseconds();
		set_file(vfio, KVM_DEV_VFIO_FILE_DEL, file);
		detached = nanoseconds();
		if (!i || attached - start < *attach)
			*attach = attached - start;
		if (!i || detached - attached < *detach)
			*detach = detached - attached;
	}
}

int main(int argc, char **argv)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY_SIZE };
	long attach_zaps, detach_zaps, before_exits, before_wbinvds, before_flushes;
	int kvm, vm, file, n, count;
	double once, attach, detach;
	struct vcpu vcpus[MAX_VCPUS];
	uint8_t *memory;

	n = argc == 4 ? atoi(argv[2]) : 0;
	count = argc == 4 ? atoi(argv[3]) : 0;
	if (n < 1 || n > MAX_VCPUS || count < 1 || count > 30000) {
		fputs("usage: kvm-wbinvd BDF VCPUS COUNT\n", stderr);
		return 2;
	}
	kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	memcpy(memory + CODE, code, sizeof(code));
	memcpy(memory + VISIT, visit, sizeof(visit));
	region.userspace_addr = (unsigned long)memory;
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	for (int i = 0; i < n; i++)
		add_vcpu(kvm, vm, vcpus + i, i);
	run_all(vcpus, n, memory, 1, 0);

	file = open_device(argv[1]);
	must(ioctl(vm, KVM_CREATE_DEVICE, &create), "KVM_CREATE_DEVICE");
	attach_and_detach(create.fd, file, &attach, &detach);
	attach_zaps = hits("zap");
	set_file(create.fd, KVM_DEV_VFIO_FILE_ADD, file);
	attach_zaps = hits("zap") - attach_zaps;
	run_all(vcpus, n, memory, 1, 0);

	before_exits = exits();
	before_wbinvds = hits("wbinvd_exit");
	before_flushes = hits("flush");
	run_all(vcpus, n, memory, count, 0);
	printf("{\"vcpus\":%d,\"wbinvds\":%d,\"exits\":%ld,\"wbinvd_exits\":%ld,\"flushes\":%ld",
	       n, n * count, exits() - before_exits, hits("wbinvd_exit") - before_wbinvds,
	       hits("flush") - before_flushes);
	/* Everything but WBINVD costs the same in both, and cancels out. */
	once = quickest(vcpus, n, memory, count);
	printf(",\"ns\":%.1f", (quickest(vcpus, n, memory, 2 * count) - once) / count);

	before_flushes = hits("flush");
	run_all(vcpus, n, memory, 100, 1);
	printf(",\"moved_wbinvds\":%d,\"moved_flushes\":%ld", n * 100, hits("flush") - before_flushes);

	detach_zaps = hits("zap");
	set_file(create.fd, KVM_DEV_VFIO_FILE_DEL, file);
	detach_zaps = hits("zap") - detach_zaps;
	printf(",\"attach_zaps\":%ld,\"detach_zaps\":%ld,\"attach_ns\":%.0f,\"detach_ns\":%.0f}\n",
	       attach_zaps, detach_zaps, attach, detach);
	return 0;
}
