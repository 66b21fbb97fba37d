// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "lib/cleanup.h"
#include "lib/machine.h"

#define DOWNLOAD_MODE "/sys/module/qcom_scm/parameters/download_mode"
#define NOT_LOADED    "/run/qcmd/not-loaded" /* systemd/qcmd-backend writes it */
#define ASK_KERNEL    "journalctl -k -g qcom_minidump"

void problem_done(struct problem *p)
{
	free(p->message);
	free(p->hint);
	*p = (struct problem){};
}

/* The first two lines of a file, each cut to what fits. 0 or negative errno; then the texts are empty. */
static int read_lines(const char *root, const char *path, char *text, size_t size, char *second, size_t second_size)
{
	_cleanup_free_ char *full = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t end;

	text[0] = second[0] = '\0';
	if (asprintf(&full, "%s%s", root, path) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	f = fopen(full, "re");
	if (!f)
		return -errno;
	if (!fgets(text, size, f))
		return ferror(f) ? -EIO : 0;
	end = strcspn(text, "\n");
	if (text[end] && fgets(second, second_size, f))
		second[strcspn(second, "\n")] = '\0';
	text[end] = '\0';
	return 0;
}

static int read_line(const char *root, const char *path, char *text, size_t size)
{
	char second[2];

	return read_lines(root, path, text, size, second, sizeof(second));
}

/* Whether any file matches the pattern. If ret is given: the last parts of the paths, with commas. */
static bool match(const char *root, const char *pattern, char *ret, size_t size)
{
	_cleanup_free_ char *full = NULL;
	glob_t found = {};
	size_t used = 0;
	bool any;

	if (asprintf(&full, "%s%s", root, pattern) < 0) {
		full = NULL;
		return false;
	}
	any = glob(full, GLOB_BRACE, NULL, &found) == 0;
	for (size_t i = 0; ret && any && i < found.gl_pathc && used < size; i++)
		used += snprintf(ret + used, size - used, "%s%s", i ? ", " : "", strrchr(found.gl_pathv[i], '/') + 1);
	globfree(&found);
	return any;
}

/* The index of modules may be out of sight, as in the daemon's sandbox: then nothing is said. */
static bool module_is_missing(const char *root)
{
	_cleanup_free_ char *path = NULL, *line = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	struct utsname uts;
	size_t size = 0;

	if (uname(&uts) < 0 || asprintf(&path, "%s/lib/modules/%s/modules.dep", root, uts.release) < 0) {
		path = NULL;
		return false;
	}
	f = fopen(path, "re");
	if (!f)
		return false;
	while (getline(&line, &size, f) > 0)
		if (strstr(line, "/qcom_minidump.ko"))
			return false;
	return !ferror(f);
}

struct hypervisor {
	const char *begins; /* what it says of itself, maybe with more behind it */
	const char *name;
};

/* By CPUID, or in the device tree. */
static const struct hypervisor hypervisors[] = {
	{ "KVMKVMKVM", "kvm" },		 { "Linux KVM Hv", "kvm" },
	{ "TCGTCGTCGTCG", "qemu" },	 { "VMwareVMware", "vmware" },
	{ "Microsoft Hv", "microsoft" }, { "XenVMMXenVMM", "xen" },
	{ "bhyve bhyve ", "bhyve" },	 { "VBoxVBoxVBox", "oracle" },
	{ "ACRNACRNACRN", "acrn" },	 { "linux,kvm", "kvm" },
	{ "linux,dummy-virt", "qemu" },	 { "xen,xen", "xen" },
	{ "vmware", "vmware" },		 { "", "vm-other" },
};

/* Firmware's names of what is no real machine. Microsoft and Google make such, too: their names alone say nothing. */
static const struct hypervisor products[] = {
	{ "KVM", "kvm" },
	{ "QEMU", "qemu" },
	{ "Amazon EC2", "kvm" },
	{ "Google Compute Engine", "kvm" },
	{ "OpenStack", "kvm" },
	{ "KubeVirt", "kvm" },
	{ "VMware", "vmware" },
	{ "VMW", "vmware" },
	{ "Virtual Machine", "microsoft" },
	{ "Xen", "xen" },
	{ "BHYVE", "bhyve" },
	{ "VirtualBox", "oracle" },
	{ "innotek GmbH", "oracle" },
	{ "Parallels", "vm-other" },
	{ "Apple Virtualization", "vm-other" },
	{ "", "" },
};

const char *const machine_virtualizations[] = { "kvm",	 "qemu",   "vmware", "microsoft", "xen",
						"bhyve", "oracle", "acrn",   "vm-other",  NULL };

/* The last one has an empty beginning. */
static const char *name_of(const struct hypervisor *h, const char *text)
{
	while (strncmp(text, h->begins, strlen(h->begins)))
		h++;
	return h->name;
}

/* Without a device tree, as arm64 has it with ACPI. The product first: KVM has QEMU's vendor. */
static const char *virtualization_of_firmware(const char *root)
{
	char product[64], vendor[64];

	read_line(root, "/sys/class/dmi/id/product_name", product, sizeof(product));
	read_line(root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
	/* "c7g.metal": a whole machine of Amazon's */
	if (strstr(product, ".metal"))
		return "";
	return *name_of(products, product) ? name_of(products, product) : name_of(products, vendor);
}

const char *machine_virtualization(const char *root, const struct machine_cpu *cpu)
{
	char compatible[32];

	if (cpu->says)
		return cpu->is_virtual ? name_of(hypervisors, cpu->hypervisor) : "";
	if (!read_line(root, "/sys/firmware/devicetree/base/hypervisor/compatible", compatible, sizeof(compatible)))
		return name_of(hypervisors, compatible);
	read_line(root, "/sys/firmware/devicetree/base/compatible", compatible, sizeof(compatible));
	return !strcmp(compatible, "linux,dummy-virt") ? name_of(hypervisors, compatible) :
							 virtualization_of_firmware(root);
}

static struct machine_cpu read_cpu(void)
{
	struct machine_cpu cpu = {};
#ifdef __x86_64__
	unsigned int eax, ebx, ecx, edx, words[3];

	cpu.says = true;
	/* The bit that hypervisors set. */
	cpu.is_virtual = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & (1U << 31));
	if (cpu.is_virtual) {
		__cpuid(0x40000000, eax, words[0], words[1], words[2]);
		memcpy(cpu.hypervisor, words, sizeof(words));
	}
	if (__get_cpuid(0x8000001f, &eax, &ebx, &ecx, &edx))
		cpu.amd = eax;
	if (__get_cpuid_count(0x21, 0, &eax, &words[0], &words[2], &words[1]))
		memcpy(cpu.intel, words, sizeof(words));
#endif
	return cpu;
}

/* Devices through which a guest of that kind asks for its attestation, by the kernel alone or with their driver. */
static const char *const encrypted_by[][2] = {
	{ "/sys/devices/platform/sev-guest", "sev-snp" },
	{ "/sys/class/misc/sev-guest", "sev-snp" },
	{ "/sys/class/misc/tdx_guest", "tdx" },
	{ "/sys/devices/platform/arm-cca-dev", "cca" },
};

const char *machine_encryption(const char *root, const struct machine_cpu *cpu, bool *ret_sure)
{
	*ret_sure = true;
	for (size_t i = 0; i < ARRAY_LEN(encrypted_by); i++)
		if (match(root, encrypted_by[i][0], NULL, 0))
			return encrypted_by[i][1];
	if (!cpu->is_virtual)
		return "";
	if (!strcmp(cpu->intel, "IntelTDX    "))
		return "tdx";
	if (!(cpu->amd & 1U << 1))
		return "";
	/* What the CPU can do, which a hypervisor may show to a guest that does without. */
	*ret_sure = false;
	return cpu->amd & 1U << 4 ? "sev-snp" : cpu->amd & 1U << 3 ? "sev-es" : "sev";
}

/* The file says "none [integrity] confidentiality". */
void machine_lockdown(const char *root, char *ret, size_t size)
{
	char line[64], *from, *to;

	read_line(root, "/sys/kernel/security/lockdown", line, sizeof(line));
	from = strchr(line, '[');
	to = from ? strchr(from, ']') : NULL;
	ret[0] = '\0';
	if (!to || !strncmp(from, "[none]", 6))
		return;
	*to = '\0';
	snprintf(ret, size, "%s", from + 1);
}

/* That is somebody's decision. */
static bool collect_is_masked(const char *root)
{
	_cleanup_free_ char *path = NULL, *target = NULL;

	if (asprintf(&path, "%s/etc/systemd/system/qcmd-collect.service", root) < 0) {
		path = NULL;
		return false;
	}
	target = realpath(path, NULL);
	return target && !strcmp(target, "/dev/null");
}

/* As systemctl enable leaves it, or a package: nobody is asked for that who may not be there. */
static bool collect_is_disabled(const char *root)
{
	return !collect_is_masked(root) &&
	       match(root, "{/etc,/usr/lib,/lib}/systemd/system/qcmd-collect.service", NULL, 0) &&
	       !match(root, "{/etc,/run,/usr/lib}/systemd/system/*.{wants,requires}/qcmd-collect.service", NULL, 0);
}

/* The first one, as it is loaded and has a place for its table. */
static void find_unbound(struct machine *m, const char *root)
{
	static const char *const names[] = { "mmio", "ram", "smem" };

	for (size_t i = 0; i < ARRAY_LEN(names) && !m->unbound[0]; i++) {
		char path[80];

		snprintf(path, sizeof(path), "/sys/module/qcom_minidump_%s/parameters/bound", names[i]);
		if (match(root, path, NULL, 0))
			snprintf(m->unbound, sizeof(m->unbound), "qcom_minidump_%s", names[i]);
	}
}

/* As qcmd-backend counts: "kept 3", starts in a row; or "lost 1". */
static void read_reboots(struct machine *m, const char *root)
{
	unsigned int count;
	char text[32];

	read_line(root, "/var/lib/qcmd/reboots", text, sizeof(text));
	if (sscanf(text, "kept %9u", &count) == 1)
		m->kept = count;
	m->lost = !strncmp(text, "lost ", 5);
}

void machine_read(struct machine *m, const char *root)
{
	struct machine_cpu cpu = read_cpu();
	char loaded[8], disabled[8], own[4];

	*m = (struct machine){};
	m->loaded = match(root, "/sys/module/qcom_minidump", NULL, 0);
	m->missing = !m->loaded && module_is_missing(root);
	read_lines(root, NOT_LOADED, m->reason, sizeof(m->reason), m->remedy, sizeof(m->remedy));
	m->panic = match(root, "/sys/module/qcom_minidump_panic", NULL, 0);
	read_line(root, "/sys/module/qcom_minidump/version", m->version, sizeof(m->version));
	read_line(root, "/sys/module/qcom_minidump/parameters/backend", m->backend, sizeof(m->backend));
	read_line(root, "/sys/module/qcom_minidump/parameters/own", own, sizeof(own));
	m->own = m->backend[0] && !strcmp(own, "Y");
	if (!m->backend[0]) {
		match(root, "/sys/module/qcom_minidump_{mmio,ram,rm,smem}", m->modules, sizeof(m->modules));
		find_unbound(m, root);
	}
	m->download_error = read_line(root, DOWNLOAD_MODE, m->download, sizeof(m->download));
	m->scm = match(root, "/sys/bus/platform/drivers/qcom_scm/*/modalias", NULL, 0);
	read_line(root, "/sys/kernel/kexec_crash_loaded", loaded, sizeof(loaded));
	m->capture_kernel = !strcmp(loaded, "1");
	snprintf(m->virtualization, sizeof(m->virtualization), "%s", machine_virtualization(root, &cpu));
	snprintf(m->encryption, sizeof(m->encryption), "%s", machine_encryption(root, &cpu, &m->encryption_sure));
	machine_lockdown(root, m->lockdown, sizeof(m->lockdown));
	read_line(root, "/proc/sys/kernel/modules_disabled", disabled, sizeof(disabled));
	m->modules_disabled = !strcmp(disabled, "1");
	m->collect_disabled = collect_is_disabled(root);
	read_reboots(m, root);
}

__attribute__((format(printf, 4, 5))) static int say(struct problem *ret, const char *id, const char *hint,
						     const char *format, ...)
{
	va_list ap;
	int r;

	*ret = (struct problem){ .id = id, .hint = strdup(hint) };
	va_start(ap, format);
	r = vasprintf(&ret->message, format, ap);
	va_end(ap);
	if (r >= 0 && ret->hint)
		return 1;
	if (r < 0)
		ret->message = NULL;
	problem_done(ret);
	return -ENOMEM;
}

/* Boot firmware saves the table only if it is told to. A host that reads it, as with mmio, needs not be told. */
static bool needs_arming(const struct machine *m)
{
	return !strcmp(m->backend, "smem") || (!strcmp(m->backend, "mmio") && m->scm);
}

static bool is_armed(const struct machine *m)
{
	return !strcmp(m->download, "mini") || !strcmp(m->download, "full,mini");
}

int machine_problem(const struct machine *m, struct problem *ret)
{
	if (m->missing)
		return say(ret, "no-module", "make modules && make install, with the headers of this kernel",
			   "There is no kernel module qcom_minidump for this kernel");
	if (!m->loaded && m->reason[0] && m->remedy[0])
		return say(ret, "no-module", m->remedy, "The kernel module qcom_minidump is not loaded: %s", m->reason);
	if (!m->loaded && m->lockdown[0])
		return say(ret, "no-module",
			   "Sign the modules with a key that the kernel trusts, or boot without lockdown "
			   "(man kernel_lockdown)",
			   "The kernel module qcom_minidump is not loaded, and the kernel is locked down (%s): it "
			   "loads signed modules only",
			   m->lockdown);
	if (!m->loaded)
		return say(ret, "no-module",
			   "systemctl restart qcmd-backend; journalctl -u qcmd-backend says what fails",
			   "The kernel module qcom_minidump is not loaded");
	if (!m->backend[0])
		return say(ret, "no-backend", "systemctl restart qcmd-backend; if that fails, " ASK_KERNEL " says why",
			   "No back end is bound, so there is no table to put anything in%s%s%s",
			   m->modules[0] ? " (loaded, but not bound: " : "", m->modules, m->modules[0] ? ")" : "");
	if (needs_arming(m) && !m->download_error && !is_armed(m))
		return say(ret, "not-armed",
			   "echo mini > " DOWNLOAD_MODE "; for each boot: qcom_scm.download_mode=mini on the kernel's "
			   "command line",
			   "Boot firmware would not save the table: Qualcomm's download mode is \"%s\", not \"mini\"",
			   m->download);
	return 0;
}

/* What the host would save is no use to anybody. */
static bool hides_memory(const struct machine *m)
{
	return m->encryption[0] && m->encryption_sure;
}

__attribute__((format(printf, 4, 5))) static void add_collector(struct collector *to, size_t *n, const char *id,
								const char *format, ...)
{
	va_list ap;

	to[*n].id = id;
	va_start(ap, format);
	vsnprintf(to[*n].text, sizeof(to[*n].text), format, ap);
	va_end(ap);
	(*n)++;
}

size_t machine_collectors(const struct machine *m, struct collector ret[MACHINE_COLLECTORS_MAX])
{
	bool ram = !strcmp(m->backend, "ram"), mmio = !strcmp(m->backend, "mmio");
	size_t n = 0;

	if (needs_arming(m) && (m->download_error || is_armed(m)))
		add_collector(ret, &n, "firmware", "boot firmware%s",
			      m->download_error ? ", if Qualcomm's download mode is \"mini\"" : "");
	else if (!strcmp(m->backend, "rm"))
		add_collector(ret, &n, "host", "the host, to which the resource manager hands it");
	else if (mmio && !hides_memory(m) && !needs_arming(m))
		add_collector(ret, &n, "host", "the host, which can read the table at any time");
	else if (ram && m->virtualization[0] && !hides_memory(m))
		add_collector(ret, &n, "host", "the host (%s), if somebody saves this machine's memory there",
			      m->virtualization);
	if (ram && m->kept)
		add_collector(ret, &n, "next-kernel",
			      "the next kernel, after a panic that reboots: memory came through the last %u restart%s",
			      m->kept, m->kept == 1 ? "" : "s");
	if (m->backend[0] && m->capture_kernel)
		add_collector(ret, &n, "capture-kernel", "the capture kernel (kdump)");
	return n;
}

int machine_collector_problem(const struct machine *m, struct problem *ret)
{
	struct collector collectors[MACHINE_COLLECTORS_MAX];
	struct problem other;

	if (!m->backend[0] || machine_collectors(m, collectors))
		return 0;
	/* That it is not armed is what is wrong. */
	if (machine_problem(m, &other) > 0) {
		problem_done(&other);
		return 0;
	}
	if (hides_memory(m))
		return say(
			ret, "collector", "Load a capture kernel (kdump)",
			"Only a capture kernel could collect the dump, and none is loaded (kdump): the memory of this "
			"virtual machine is encrypted (%s), so that its host can't read it",
			m->encryption);
	return say(
		ret, "collector",
		strcmp(m->backend, "ram") || m->lost ?
			"Load a capture kernel (kdump), or have RAM read in another way after a crash" :
			"Load a capture kernel (kdump), or reboot once: then it is known whether memory comes through",
		"Nobody is known to collect the dump: no capture kernel is loaded (kdump), and this does not look "
		"like a virtual machine");
}

int machine_note(const struct machine *m, struct problem *ret)
{
	if (needs_arming(m) && m->download_error)
		return say(ret, "download-mode", "qcom_scm.download_mode=mini on the kernel's command line",
			   "Whether boot firmware would save the table can't be seen: " DOWNLOAD_MODE ": %s",
			   strerror(-m->download_error));
	if (m->capture_kernel || !m->encryption[0] || m->encryption_sure ||
	    (strcmp(m->backend, "ram") && strcmp(m->backend, "mmio")))
		return 0;
	return say(ret, "collector", "Load a capture kernel (kdump)",
		   "Only a capture kernel is sure to collect the dump, and none is loaded (kdump): the memory of this "
		   "virtual machine may be encrypted (%s), so that its host can't read it",
		   m->encryption);
}

/* Also without a rawdump partition: what the kernel's pstore has kept is taken over, too. */
int machine_collect_note(const struct machine *m, struct problem *ret)
{
	if (!m->backend[0] || !m->collect_disabled)
		return 0;
	return say(ret, "collect-disabled", "systemctl enable qcmd-collect",
		   "What a crash leaves on this machine is not taken over at the next boot: qcmd-collect is not "
		   "enabled");
}

/* If it does, the next kernel collects. */
int machine_keep_note(const struct machine *m, struct problem *ret)
{
	if (strcmp(m->backend, "ram") || !m->lost)
		return 0;
	return say(ret, "memory-lost", "Reboot to see whether it does then; or load a capture kernel (kdump)",
		   "Memory did not come through the last restart: the machine was off, or its firmware or host clears "
		   "memory. After a reset like that nothing is left for the next kernel");
}

/* Of interest where there is a table that it would be in. */
int machine_panic_note(const struct machine *m, struct problem *ret)
{
	if (!m->loaded || !m->backend[0] || m->panic)
		return 0;
	return say(ret, "no-registers", "modprobe qcom_minidump_panic; /etc/modprobe.d may forbid it",
		   "The registers of the CPU that panics will not be in the dump: the kernel module "
		   "qcom_minidump_panic is not loaded");
}

static bool is_of_modules(const char *id)
{
	return !strcmp(id, "no-module") || !strcmp(id, "no-backend") || !strcmp(id, "no-registers");
}

char *machine_other_hint(const struct machine *m, const char *id)
{
	char *hint = NULL;
	int r = 0;

	if (!m->modules_disabled)
		return NULL;
	if (!strcmp(id, "no-backend") && m->unbound[0])
		r = asprintf(&hint, "echo 1 > /sys/module/%s/parameters/bound", m->unbound);
	else if (is_of_modules(id))
		hint = strdup("Reboot: until then no module can be loaded (kernel.modules_disabled=1)");
	else if (!strcmp(id, "table-full"))
		hint = strdup("lower MaxTasks= in the policies; the table can't be made larger before the next boot "
			      "(kernel.modules_disabled=1)");
	return r < 0 ? NULL : hint;
}
