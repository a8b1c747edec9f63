// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI Express endpoint as a process. It serves one client at a time over vfio-user, and
 * writes down what happens on the wire.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "device.h"
#include "log.h"
#include "registers.h"
#include "vfio_user.h"

#define EXIT_USAGE	2
#define MS_MAX		60000

struct options {
	const char *socket;
	const char *log;
	const char *absent_while;
	bool verbose;
	struct config_options config;
	struct reset_options resets;
};

static const char * const no_snoop_names[] = {
	[CONFIG_NO_SNOOP_RW] = "rw",
	[CONFIG_NO_SNOOP_0] = "0",
	[CONFIG_NO_SNOOP_1] = "1",
};

static const char help[] =
"usage: model --socket PATH --log PATH [OPTION]...\n"
"\n"
"Serves one PCI Express endpoint with a DMA engine over vfio-user to QEMU\n"
"(-device vfio-user-pci), and logs what happens on the wire: each write of\n"
"DEVCTL, COMMAND and PMCSR, each reset, each DMA with its No Snoop attribute, and\n"
"each moment, which begins when bus mastering and Enable No Snoop are both 1.\n"
"\n"
"  --socket PATH      listen there; a stale socket is replaced\n"
"  --log PATH         append one JSON object per line to this file\n"
"  --no-snoop=rw|0|1  Enable No Snoop is read/write and 1 after a reset (default),\n"
"                     hardwired to 0, or stuck at 1\n"
"  --no-pcie          no PCI Express capability, 256 bytes of config space\n"
"  --rciep            a Root Complex Integrated Endpoint, for a root bus: no link\n"
"  --af               an Advanced Features capability with FLR\n"
"  --intx             interrupt pin A, which a register of BAR0 raises\n"
"  --msi              MSI with 4 vectors instead of MSI-X\n"
"  --rom              an expansion ROM of 4 KiB\n"
"  --vendor ID        hexadecimal, default 1234\n"
"  --device ID        hexadecimal, default 0b11\n"
"  --class CODE       hexadecimal, with programming interface, default 088000\n"
"  --bar0-size BYTES  a power of two, 4K to 2048M, default 64K\n"
"  --bar2-size BYTES  likewise, default 4K\n"
"  --mirror BAR:OFFSET:SIZE  a mirror of config space in BAR 0 or 2; numbers are\n"
"                     hexadecimal; up to 4 times\n"
"  --window BAR:INDEX:DATA:BASE  BAR 1, 3, 4 or 5 is an I/O BAR with an index\n"
"                     register and a data register; from index BASE on, the data\n"
"                     is config space; numbers are hexadecimal\n"
"  --reset-delay MS|command  a reset by one of the function's registers (FLR, AF\n"
"                     FLR, BAR0) takes effect MS milliseconds later, or right\n"
"                     before the next write of COMMAND; until then the function\n"
"                     works on\n"
"  --reset-silence MS after a reset the function answers nothing for MS\n"
"                     milliseconds; resets before its memory space was enabled for\n"
"                     the first time do not count\n"
"  --sticks-after RESET  after this reset Enable No Snoop is stuck at 1 until the\n"
"                     function is taken out of its slot; RESET is flr, af_flr,\n"
"                     hidden, d3hot or device_reset\n"
"  --masters-after RESET  this reset leaves bus mastering as it was\n"
"  --absent-while FILE  while FILE exists, the function is missing from its slot\n"
"  --verbose          log each mapping, too\n"
"  --help             show this\n"
"\n"
"SIMULATION: a read with No Snoop returns what DRAM would hold on a machine\n"
"whose CPU cache writes nothing back until it is snooped: zeros for a page that the\n"
"device never touched, otherwise what its last snooped read or write left there.\n"
"Real caches write back now and then, but nobody can rely on that.\n";

__noreturn __printf(1, 2)
static void usage_error(const char *format, ...)
{
	va_list ap;

	fputs("model: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputs("; see model --help\n", stderr);
	exit(EXIT_USAGE);
}

static u32 parse_hex(const char *option, const char *text, u32 max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 16);
	if (errno || end == text || *end || value > max || strchr("+- ", *text))
		usage_error("%s %s: give a hexadecimal number up to %x", option, text, max);
	return value;
}

static u32 parse_size(const char *option, const char *text)
{
	unsigned long long value;
	int shift = 0;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (*end == 'K' || *end == 'k')
		shift = 10;
	else if (*end == 'M' || *end == 'm')
		shift = 20;
	if (shift)
		end++;
	if (errno || end == text || *end || strchr("+- ", *text) ||
	    value > CONFIG_BAR_SIZE_MAX || value << shift > CONFIG_BAR_SIZE_MAX ||
	    value << shift < CONFIG_BAR_SIZE_MIN || value & (value - 1))
		usage_error("%s %s: give a power of two from 4K to 2048M", option, text);
	return value << shift;
}

static u32 parse_ms(const char *option, const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || !value || value > MS_MAX || strchr("+- ", *text))
		usage_error("%s %s: give milliseconds, 1 to %u", option, text, MS_MAX);
	return value;
}

static void parse_delay(const char *text, struct reset_options *o)
{
	if (!strcmp(text, "command"))
		o->until_command = true;
	else
		o->delay_ms = parse_ms("--reset-delay", text);
}

static const char *parse_cause(const char *option, const char *text)
{
	const char * const *cause;

	for (cause = reset_causes; *cause; cause++)
		if (!strcmp(text, *cause))
			return *cause;
	usage_error("%s %s: give flr, af_flr, hidden, d3hot or device_reset", option, text);
}

static void parse_mirror(const char *text, struct config_options *o)
{
	struct config_mirror *mirror = &o->mirrors[o->nr_mirrors];
	char end;

	if (o->nr_mirrors == CONFIG_MIRRORS_MAX)
		usage_error("--mirror %s: there are %u already", text, o->nr_mirrors);
	if (sscanf(text, "%x:%x:%x%c", &mirror->bar, &mirror->offset, &mirror->size,
		   &end) != 3 || (mirror->bar != 0 && mirror->bar != 2) ||
	    !mirror->size || mirror->size > CONFIG_SIZE || mirror->size % 4 ||
	    mirror->offset % 4 || mirror->offset > CONFIG_BAR_SIZE_MAX)
		usage_error("--mirror %s: give BAR:OFFSET:SIZE, BAR 0 or 2, multiples of 4, SIZE up to %x",
			    text, CONFIG_SIZE);
	o->nr_mirrors++;
}

static void parse_window(const char *text, struct config_options *o)
{
	struct config_window *window = &o->window;
	char end;

	if (window->there)
		usage_error("--window %s: there is one already", text);
	if (sscanf(text, "%x:%x:%x:%x%c", &window->bar, &window->index, &window->data,
		   &window->base, &end) != 4 || window->bar >= CONFIG_BARS ||
	    window->bar == 0 || window->bar == 2 ||
	    window->index % 4 || window->index >= CONFIG_WINDOW_SIZE ||
	    window->data % 4 || window->data >= CONFIG_WINDOW_SIZE ||
	    window->index == window->data)
		usage_error("--window %s: give BAR:INDEX:DATA:BASE, BAR 1 or 3 to 5, INDEX and DATA multiples of 4 below %x",
			    text, CONFIG_WINDOW_SIZE);
	window->there = true;
}

/* To be called when all options are known */
static void check_mirrors(const struct config_options *o)
{
	const struct config_mirror *mirror = o->mirrors;
	const struct config_mirror *end = mirror + o->nr_mirrors;
	u32 size;

	for (; mirror < end; mirror++) {
		size = mirror->bar ? o->bar2_size : o->bar0_size;
		if (mirror->size > size || mirror->offset > size - mirror->size ||
		    (!o->pcie && mirror->size > CONFIG_SIZE_NO_PCIE))
			usage_error("--mirror %x:%x:%x: not within its BAR or config space",
				    mirror->bar, mirror->offset, mirror->size);
	}
}

static enum config_no_snoop parse_no_snoop(const char *text)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(no_snoop_names); i++)
		if (!strcmp(text, no_snoop_names[i]))
			return i;
	usage_error("--no-snoop=%s: give rw, 0 or 1", text);
}

static void parse(int argc, char **argv, struct options *o)
{
	enum { SOCKET = 1, LOG, NO_SNOOP, NO_PCIE, RCIEP, AF, INTX, MSI, ROM, VENDOR, DEVICE, CLASS, BAR0, BAR2,
	       MIRROR, WINDOW, DELAY, SILENCE, STICKS, MASTERS, ABSENT, VERBOSE, HELP };
	static const struct option list[] = {
		{ "socket", required_argument, NULL, SOCKET },
		{ "log", required_argument, NULL, LOG },
		{ "no-snoop", required_argument, NULL, NO_SNOOP },
		{ "no-pcie", no_argument, NULL, NO_PCIE },
		{ "rciep", no_argument, NULL, RCIEP },
		{ "af", no_argument, NULL, AF },
		{ "intx", no_argument, NULL, INTX },
		{ "msi", no_argument, NULL, MSI },
		{ "rom", no_argument, NULL, ROM },
		{ "vendor", required_argument, NULL, VENDOR },
		{ "device", required_argument, NULL, DEVICE },
		{ "class", required_argument, NULL, CLASS },
		{ "bar0-size", required_argument, NULL, BAR0 },
		{ "bar2-size", required_argument, NULL, BAR2 },
		{ "mirror", required_argument, NULL, MIRROR },
		{ "window", required_argument, NULL, WINDOW },
		{ "reset-delay", required_argument, NULL, DELAY },
		{ "reset-silence", required_argument, NULL, SILENCE },
		{ "sticks-after", required_argument, NULL, STICKS },
		{ "masters-after", required_argument, NULL, MASTERS },
		{ "absent-while", required_argument, NULL, ABSENT },
		{ "verbose", no_argument, NULL, VERBOSE },
		{ "help", no_argument, NULL, HELP },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", list, NULL)) >= 0) {
		switch (option) {
		case SOCKET:
			o->socket = optarg;
			break;
		case LOG:
			o->log = optarg;
			break;
		case NO_SNOOP:
			o->config.no_snoop = parse_no_snoop(optarg);
			break;
		case NO_PCIE:
			o->config.pcie = false;
			break;
		case RCIEP:
			o->config.rciep = true;
			break;
		case AF:
			o->config.af = true;
			break;
		case INTX:
			o->config.intx = true;
			break;
		case MSI:
			o->config.msi = true;
			break;
		case ROM:
			o->config.rom = true;
			break;
		case VENDOR:
			o->config.vendor = parse_hex("--vendor", optarg, 0xffff);
			break;
		case DEVICE:
			o->config.device = parse_hex("--device", optarg, 0xffff);
			break;
		case CLASS:
			o->config.class_code = parse_hex("--class", optarg, 0xffffff);
			break;
		case BAR0:
			o->config.bar0_size = parse_size("--bar0-size", optarg);
			break;
		case BAR2:
			o->config.bar2_size = parse_size("--bar2-size", optarg);
			break;
		case MIRROR:
			parse_mirror(optarg, &o->config);
			break;
		case WINDOW:
			parse_window(optarg, &o->config);
			break;
		case DELAY:
			parse_delay(optarg, &o->resets);
			break;
		case SILENCE:
			o->resets.silence_ms = parse_ms("--reset-silence", optarg);
			break;
		case STICKS:
			o->resets.sticks = parse_cause("--sticks-after", optarg);
			break;
		case MASTERS:
			o->resets.keeps_master = parse_cause("--masters-after", optarg);
			break;
		case ABSENT:
			o->absent_while = optarg;
			break;
		case VERBOSE:
			o->verbose = true;
			break;
		case HELP:
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		default:	/* getopt_long() has said what is wrong */
			fputs("model: see model --help\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind < argc)
		usage_error("%s: only options are taken", argv[optind]);
	if (!o->socket || !o->log)
		usage_error("give both --socket PATH and --log PATH");
	check_mirrors(&o->config);
	if (strlen(o->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path) || !*o->socket)
		usage_error("--socket: give a path of 1 to %zu bytes",
			    sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
}

/* Removes a socket that nobody listens on any more. Anything else stays. */
static bool remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	bool stale;
	int fd;

	if (lstat(address->sun_path, &st)) {
		if (errno == ENOENT)
			return true;
		perror(address->sun_path);
		return false;
	}
	if (!S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "model: %s is no socket; remove it or choose another path\n",
			address->sun_path);
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	stale = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
		errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	if (!stale) {
		fprintf(stderr, "model: %s is in use; stop that process or choose another path\n",
			address->sun_path);
		return false;
	}
	return !unlink(address->sun_path);
}

static int listen_at(const char *path, struct stat *st)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	memcpy(address.sun_path, path, strlen(path));
	if (!remove_stale(&address))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 8) || lstat(path, st)) {
		fprintf(stderr, "model: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return fd;
}

static int signals(void)
{
	sigset_t set;

	/* A client that hangs up, or a full disk, must be an errno and not end us. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void log_start(struct model_log *log, const struct options *o)
{
	log_begin(log, "start");
	log_text(log, "socket", o->socket);
	log_text(log, "log", o->log);
	log_text(log, "no_snoop", no_snoop_names[o->config.no_snoop]);
	log_bool(log, "pcie", o->config.pcie);
	log_bool(log, "rciep", o->config.rciep);
	log_bool(log, "af", o->config.af);
	log_bool(log, "intx", o->config.intx);
	log_bool(log, "msi", o->config.msi);
	log_bool(log, "rom", o->config.rom);
	log_hex(log, "vendor", o->config.vendor, 4);
	log_hex(log, "device", o->config.device, 4);
	log_hex(log, "class", o->config.class_code, 6);
	log_number(log, "bar0_size", o->config.bar0_size);
	log_number(log, "bar2_size", o->config.bar2_size);
	log_number(log, "mirrors", o->config.nr_mirrors);
	log_bool(log, "window", o->config.window.there);
	log_number(log, "reset_delay", o->resets.delay_ms);
	log_bool(log, "reset_until_command", o->resets.until_command);
	log_number(log, "reset_silence", o->resets.silence_ms);
	log_text(log, "sticks_after", o->resets.sticks ?: "none");
	log_text(log, "masters_after", o->resets.keeps_master ?: "none");
	log_bool(log, "verbose", o->verbose);
	log_end(log);
}

static void serve(struct device *dev, int listener, int stop_fd)
{
	struct pollfd poll_fds[] = {
		{ .fd = listener, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
	};
	int client;

	while (!dev->log->failed) {
		if (poll(poll_fds, ARRAY_SIZE(poll_fds), -1) < 0)
			continue;
		if (poll_fds[1].revents)
			return;
		client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (client >= 0 && vfio_user_serve(dev, client, stop_fd) == VFIO_USER_STOPPED)
			return;
	}
}

int main(int argc, char **argv)
{
	struct options options = {
		.config = {
			.no_snoop = CONFIG_NO_SNOOP_RW,
			.pcie = true,
			.vendor = MODEL_VENDOR_ID,
			.device = MODEL_DEVICE_ID,
			.class_code = MODEL_CLASS,
			.bar0_size = 64 << 10,
			.bar2_size = 4 << 10,
		},
	};
	static struct model_log log;
	static struct device dev;
	int log_fd, listener, stop_fd;
	struct stat ours, now;

	parse(argc, argv, &options);
	stop_fd = signals();
	log_fd = open(options.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (stop_fd < 0 || log_fd < 0) {
		fprintf(stderr, "model: %s: %s\n", options.log, strerror(errno));
		return EXIT_FAILURE;
	}
	log_init(&log, log_fd);
	if (device_init(&dev, &log, &options.config, options.verbose)) {
		fputs("model: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	dev.absent_while = options.absent_while;
	dev.resets.options = options.resets;
	log_start(&log, &options);
	listener = listen_at(options.socket, &ours);
	if (listener < 0)
		return EXIT_FAILURE;

	serve(&dev, listener, stop_fd);

	close(listener);
	if (!lstat(options.socket, &now) && now.st_dev == ours.st_dev &&
	    now.st_ino == ours.st_ino)
		unlink(options.socket);
	device_destroy(&dev);
	close(log_fd);
	if (log.failed) {
		fprintf(stderr, "model: %s: cannot be written, and a witness must have a record\n",
			options.log);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
