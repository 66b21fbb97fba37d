// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel shows of the machine, in a folder that stands for its root, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/machine.h"

#define MODULES	 "/sys/module"
#define CORE	 MODULES "/qcom_minidump"
#define BACKEND	 CORE "/parameters/backend"
#define DOWNLOAD MODULES "/qcom_scm/parameters/download_mode"

static char root[] = "/tmp/test-machine-XXXXXX";
static struct machine m;

static void make_folder_of(const char *path)
{
	_cleanup_free_ char *command = NULL;

	assert_true(asprintf(&command, "mkdir -p \"$(dirname %s%s)\"", root, path) > 0);
	assert_int_equal(system(command), 0);
}

static void write_file(const char *path, const char *text)
{
	_cleanup_free_ char *full = NULL;
	FILE *f;

	assert_true(asprintf(&full, "%s%s", root, path) > 0);
	make_folder_of(path);
	f = fopen(full, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void make_link(const char *path, const char *target)
{
	_cleanup_free_ char *full = NULL;

	assert_true(asprintf(&full, "%s%s", root, path) > 0);
	make_folder_of(path);
	assert_int_equal(symlink(target, full), 0);
}

static int empty_root(void **state)
{
	_cleanup_free_ char *command = NULL;

	return asprintf(&command, "rm -rf %s/*", root) > 0 ? system(command) : -1;
}

static void assert_says(int (*what)(const struct machine *, struct problem *), const char *id, const char *words,
			const char *hint)
{
	struct problem p;

	machine_read(&m, root);
	m.virtualization[0] = m.encryption[0] = '\0'; /* which the machine of this test may be */
	assert_int_equal(what(&m, &p), 1);
	assert_string_equal(p.id, id);
	if (!strstr(p.message, words) || !strstr(p.hint, hint))
		fail_msg("'%s', '%s' lack '%s', '%s'", p.message, p.hint, words, hint);
	problem_done(&p);
}

static void assert_silent(int (*what)(const struct machine *, struct problem *))
{
	struct problem p;

	machine_read(&m, root);
	if (what(&m, &p))
		fail_msg("'%s' is said", p.message);
}

static void test_module(void **state)
{
	_cleanup_free_ char *index = NULL;
	struct utsname uts;

	assert_int_equal(uname(&uts), 0);
	assert_true(asprintf(&index, "/lib/modules/%s/modules.dep", uts.release) > 0);

	assert_says(machine_problem, "no-module", "is not loaded", "systemctl restart qcmd-backend");
	write_file(index, "kernel/fs/fat/fat.ko:\n");
	assert_says(machine_problem, "no-module", "no kernel module qcom_minidump for this kernel", "make modules");
	write_file(index, "kernel/fs/fat/fat.ko:\nupdates/qcom_minidump.ko.xz:\n");
	assert_says(machine_problem, "no-module", "is not loaded", "systemctl restart qcmd-backend");

	/* qcmd-backend knows more. */
	write_file("/run/qcmd/not-loaded", "there is no memory for it\nEnd something\n");
	assert_says(machine_problem, "no-module", "is not loaded: there is no memory for it", "End something");
	write_file("/run/qcmd/not-loaded", "half of it");
	assert_says(machine_problem, "no-module", "is not loaded", "systemctl restart qcmd-backend");

	write_file(CORE "/version", "0.1\n");
	write_file(index, "");
	write_file(BACKEND, "\n");
	assert_says(machine_problem, "no-backend", "No back end is bound, so there is no table to put anything in",
		    "journalctl -k -g qcom_minidump");
	assert_null(strchr(m.modules, 'q'));
	assert_string_equal(m.version, "0.1");
	write_file(MODULES "/qcom_minidump_mmio/refcnt", "0\n");
	write_file(MODULES "/qcom_minidump_ram/refcnt", "0\n");
	/* That is no back end. */
	write_file(MODULES "/qcom_minidump_panic/refcnt", "0\n");
	assert_says(machine_problem, "no-backend", "(loaded, but not bound: qcom_minidump_mmio, qcom_minidump_ram)",
		    "systemctl restart qcmd-backend");
	write_file(BACKEND, "ram\n");
	assert_silent(machine_problem);
	assert_string_equal(m.backend, "ram");
}

static void test_download_mode(void **state)
{
	write_file(BACKEND, "smem\n");
	assert_silent(machine_problem);
	assert_says(machine_note, "download-mode", "No such file", "qcom_scm.download_mode=mini");
	for (const char *const *mode = (const char *const[]){ "off", "full", "", NULL }; *mode; mode++) {
		write_file(DOWNLOAD, *mode);
		assert_says(machine_problem, "not-armed", *mode, "echo mini > " DOWNLOAD);
		assert_silent(machine_note);
	}
	write_file(DOWNLOAD, "mini\n");
	assert_silent(machine_problem);
	write_file(DOWNLOAD, "full,mini\n");
	assert_silent(machine_problem);

	/* A host needs no arming, other back ends have no such firmware. */
	write_file(DOWNLOAD, "off\n");
	write_file(BACKEND, "mmio\n");
	assert_silent(machine_problem);
	write_file("/sys/bus/platform/drivers/qcom_scm/firmware:scm/modalias", "of:NscmT(null)Cqcom,scm\n");
	assert_says(machine_problem, "not-armed", "\"off\"", "echo mini");
	write_file(BACKEND, "ram\n");
	assert_silent(machine_problem);
	write_file(BACKEND, "rm\n");
	assert_silent(machine_problem);
	assert_silent(machine_note);
}

static void assert_collectors(const char *virtualization, const char *first, const char *second)
{
	struct collector who[MACHINE_COLLECTORS_MAX];
	size_t n;

	machine_read(&m, root);
	m.encryption[0] = '\0';
	snprintf(m.virtualization, sizeof(m.virtualization), "%s", virtualization);
	n = machine_collectors(&m, who);
	assert_int_equal(n, !!first + !!second);
	if (first)
		assert_string_equal(who[0].id, first);
	if (second)
		assert_string_equal(who[1].id, second);
}

/* The next kernel collects only where it was seen that it can. */
static void test_reboots(void **state)
{
	write_file(BACKEND, "ram\n");
	assert_says(machine_collector_problem, "collector", "Nobody is known to collect", "reboot once");
	assert_silent(machine_keep_note);
	write_file("/var/lib/qcmd/reboots", "kept 3\n");
	assert_collectors("", "next-kernel", NULL);
	assert_collectors("kvm", "host", "next-kernel");
	assert_silent(machine_collector_problem);
	assert_silent(machine_keep_note);
	write_file("/var/lib/qcmd/reboots", "lost 1\n");
	assert_collectors("", NULL, NULL);
	assert_says(machine_collector_problem, "collector", "Nobody is known to collect", "Load a capture kernel");
	assert_says(machine_keep_note, "memory-lost", "did not come through the last restart", "Reboot");
	write_file("/var/lib/qcmd/reboots", "what\n");
	assert_collectors("", NULL, NULL);
	assert_silent(machine_keep_note);
	write_file("/var/lib/qcmd/reboots", "kept 3\n");
	write_file(BACKEND, "mmio\n");
	assert_collectors("", "host", NULL);
}

static void test_collector(void **state)
{
	assert_collectors("kvm", NULL, NULL);
	write_file(BACKEND, "ram\n");
	write_file("/sys/kernel/kexec_crash_loaded", "0\n");
	assert_says(machine_collector_problem, "collector", "Nobody is known to collect", "kdump");
	assert_collectors("", NULL, NULL);
	assert_collectors("kvm", "host", NULL);
	write_file("/sys/kernel/kexec_crash_loaded", "1\n");
	assert_silent(machine_collector_problem);
	assert_collectors("", "capture-kernel", NULL);
	assert_collectors("kvm", "host", "capture-kernel");
	write_file("/sys/kernel/kexec_crash_loaded", "0\n");
	write_file(BACKEND, "mmio\n");
	assert_collectors("", "host", NULL);
	write_file(BACKEND, "rm\n");
	assert_collectors("", "host", NULL);
	write_file(BACKEND, "smem\n");
	assert_collectors("", "firmware", NULL);
	write_file(DOWNLOAD, "full\n");
	assert_collectors("", NULL, NULL);
	/* That is what is wrong already. */
	assert_silent(machine_collector_problem);
	write_file(DOWNLOAD, "mini\n");
	assert_collectors("", "firmware", NULL);
}

#define TREE	"/sys/firmware/devicetree/base"
#define PRODUCT "/sys/class/dmi/id/product_name"
#define VENDOR	"/sys/class/dmi/id/sys_vendor"
#define SAYS(text)                                                   \
	{                                                            \
		.says = true, .is_virtual = true, .hypervisor = text \
	}

static void test_virtualization(void **state)
{
	static const struct {
		const char *files[2][2];
		struct machine_cpu cpu;
		const char *right;
	} facts[] = {
		{ {}, {}, "" },
		{ { { VENDOR, "QEMU\n" } }, { .says = true }, "" },
		{ {}, SAYS("KVMKVMKVM"), "kvm" },
		{ {}, SAYS("Microsoft Hv"), "microsoft" },
		{ {}, SAYS("Nobody knows"), "vm-other" },
		{ { { TREE "/hypervisor/compatible", "linux,kvm" } }, {}, "kvm" },
		{ { { TREE "/hypervisor/compatible", "qcom,haven" } }, {}, "vm-other" },
		{ { { TREE "/compatible", "linux,dummy-virt" } }, {}, "qemu" },
		{ { { TREE "/compatible", "qcom,sm8550" } }, {}, "" },
		{ { { PRODUCT, "QEMU Virtual Machine\n" }, { VENDOR, "QEMU\n" } }, {}, "qemu" },
		{ { { PRODUCT, "KVM Virtual Machine\n" }, { VENDOR, "QEMU\n" } }, {}, "kvm" },
		{ { { PRODUCT, "t4g.small\n" }, { VENDOR, "Amazon EC2\n" } }, {}, "kvm" },
		{ { { PRODUCT, "m7g.metal\n" }, { VENDOR, "Amazon EC2\n" } }, {}, "" },
		{ { { PRODUCT, "Google Compute Engine\n" }, { VENDOR, "Google\n" } }, {}, "kvm" },
		{ { { PRODUCT, "Lazor\n" }, { VENDOR, "Google\n" } }, {}, "" },
		{ { { PRODUCT, "Virtual Machine\n" }, { VENDOR, "Microsoft Corporation\n" } }, {}, "microsoft" },
		{ { { PRODUCT, "Surface Pro X\n" }, { VENDOR, "Microsoft Corporation\n" } }, {}, "" },
		{ { { PRODUCT, "VMware20,1\n" }, { VENDOR, "VMware, Inc.\n" } }, {}, "vmware" },
		{ { { PRODUCT, "HVM domU\n" }, { VENDOR, "Xen\n" } }, {}, "xen" },
		{ { { PRODUCT, "Apple Virtualization Generic Platform\n" } }, {}, "vm-other" },
	};

	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		const char *got;

		for (size_t k = 0; k < 2 && facts[i].files[k][0]; k++)
			write_file(facts[i].files[k][0], facts[i].files[k][1]);
		got = machine_virtualization(root, &facts[i].cpu);
		if (strcmp(got, facts[i].right))
			fail_msg("%zu: '%s' is not '%s'", i, got, facts[i].right);
		empty_root(NULL);
	}
}

static void test_collect(void **state)
{
	write_file(BACKEND, "ram\n");
	assert_silent(machine_collect_note);
	write_file("/usr/lib/systemd/system/qcmd-collect.service", "[Unit]\n");
	assert_says(machine_collect_note, "collect-disabled", "qcmd-collect is not enabled",
		    "systemctl enable qcmd-collect");
	make_link("/etc/systemd/system/qcmd-collect.service", "/dev/null");
	assert_silent(machine_collect_note);
	empty_root(NULL);
	write_file(BACKEND, "ram\n");
	write_file("/usr/lib/systemd/system/qcmd-collect.service", "[Unit]\n");
	write_file("/etc/systemd/system/multi-user.target.wants/qcmd-collect.service", "");
	assert_silent(machine_collect_note);
}

static void assert_other_hint(const char *id, const char *hint)
{
	_cleanup_free_ char *other = NULL;

	machine_read(&m, root);
	other = machine_other_hint(&m, id);
	if (!hint)
		assert_null(other);
	else
		assert_non_null(strstr(other, hint));
}

/* No command that could only fail, and take the table with it. */
static void test_modules_disabled(void **state)
{
	assert_other_hint("no-module", NULL);
	write_file("/proc/sys/kernel/modules_disabled", "0\n");
	assert_other_hint("no-module", NULL);
	write_file("/proc/sys/kernel/modules_disabled", "1\n");
	assert_other_hint("no-module", "Reboot");
	assert_other_hint("no-registers", "Reboot");
	assert_other_hint("no-backend", "Reboot");
	assert_other_hint("table-full", "lower MaxTasks=");
	assert_other_hint("reload", NULL);
	write_file(MODULES "/qcom_minidump_smem/parameters/bound", "N\n");
	assert_other_hint("no-backend", "echo 1 > " MODULES "/qcom_minidump_smem/parameters/bound");
	write_file(BACKEND, "ram\n");
	assert_other_hint("no-backend", "Reboot");
}

static void test_encryption(void **state)
{
	static const struct {
		const char *path; /* that is there */
		struct machine_cpu cpu;
		const char *right;
		bool sure;
	} facts[] = {
		{ NULL, {}, "", true },
		{ NULL, { .is_virtual = true }, "", true },
		{ NULL, { .amd = 0x2 }, "", true }, /* the host itself */
		{ NULL, { .intel = "IntelTDX    " }, "", true },
		{ NULL, { .is_virtual = true, .amd = 0x1 }, "", true }, /* encrypted for all, by the host's key */
		{ NULL, { .is_virtual = true, .amd = 0x3 }, "sev", false },
		{ NULL, { .is_virtual = true, .amd = 0xb }, "sev-es", false },
		{ NULL, { .is_virtual = true, .amd = 0x1b }, "sev-snp", false },
		{ NULL, { .is_virtual = true, .intel = "IntelTDX    " }, "tdx", true },
		{ "/sys/devices/platform/sev-guest/modalias", {}, "sev-snp", true },
		{ "/sys/class/misc/sev-guest/dev", {}, "sev-snp", true },
		{ "/sys/class/misc/tdx_guest/dev", {}, "tdx", true },
		{ "/sys/devices/platform/arm-cca-dev/modalias", {}, "cca", true },
	};
	struct problem p;
	bool sure;

	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		if (facts[i].path)
			write_file(facts[i].path, "\n");
		assert_string_equal(machine_encryption(root, &facts[i].cpu, &sure), facts[i].right);
		assert_int_equal(sure, facts[i].sure);
		empty_root(NULL);
	}

	/* Then nobody is told to save the memory from outside. */
	write_file("/sys/class/misc/tdx_guest/dev", "10:123\n");
	for (const char *const *backend = (const char *const[]){ "ram\n", "mmio\n", NULL }; *backend; backend++) {
		write_file(BACKEND, *backend);
		write_file("/sys/kernel/kexec_crash_loaded", "0\n");
		machine_read(&m, root);
		assert_int_equal(machine_collector_problem(&m, &p), 1);
		assert_string_equal(p.id, "collector");
		assert_non_null(strstr(p.message, "is encrypted (tdx)"));
		assert_string_equal(p.hint, "Load a capture kernel (kdump)");
		problem_done(&p);
		assert_silent(machine_note);
		m.encryption_sure = false;
		assert_int_equal(machine_note(&m, &p), 1);
		assert_string_equal(p.id, "collector");
		assert_non_null(strstr(p.message, "may be encrypted (tdx)"));
		problem_done(&p);
		write_file("/sys/kernel/kexec_crash_loaded", "1\n");
		assert_silent(machine_collector_problem);
		assert_silent(machine_note);
	}
}

static void test_lockdown(void **state)
{
	static const char *const files[][2] = {
		{ "[none] integrity confidentiality\n", "" },
		{ "none [integrity] confidentiality\n", "integrity" },
		{ "none integrity [confidentiality]\n", "confidentiality" },
		{ "", "" },
		{ "none [integrity\n", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		write_file("/sys/kernel/security/lockdown", files[i][0]);
		machine_read(&m, root);
		assert_string_equal(m.lockdown, files[i][1]);
	}
	write_file("/sys/kernel/security/lockdown", files[1][0]);
	assert_says(machine_problem, "no-module", "locked down (integrity): it loads signed modules only", "Sign");
	write_file(CORE "/version", "0.1\n");
	write_file(BACKEND, "ram\n");
	assert_silent(machine_problem);
}

static void test_panic_module(void **state)
{
	write_file(MODULES "/qcom_minidump/refcnt", "0\n");
	assert_silent(machine_panic_note);
	write_file(BACKEND, "ram\n");
	assert_says(machine_panic_note, "no-registers", "qcom_minidump_panic is not loaded",
		    "modprobe qcom_minidump_panic");
	write_file(MODULES "/qcom_minidump_panic/refcnt", "0\n");
	assert_silent(machine_panic_note);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_module, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_download_mode, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_collector, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_reboots, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_virtualization, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_collect, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_modules_disabled, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_encryption, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_lockdown, empty_root, empty_root),
		cmocka_unit_test_setup_teardown(test_panic_module, empty_root, empty_root),
	};
	int r;

	if (!mkdtemp(root))
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(root);
	return r;
}
