// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/cause/cause.h"
#include "dump/commands.h"
#include "dump/core/cpuregs.h"
#include "dump/log/lastwords.h"
#include "dump/stack/names.h"
#include "lib/json.h"
#include "lib/text.h"

static const char *arch_name(const struct corefile *core)
{
	const char *arch = kv_get(&core->kernel_note, "ARCH");

	if (arch)
		return arch;
	return core->elf.machine == EM_X86_64 ? "x86_64" : core->elf.machine == EM_AARCH64 ? "aarch64" : NULL;
}

static uint64_t region_bytes(const struct corefile *core)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < core->n_regions; i++)
		if (__builtin_add_overflow(bytes, core->regions[i].size, &bytes))
			return UINT64_MAX;
	return bytes;
}

static bool collect_number(const struct corefile *core, const char *key, uint64_t *ret)
{
	const char *s = kv_get(&core->collect_note, key);
	char *end;

	if (!s || *s < '0' || *s > '9')
		return false;
	errno = 0;
	*ret = strtoull(s, &end, 0);
	return !errno && !*end;
}

static void line(FILE *out, const char *label, const char *text)
{
	_cleanup_free_ char *safe = text ? clean_text(text) : NULL;

	fprintf(out, "%15s: %s\n", label, safe ? safe : "unknown");
}

/* Times of the crash and of the collection, where they are known. */
static void print_times(const struct corefile *core, FILE *out)
{
	const char *crash = core_crash_time(core);
	uint64_t seconds;

	if (crash)
		line(out, "Crashed", time_text(strtoull(crash, NULL, 10)).s);
	if (collect_number(core, "COLLECTED", &seconds))
		line(out, "Collected", time_text(seconds).s);
}

static void print_amount(const struct corefile *core, FILE *out)
{
	uint64_t bytes = region_bytes(core), ram;
	struct size_text size = size_text(bytes);

	if (collect_number(core, "SOURCE_BYTES", &ram) && ram)
		fprintf(out, "%15s: %zu, %s (%.2f %% of %s of memory)\n", "Regions", core->n_regions, size.s,
			(double)bytes * 100 / (double)ram, size_text(ram).s);
	else
		fprintf(out, "%15s: %zu, %s\n", "Regions", core->n_regions, size.s);
}

static void print_list(const struct kv *kv, const char *prefix, const char *label, FILE *out)
{
	const struct kv_pair *p;
	bool first = true;

	for (size_t pos = 0; (p = kv_next(kv, prefix, &pos)); first = false) {
		_cleanup_free_ char *value = clean_text(p->value);
		const char *arg;
		size_t len;

		if (first)
			fprintf(out, "%15s: ", label);
		else
			fprintf(out, "%15s  ", "");
		if (kv_argument(p->key, &arg, &len)) {
			_cleanup_free_ char *name = escape_text(arg, len, terminal_text());

			fprintf(out, "%s (%s)\n", name, value);
		} else {
			fprintf(out, "%s\n", value);
		}
	}
	if (first)
		fprintf(out, "%15s: none\n", label);
}

static const char *tables_text(const struct corefile *core)
{
	const char *s = kv_get(&core->collect_note, "PAGE_TABLES");

	return s && !strcmp(s, "synthetic") ? "made by qcmdump, of what is in the dump" : "none were made";
}

/* Where other tables were not looked for, silence about them says nothing. */
static void print_table(const struct corefile *core, FILE *out)
{
	const char *from = kv_get(&core->collect_note, "TABLE_FROM");
	uint64_t table;

	if (!from || !collect_number(core, "TABLE", &table))
		return;
	fprintf(out, "%15s: at 0x%" PRIx64 ", %s\n", "Table", table,
		!strcmp(from, "kernel") ? "to which the kernel leads: the memory was not searched for others" :
		!strcmp(from, "option") ? "which --table named: the memory was not searched for others" :
					  "found by a search of the memory");
}

static uint64_t gap_bytes(const struct corefile *core, size_t *n)
{
	uint64_t bytes = 0, size;
	const struct kv_pair *p;

	*n = 0;
	for (size_t pos = 0; (p = kv_next(&core->collect_note, "GAP", &pos)); ++*n)
		if (sscanf(p->value, "%*x %" SCNu64, &size) != 1 || __builtin_add_overflow(bytes, size, &bytes))
			return UINT64_MAX;
	return bytes;
}

static void print_conversion(const struct corefile *core, FILE *out)
{
	uint64_t bytes;
	size_t n;

	if (!kv_get(&core->collect_note, "CONVERTED"))
		return;
	line(out, "Converted for", kv_get(&core->collect_note, "CONVERTED"));
	bytes = gap_bytes(core, &n);
	if (n)
		fprintf(out, "%15s: %s in %zu pieces were not captured and read as zeros\n", "Gaps", size_text(bytes).s,
			n);
}

static void print_names(const struct corefile *core, FILE *out)
{
	_cleanup_free_ char *source = NULL, *safe = NULL;
	size_t functions;

	if (!names_about(core, &source, &functions))
		return;
	safe = clean_text(source);
	fprintf(out, "%15s: %zu functions, by %s\n", "Names", functions, safe);
}

static void print_redacted(const struct corefile *core, FILE *out)
{
	if (kv_get(&core->collect_note, "REDACTED"))
		print_list(&core->collect_note, "REDACTED", "Redacted", out);
}

static void print_evidence(const char *text, bool first, FILE *out)
{
	_cleanup_free_ char *safe = clean_text(text);

	fprintf(out, "%15s%c %s\n", first ? "By" : "", first ? ':' : ' ', safe);
}

static void print_cause(const struct cause *cause, FILE *out)
{
	line(out, "What happened", cause->sentence);
	for (size_t i = 0; i < cause->evidence.n; i++)
		print_evidence(cause->evidence.v[i], i == 0, out);
	if (cause->signature)
		line(out, "Signature", cause->signature);
}

static void print_text(const struct corefile *core, const struct cause *cause, const struct last_words *log, FILE *out)
{
	_cleanup_free_ char *registers = cpu_regs_text(core);

	print_cause(cause, out);
	line(out, "Kernel", kv_get(&core->vmcoreinfo, "OSRELEASE"));
	line(out, "Build ID", kv_get(&core->vmcoreinfo, "BUILD-ID"));
	line(out, "Architecture", arch_name(core));
	if (kv_get(&core->collect_note, "WARNING"))
		print_list(&core->collect_note, "WARNING", "Beware", out);
	print_times(core, out);
	if (core->elf.missing)
		fprintf(out, "%15s: the last %s of the dump's memory are missing\n", "Cut off",
			size_text(core->elf.missing).s);
	if (log->why_not)
		line(out, "Log", log->why_not);
	else
		fprintf(out, "%15s: %zu records, the last at %" PRIu64 ".%06" PRIu64 " s\n", "Log", log->records,
			log->last_ts / 1000000000, log->last_ts / 1000 % 1000000);
	if (!core->collect_note.text) {
		line(out, "Regions", "not collected by qcmdump: no list of regions");
		return;
	}
	line(out, "Source", kv_get(&core->collect_note, "SOURCE"));
	if (core->log) {
		line(out, "Regions",
		     kv_get(&core->collect_note, "DIED") ? "none: the end of the log is all that was kept" :
							   "none: the log is all that pstore kept");
		print_list(&core->collect_note, "PROBLEM", "Problems", out);
		print_redacted(core, out);
		return;
	}
	line(out, "Back end", kv_get(&core->collect_note, "BACKEND"));
	print_table(core, out);
	print_amount(core, out);
	if (kv_get(&core->collect_note, "SLOTS"))
		line(out, "Slots used", kv_get(&core->collect_note, "SLOTS"));
	line(out, "Registers", registers);
	print_names(core, out);
	line(out, "Page tables", tables_text(core));
	if (kv_get(&core->collect_note, "SYNTHETIC"))
		print_list(&core->collect_note, "SYNTHETIC", "Made besides", out);
	print_conversion(core, out);
	line(out, "Collected by", kv_get(&core->collect_note, "CREATOR"));
	line(out, "Daemon", kv_get(&core->kernel_note, "CREATOR"));
	print_list(&core->kernel_note, "POLICY(", "Policies", out);
	print_list(&core->collect_note, "PROBLEM", "Problems", out);
	if (kv_get(&core->collect_note, "LEFT_OUT"))
		print_list(&core->collect_note, "LEFT_OUT", "Left out", out);
	print_redacted(core, out);
}

static struct json_object *json_values(const struct kv *kv, const char *prefix)
{
	struct json_object *list = json_object_new_array();
	const struct kv_pair *p;

	for (size_t pos = 0; (p = kv_next(kv, prefix, &pos));)
		json_object_array_add(list, json_text(p->value, strlen(p->value)));
	return list;
}

static struct json_object *json_registers(const struct corefile *core)
{
	struct json_object *list = json_object_new_array();
	struct cpu_regs_from r;

	for (size_t pos = 0; cpu_regs_from_next(core, &pos, &r);) {
		struct json_object *j = json_object_new_object();

		json_add_u64(j, "cpu", r.cpu);
		json_add_text(j, "from", r.from);
		if (r.time_ns)
			json_add_u64(j, "timestamp_ns", r.time_ns);
		json_object_array_add(list, j);
	}
	return list;
}

static void json_lists(const struct corefile *core, struct json_object *j)
{
	struct json_object *policies = json_object_new_array();
	const struct kv_pair *p;

	for (size_t pos = 0; (p = kv_next(&core->kernel_note, "POLICY(", &pos));) {
		struct json_object *policy = json_object_new_object();
		const char *arg = "";
		size_t len = 0;

		kv_argument(p->key, &arg, &len);
		json_object_object_add(policy, "name", json_text(arg, len));
		json_add_text(policy, "file", p->value);
		json_object_array_add(policies, policy);
	}
	json_object_object_add(j, "policies", policies);
	json_object_object_add(j, "registers", json_registers(core));
	json_object_object_add(j, "warnings", json_values(&core->collect_note, "WARNING"));
	json_object_object_add(j, "problems", json_values(&core->collect_note, "PROBLEM"));
	json_object_object_add(j, "left_out", json_values(&core->collect_note, "LEFT_OUT"));
	json_object_object_add(j, "redacted", json_values(&core->collect_note, "REDACTED"));
	json_object_object_add(j, "synthetic", json_values(&core->collect_note, "SYNTHETIC"));
	json_object_object_add(j, "gaps", json_values(&core->collect_note, "GAP"));
}

static void json_names(const struct corefile *core, struct json_object *j)
{
	_cleanup_free_ char *source = NULL;
	struct json_object *names;
	size_t functions;

	if (!names_about(core, &source, &functions))
		return;
	names = json_object_new_object();
	json_add_text(names, "source", source);
	json_add_u64(names, "functions", functions);
	json_object_object_add(j, "names", names);
}

static void json_cause(const struct cause *cause, struct json_object *j)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "kind", cause->kind);
	json_add_text(o, "sentence", cause->sentence);
	json_add_text(o, "signature", cause->signature);
	json_object_object_add(o, "evidence", json_list(&cause->evidence));
	json_object_object_add(j, "cause", o);
}

static void print_json(const struct corefile *core, const struct cause *cause, const struct last_words *log, FILE *out)
{
	static const struct {
		const char *key;
		const char *name;
	} texts[] = {
		{ "source", "SOURCE" },		  { "source_kind", "SOURCE_KIND" },
		{ "backend", "BACKEND" },	  { "slots", "SLOTS" },
		{ "creator", "CREATOR" },	  { "converted", "CONVERTED" },
		{ "page_tables", "PAGE_TABLES" }, { "table_from", "TABLE_FROM" },
	};
	const char *crash = core_crash_time(core);
	struct json_object *j = json_object_new_object();
	uint64_t n;

	json_add_text(j, "release", kv_get(&core->vmcoreinfo, "OSRELEASE"));
	json_add_text(j, "build_id", kv_get(&core->vmcoreinfo, "BUILD-ID"));
	json_add_text(j, "architecture", arch_name(core));
	json_cause(cause, j);
	json_add_text(j, "crash", log->crash);
	if (crash)
		json_add_u64(j, "crash_time", strtoull(crash, NULL, 10));
	if (log->why_not)
		json_add_text(j, "log_error", log->why_not);
	else
		json_add_u64(j, "log_records", log->records);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		json_add_text(j, texts[i].key, kv_get(&core->collect_note, texts[i].name));
	if (collect_number(core, "COLLECTED", &n))
		json_add_u64(j, "collected", n);
	if (collect_number(core, "TABLE", &n))
		json_add_u64(j, "table", n);
	if (collect_number(core, "SOURCE_BYTES", &n))
		json_add_u64(j, "memory_bytes", n);
	if (core->elf.missing)
		json_add_u64(j, "missing_bytes", core->elf.missing);
	json_add_u64(j, "regions", core->n_regions);
	json_add_u64(j, "region_bytes", region_bytes(core));
	json_names(core, j);
	json_lists(core, j);
	json_print(j, JSON_PRETTY, out);
	json_object_put(j);
}

int show_info(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct last_words log;
	struct cause cause;

	cause_read(core, &cause);
	last_words_read(core, &log);
	if (o->json)
		print_json(core, &cause, &log, out);
	else
		print_text(core, &cause, &log, out);
	cause_clear(&cause);
	last_words_clear(&log);
	return 0;
}
