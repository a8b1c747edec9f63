// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program from outside: $MODEL, its options, signals, sockets and log.
 */
#include "client.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/un.h>
#include <sys/wait.h>

static char dir[64];
static char socket_path[80];
static char log_path[80];
static char output[8192];

static int dir_setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/model.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(socket_path, sizeof(socket_path), "%s/socket", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	return 0;
}

static int dir_teardown(void **state)
{
	(void)state;
	unlink(socket_path);
	unlink(log_path);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static pid_t start(const char * const *options, int out)
{
	const char *argv[16] = { getenv("MODEL") };
	pid_t pid;
	u32 i;

	assert_non_null(argv[0]);
	for (i = 0; options[i]; i++)
		argv[i + 1] = options[i];
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(out, 1);
		dup2(out, 2);
		execv(argv[0], (char **)argv);
		_exit(127);
	}
	return pid;
}

/* Returns the exit status. A model that does not end is killed, and the result is 999. */
static int finish(pid_t pid)
{
	int status, i;

	for (i = 0; i < WAIT_MS / 10; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 999;
}

static int run(const char * const *options)
{
	int fd = memory_file(0), ret;
	ssize_t n;

	ret = finish(start(options, fd));
	n = pread(fd, output, sizeof(output) - 1, 0);
	output[n > 0 ? n : 0] = 0;
	close(fd);
	return ret;
}

static int try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), i;

	memcpy(address.sun_path, socket_path, strlen(socket_path));
	for (i = 0; i < WAIT_MS / 10; i++) {
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		usleep(10000);
	}
	close(fd);
	return -1;
}

static const char *read_log(void)
{
	int fd = open(log_path, O_RDONLY);
	ssize_t n = read(fd, output, sizeof(output) - 1);

	output[n > 0 ? n : 0] = 0;
	close(fd);
	return output;
}

#define BOTH	"--socket", socket_path, "--log", log_path

static void help(void **state)
{
	const char * const options[] = { "--help", NULL };

	(void)state;
	assert_int_equal(run(options), 0);
	assert_non_null(strstr(output, "usage: model --socket PATH --log PATH"));
	assert_non_null(strstr(output, "SIMULATION"));
}

static void bad_options(void **state)
{
	static const struct {
		const char *option;
		const char *argument;
		const char *says;
	} cases[] = {
		{ "--nonsense", NULL, "unrecognized option" },
		{ "word", NULL, "only options are taken" },
		{ "--no-snoop=2", NULL, "give rw, 0 or 1" },
		{ "--no-snoop=", NULL, "give rw, 0 or 1" },
		{ "--no-pcie=1", NULL, "doesn't allow an argument" },
		{ "--vendor", NULL, "requires an argument" },
		{ "--vendor", "12345", "up to ffff" },
		{ "--vendor", "-1", "up to ffff" },
		{ "--device", "zz", "up to ffff" },
		{ "--device", "", "up to ffff" },
		{ "--class", "1000000", "up to ffffff" },
		{ "--bar0-size", "3K", "a power of two" },
		{ "--bar0-size", "12K", "a power of two" },
		{ "--bar0-size", "2K", "a power of two" },
		{ "--bar0-size", "4096M", "a power of two" },
		{ "--bar0-size", "0", "a power of two" },
		{ "--bar0-size", "64KB", "a power of two" },
		{ "--bar0-size", "99999999999999999999", "a power of two" },
		{ "--bar2-size", "1", "a power of two" },
		{ "--mirror", "0:1000", "BAR:OFFSET:SIZE" },
		{ "--mirror", "1:0:1000", "BAR 0 or 2" },
		{ "--mirror", "0:0:1004", "SIZE up to 1000" },
		{ "--mirror", "0:2:100", "multiples of 4" },
		{ "--mirror", "0:0:100x", "BAR:OFFSET:SIZE" },
		{ "--mirror", "0:f004:1000", "not within its BAR" },
		{ "--mirror", "2:1000:4", "not within its BAR" },
		{ "--reset-delay", "0", "1 to 60000" },
		{ "--reset-delay", "60001", "1 to 60000" },
		{ "--reset-delay", "-1", "1 to 60000" },
		{ "--reset-delay", "5ms", "1 to 60000" },
		{ "--reset-silence", "", "1 to 60000" },
		{ "--sticks-after", "removed", "give flr, af_flr, hidden, d3hot or" },
		{ "--masters-after", "", "give flr, af_flr, hidden, d3hot or" },
		{ "--window", "5:8:c", "BAR:INDEX:DATA:BASE" },
		{ "--window", "2:8:c:0", "BAR 1 or 3 to 5" },
		{ "--window", "6:8:c:0", "BAR 1 or 3 to 5" },
		{ "--window", "5:8:8:0", "INDEX and DATA" },
		{ "--window", "5:8:20:0", "multiples of 4 below 20" },
	};
	const char *none[] = { NULL, NULL, NULL, NULL };
	char longest[200];
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char * const options[] = { BOTH, cases[i].option, cases[i].argument, NULL };

		if (run(options) != 2 || !strstr(output, cases[i].says))
			fail_msg("%s %s: %s", cases[i].option, cases[i].argument, output);
		assert_non_null(strstr(output, "see model --help"));
	}
	assert_int_equal(access(socket_path, F_OK), -1);
	assert_int_equal(access(log_path, F_OK), -1);

	assert_int_equal(run(none), 2);
	assert_non_null(strstr(output, "give both --socket PATH and --log PATH"));
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	none[0] = "--log";
	none[1] = log_path;
	none[2] = "--socket";
	none[3] = longest;
	{
		const char * const options[] = { none[0], none[1], none[2], none[3], NULL };

		assert_int_equal(run(options), 2);
		assert_non_null(strstr(output, "1 to 107 bytes"));
	}
}

static void serves_and_stops(void **state)
{
	const char * const options[] = { BOTH, "--no-snoop=0", "--vendor", "0x10de", "--device",
					 "1b06", "--class", "030000", "--bar0-size", "16M",
					 "--masters-after=hidden", "--verbose", NULL };
	static const int signals[] = { SIGTERM, SIGINT };
	struct session *s = calloc(1, sizeof(*s));
	u32 i, value;
	pid_t pid;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		unlink(log_path);
		pid = start(options, 2);
		s->fd = try_connect();
		assert_true(s->fd >= 0);
		negotiate(s);
		assert_int_equal(region_read(s, CONFIG, 0, 4, &value), 0);
		assert_int_equal(value, 0x1b0610de);
		assert_int_equal(region_read(s, CONFIG, DEVCTL, 2, &value), 0);
		assert_int_equal(value, 0x2010);
		assert_int_equal(region_read(s, BAR0, (16 << 20) - 4, 4, &value), 0);
		close(s->fd);

		/* The model stops although the next client stalls. */
		s->fd = try_connect();
		assert_true(s->fd >= 0);
		negotiate(s);
		send_raw(s, "half", 4, NULL, 0);
		assert_int_equal(kill(pid, signals[i]), 0);
		assert_int_equal(finish(pid), 0);
		close(s->fd);
		assert_int_equal(access(socket_path, F_OK), -1);
		assert_string_equal(events(read_log()), "start client client client client ");
		assert_non_null(strstr(output, "\"no_snoop\":\"0\",\"pcie\":true,\"rciep\":false,\"af\":false,"
				       "\"intx\":false,\"msi\":false,\"rom\":false,"
				       "\"vendor\":\"0x10de\",\"device\":\"0x1b06\","
				       "\"class\":\"0x030000\",\"bar0_size\":16777216,"
				       "\"bar2_size\":4096,\"mirrors\":0,\"window\":false,"
				       "\"reset_delay\":0,\"reset_until_command\":false,"
				       "\"reset_silence\":0,"
				       "\"sticks_after\":\"none\",\"masters_after\":\"hidden\","
				       "\"verbose\":true,\"requests\":0,"));
	}
	free(s);
}

static void sockets_in_the_way(void **state)
{
	const char * const options[] = { BOTH, NULL };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), client, busy, waiting[8], n = 0;
	pid_t pid;

	(void)state;
	memcpy(address.sun_path, socket_path, strlen(socket_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(run(options), 1);
	assert_non_null(strstr(output, "is in use"));
	assert_int_equal(access(socket_path, F_OK), 0);
	/* A socket whose server is too busy to accept is not stale either. */
	busy = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(listen(fd, 0), 0);
	while (!connect(busy, (struct sockaddr *)&address, sizeof(address)) && n < 8) {
		waiting[n++] = busy;
		busy = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	}
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(run(options), 1);
	assert_non_null(strstr(output, "is in use"));
	while (n)
		close(waiting[--n]);
	close(busy);
	close(fd);

	/* Now the socket is stale. */
	pid = start(options, 2);
	client = try_connect();
	assert_true(client >= 0);
	close(client);
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 0);

	fd = open(socket_path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(run(options), 1);
	assert_non_null(strstr(output, "is no socket"));
	assert_int_equal(access(socket_path, F_OK), 0);
}

/* A witness that cannot write its log stops. */
static void log_that_takes_nothing(void **state)
{
	const char * const full[] = { "--socket", socket_path, "--log", "/dev/full", NULL };
	const char * const nowhere[] = { "--socket", socket_path, "--log", "/nowhere/log", NULL };

	(void)state;
	assert_int_equal(run(full), 1);
	assert_non_null(strstr(output, "a witness must have a record"));
	assert_int_equal(access(socket_path, F_OK), -1);
	assert_int_equal(run(nowhere), 1);
	assert_non_null(strstr(output, "/nowhere/log: No such file"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)

static const struct CMUnitTest tests[] = {
	TEST(help),
	TEST(bad_options),
	TEST(serves_and_stops),
	TEST(sockets_in_the_way),
	TEST(log_that_takes_nothing),
};

RUN_TESTS(tests)
