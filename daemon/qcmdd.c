// SPDX-License-Identifier: GPL-2.0-only
/* qcmdd: decides by policy files what is in the minidump table. */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "daemon/manager.h"
#include "lib/options.h"
#include "lib/journal.h"

/* Of the LSB, as systemd.exec(5) lists them; so is EXIT_USAGE. EX_UNAVAILABLE, where another one runs, is BSD's. */
#define EXIT_PRIVILEGE 4

static const struct program program = {
	.name = "qcmdd",
	.usage = "[OPTION...]",
	.about = "Keeps the minidump table as the policies in /etc/qcmd.d, /run/qcmd.d,\n"
		 "/usr/local/lib/qcmd.d and /usr/lib/qcmd.d ask. It is started by: systemctl enable --now qcmdd\n"
		 "What it does is shown by: qcmdctl status",
};

/* What becomes of the regions when the loop has ended. */
enum {
	LEAVE,
	RELEASE,
};

static bool has_capability(const struct __user_cap_data_struct *data, int capability)
{
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

static bool is_privileged(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return has_capability(data, CAP_NET_ADMIN) && has_capability(data, CAP_BPF) &&
	       has_capability(data, CAP_PERFMON);
}

static int on_stop(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata)
{
	/* systemd sends SIGUSR2 (RestartKillSignal=) where it will start us again. */
	return sd_event_exit(sd_event_source_get_event(s), info->ssi_signo == SIGUSR2 ? LEAVE : RELEASE);
}

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata)
{
	manager_reload(userdata);
	return 0;
}

static int add_signals(sd_event *event, struct manager *m)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = {
		{ SIGTERM, on_stop },
		{ SIGINT, on_stop },
		{ SIGUSR2, on_stop },
		{ SIGHUP, on_hangup },
	};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaddset(&set, signals[i].signal);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		int r = sd_event_add_signal(event, NULL, signals[i].signal, signals[i].handler, m);

		if (r < 0)
			return r;
	}
	return 0;
}

static int run(sd_event *event, struct manager *m)
{
	int r;

	r = add_signals(event, m);
	if (r >= 0)
		r = manager_start(m);
	if (r >= 0)
		r = sd_event_loop(event);
	manager_finish(m, r == RELEASE);
	return r;
}

int main(int argc, char **argv)
{
	sd_event *event = NULL;
	struct manager *m;
	int r;

	r = options_parse(&program, argc, argv, NULL);
	if (r < 0)
		return ~r;
	log_open();
	if (!is_privileged()) {
		log_error("qcmdd needs the capabilities CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON: "
			  "start it with 'systemctl start qcmdd'");
		return EXIT_PRIVILEGE;
	}
	r = sd_event_default(&event);
	if (r >= 0)
		r = manager_new(event, &m);
	if (r >= 0) {
		r = run(event, m);
		manager_free(m);
	}
	sd_event_unref(event);
	if (r < 0)
		log_error("qcmdd ends: %s", strerror(-r));
	if (r == -EEXIST)
		return EX_UNAVAILABLE;
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
