// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy parser. What a file means and what is said about it: tests/unit/policy/NAME.conf and beside it
 * NAME.expect. Which file counts: a tree of directories made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "golden.h"
#include "daemon/policy/policy.h"

static const char *short_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void print_diags(const struct diags *diags, FILE *f)
{
	for (size_t i = 0; i < diags->n; i++) {
		struct diag d = diags->items[i];

		d.path = (char *)short_path(d.path);
		diag_print(&d, f);
	}
}

static void print_list(const char *key, char *const *list, FILE *f)
{
	for (; list && *list; list++)
		fprintf(f, " %s=<%s>", key, *list);
}

static void print_section(const struct policy_section *s, FILE *f)
{
	fprintf(f, "[%s] %s:%u", policy_source_to_string(s->kind), short_path(s->path), s->line);
	for (char **comm = s->task.comms; comm && *comm; comm++)
		fprintf(f, " <%s>", *comm);
	for (unsigned int *pid = s->task.pids; pid && *pid; pid++)
		fprintf(f, " pid %u", *pid);
	for (char **cgroup = s->task.cgroups; cgroup && *cgroup; cgroup++)
		fprintf(f, " in <%s>", *cgroup);
	if (s->task.kernel_thread)
		fputs(s->task.kernel_thread == POLICY_YES ? " kernel thread" : " no kernel thread", f);
	if (s->task.states)
		fprintf(f, " states %#x for %u s", s->task.states, s->task.state_sec);
	for (size_t i = 0; i < s->task.users.n; i++)
		fprintf(f, " user %u-%u", s->task.users.items[i].first, s->task.users.items[i].last);
	if (s->kind == POLICY_SOURCE_TASK && s->task.age_sec != POLICY_TASK_AGE_UNSET)
		fprintf(f, " age %u", s->task.age_sec);
	if (s->task.max_per_user)
		fprintf(f, " %u of each user", s->task.max_per_user);
	fprintf(f, "%s%s", policy_task_has(&s->task, QCOM_MINIDUMP_TASK_STRUCT) ? " task" : "",
		policy_task_has(&s->task, QCOM_MINIDUMP_TASK_STACK) ? " stack" : "");
	fputs(policy_task_has(&s->task, QCOM_MINIDUMP_TASK_MM) ? " mm" : "", f);
	if (s->kind == POLICY_SOURCE_TASK)
		fprintf(f, " max %u%s", s->task.max_tasks, s->task.keep == POLICY_TASK_KEEP_NEWEST ? " newest" : "");
	print_list("Name", s->symbol.names, f);
	print_list("Region", s->regions, f);
	print_list("PerCPU", s->symbol.percpu, f);
	print_list("Pointer", s->symbol.pointers, f);
	if (s->symbol.size)
		fprintf(f, " Size=<%s>", s->symbol.size);
	print_list("List", s->symbol.lists, f);
	print_list("Pin", s->map.pins, f);
	print_list("Id", s->map.ids, f);
	if (s->ftrace.instance)
		fprintf(f, " Instance=<%s> SizePerCPU=%" PRIu64 " SubBufferSize=%" PRIu64 " Clock=<%s>",
			s->ftrace.instance, s->ftrace.size, s->ftrace.subbuf_size, s->ftrace.clock ?: "");
	print_list("Events", s->ftrace.events, f);
	fputc('\n', f);
}

static void print_policy(const struct policy *p, FILE *f)
{
	fprintf(f, "%s: %s", p->name, policy_state_to_string(p->state));
	if (p->reason)
		fprintf(f, " (%s)", p->reason);
	fprintf(f, ", priority %d%s", p->priority, p->dry_run ? ", dry run" : "");
	if (p->max_regions || p->max_slots || p->max_bytes)
		fprintf(f, ", at most %u regions, %u slots, %llu bytes", p->max_regions, p->max_slots,
			(unsigned long long)p->max_bytes);
	if (p->description)
		fprintf(f, ", %s", p->description);
	fputc('\n', f);
	if (p->state == POLICY_ERROR)
		return;
	for (size_t i = 0; i < p->n_conditions; i++)
		fprintf(f, "%s:%u: %s%s%s <%s>\n", short_path(p->conditions[i].path), p->conditions[i].line,
			p->conditions[i].key, p->conditions[i].trigger ? " |" : "", p->conditions[i].negate ? " !" : "",
			p->conditions[i].value);
	for (size_t i = 0; i < p->n_sections; i++)
		print_section(&p->sections[i], f);
}

static char *describe_text(const char *path, const char *text, size_t size)
{
	struct policy policy;
	struct diags diags = { NULL, 0 };
	char *out = NULL, *name = strdup(short_path(path));
	size_t out_size;
	FILE *f = open_memstream(&out, &out_size);

	assert_non_null(f);
	assert_int_equal(policy_parse(name, text, size, &policy, &diags), 0);
	print_diags(&diags, f);
	print_policy(&policy, f);
	fclose(f);

	assert_int_equal(policy.state == POLICY_ERROR, diags_errors(&diags) > 0);
	assert_int_equal(policy.state != POLICY_ENABLED, policy.reason != NULL);
	policy_done(&policy);
	diags_done(&diags);
	free(name);
	return out;
}

static void compare_golden(const char *conf)
{
	_cleanup_free_ char *text = NULL, *got = NULL, *expect = NULL;
	size_t size = 0;

	text = golden_read(conf, &size);
	assert_non_null(text);
	got = describe_text(conf, text, size);
	assert_true(asprintf(&expect, "%.*s.expect", (int)(strlen(conf) - strlen(".conf")), conf) > 0);
	golden_compare(expect, got);
}

static void test_golden(void **state)
{
	assert_true(golden_for_each("tests/unit/policy", ".conf", compare_golden) >= 25);
}

static void test_tables(void **state)
{
	for (int i = 0; i < _POLICY_STATE_MAX; i++)
		assert_non_null(policy_state_to_string(i));
	assert_null(policy_state_to_string(_POLICY_STATE_MAX));
	assert_null(policy_state_to_string(-1));

	for (int i = 0; i < _POLICY_SOURCE_MAX; i++) {
		_cleanup_free_ char *text = NULL;
		struct policy policy;
		struct diags diags = { NULL, 0 };

		assert_true(asprintf(&text, "[%s]\n", policy_source_to_string(i)) > 0);
		assert_int_equal(policy_parse("t.conf", text, strlen(text), &policy, &diags), 0);
		assert_int_equal(policy.n_sections, 1);
		assert_int_equal(policy.sections[0].kind, i);
		policy_done(&policy);
		diags_done(&diags);
	}
	assert_string_equal(policy_source_to_string(POLICY_EXCLUDE), "Exclude");
	assert_null(policy_source_to_string(POLICY_EXCLUDE + 1));
	assert_null(policy_source_to_string(-1));
}

/* Every prefix of a text is a text: nothing may depend on what comes after its end. */
static void test_truncated(void **state)
{
	static const char text[] = "\xef\xbb\xbf[Task]\r\nComm=a \"b c\" \\\n  caf\xc3\xa9\nRegister=task stack\n"
				   "[Policy]\nPriority=3\n[Printk]";

	for (size_t size = 0; size <= sizeof(text) - 1; size++) {
		char *exact = malloc(size > 0 ? size : 1);

		assert_non_null(exact);
		memcpy(exact, text, size);
		free(describe_text("t.conf", exact, size));
		free(exact);
	}
}

static void test_conditions(void **state)
{
	static const struct policy_facts facts = {
		.kernel = "6.12.117+deb12-arm64", .machine = "aarch64", .backend = "smem", .virtualization = "qemu",
	}, bare = { .kernel = "6.1.0-56", .machine = "x86_64", .backend = "", .virtualization = "" };
	static const struct {
		const char *text;
		bool met, met_bare;
	} cases[] = {
		{ "ConditionKernelVersion=>=6.2", true, false },
		{ "ConditionKernelVersion=<6.9", false, true },
		{ "ConditionKernelVersion=> 6 <= 6.12", false, true },
		{ "ConditionKernelVersion=>6.1 <7", true, true },
		{ "ConditionKernelVersion==6.1.0-56", false, true },
		{ "ConditionKernelVersion=!=6.1.0-56", true, false },
		{ "ConditionKernelVersion=6.1.*", false, true },
		{ "ConditionKernelVersion=!6.1.*", true, false },
		{ "ConditionArchitecture=arm64", true, false },
		{ "ConditionArchitecture=!arm64", false, true },
		{ "ConditionBackend=smem", true, false },
		{ "ConditionBackend=!smem", false, true },
		{ "ConditionBackend=ram", false, false },
		{ "ConditionVirtualization=yes", true, false },
		{ "ConditionVirtualization=no", false, true },
		{ "ConditionVirtualization=vm", true, false },
		{ "ConditionVirtualization=qemu", true, false },
		{ "ConditionVirtualization=kvm", false, false },
		{ "ConditionBackend=smem\nConditionVirtualization=no", false, false },
		{ "ConditionBackend=|ram\nConditionVirtualization=|qemu", true, false },
		{ "ConditionBackend=|ram\nConditionVirtualization=|!qemu", false, true },
		{ "ConditionBackend=|smem\nConditionVirtualization=no", false, false },
		{ "ConditionBackend=ram\nConditionVirtualization=\nEnabled=yes", true, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *text = NULL;
		struct policy policy;
		struct diags diags = { NULL, 0 };
		struct policy_set set = { .policies = &policy, .n_policies = 1 };

		assert_true(asprintf(&text, "[Policy]\n%s\n[Printk]\n", cases[i].text) > 0);
		assert_int_equal(policy_parse("t.conf", text, strlen(text), &policy, &diags), 0);
		assert_int_equal(diags.n, 0);
		if (policy_set_judge(&set, &facts) != !cases[i].met ||
		    (policy.state == POLICY_ENABLED) != cases[i].met || !policy.reason != cases[i].met)
			fail_msg("%s", text);
		/* It is judged anew when the facts change, and nothing else changes it. */
		if (policy_set_judge(&set, &bare) != (cases[i].met != cases[i].met_bare) ||
		    (policy.state == POLICY_ENABLED) != cases[i].met_bare || !policy.reason != cases[i].met_bare)
			fail_msg("%s, on another machine", text);
		policy_done(&policy);
	}
}

static void test_conditions_reason(void **state)
{
	static const char text[] = "[Policy]\nConditionBackend=|ram\nConditionBackend=|!smem\n[Printk]\n";
	static const struct policy_facts facts = { "6.1", "x86_64", "smem", "" };
	struct policy policies[2];
	struct diags diags = { NULL, 0 };
	struct policy_set set = { .policies = policies, .n_policies = 2 };

	assert_int_equal(policy_parse("t.conf", text, strlen(text), &policies[0], &diags), 0);
	assert_int_equal(policy_parse("off.conf", "", 0, &policies[1], &diags), 0);
	assert_int_equal(policy_set_judge(&set, &facts), 1);
	assert_string_equal(policies[0].reason,
			    "ConditionBackend=|!smem in t.conf:3 is not met, nor is any other with |");
	assert_string_equal(policies[1].reason, "off.conf is empty");
	policy_done(&policies[0]);
	policy_done(&policies[1]);
}

/* A tree of policy directories in $TMPDIR. */
struct tree {
	char *root;
	char *dirs[4];
};

static const char *const dir_names[] = { "etc", "run", "lib", NULL };

static int tree_setup(void **state)
{
	const char *tmp = getenv("TMPDIR") ?: "/tmp";
	struct tree *t = calloc(1, sizeof(*t));

	if (!t || asprintf(&t->root, "%s/test-policy-XXXXXX", tmp) < 0 || !mkdtemp(t->root))
		return -1;
	for (size_t i = 0; dir_names[i]; i++)
		if (asprintf(&t->dirs[i], "%s/%s", t->root, dir_names[i]) < 0 || mkdir(t->dirs[i], 0755) < 0)
			return -1;
	*state = t;
	return 0;
}

static int tree_teardown(void **state)
{
	struct tree *t = *state;
	_cleanup_free_ char *command = NULL;
	int r;

	if (asprintf(&command, "rm -rf '%s'", t->root) < 0)
		return -1;
	r = system(command);
	for (size_t i = 0; dir_names[i]; i++)
		free(t->dirs[i]);
	free(t->root);
	free(t);
	return r;
}

static char *tree_path(const struct tree *t, const char *name)
{
	char *path, *slash;

	assert_true(asprintf(&path, "%s/%s", t->root, name) > 0);
	slash = strrchr(path, '/');
	*slash = '\0';
	if (mkdir(path, 0755) < 0)
		assert_int_equal(errno, EEXIST);
	*slash = '/';
	return path;
}

static void tree_write(const struct tree *t, const char *name, const char *text)
{
	_cleanup_free_ char *path = tree_path(t, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void tree_link(const struct tree *t, const char *name, const char *target)
{
	_cleanup_free_ char *path = tree_path(t, name);

	assert_int_equal(symlink(target, path), 0);
}

/* What is loaded from the tree, as text, with paths relative to it. */
static void tree_expect(const struct tree *t, const char *expected)
{
	struct policy_set *set = NULL;
	_cleanup_free_ char *out = NULL;
	char *from, *to;
	size_t size, root = strlen(t->root) + 1;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	assert_int_equal(policy_set_load((const char *const *)t->dirs, &set), 0);
	for (size_t i = 0; i < set->diags.n; i++)
		diag_print(&set->diags.items[i], f);
	for (size_t i = 0; i < set->n_policies; i++) {
		fprintf(f, "%s ", set->policies[i].path);
		print_policy(&set->policies[i], f);
	}
	fclose(f);
	assert_null(policy_set_free(set));

	for (from = to = out; *from;)
		if (strncmp(from, t->root, root - 1) == 0 && from[root - 1] == '/')
			from += root;
		else
			*to++ = *from++;
	*to = '\0';
	assert_string_equal(out, expected);
}

static void test_precedence(void **state)
{
	struct tree *t = *state;

	tree_write(t, "lib/20-b.conf", "[Printk]\n");
	tree_write(t, "lib/10-a.conf", "[Policy]\nDescription=vendor\n[Printk]\n");
	tree_write(t, "run/10-a.conf", "[Policy]\nDescription=runtime\n[Printk]\n");
	tree_write(t, "etc/10-a.conf", "[Policy]\nDescription=admin\n[Printk]\n");
	tree_write(t, "etc/.hidden.conf", "[Nonsense]\n");
	tree_write(t, "etc/10-a.conf~", "[Nonsense]\n");
	tree_write(t, "etc/README", "[Nonsense]\n");
	tree_expect(t, "etc/10-a.conf 10-a: enabled, priority 100, admin\n[Printk] 10-a.conf:3\n"
		       "lib/20-b.conf 20-b: enabled, priority 100\n[Printk] 20-b.conf:1\n");
}

static void test_masking(void **state)
{
	struct tree *t = *state;

	tree_write(t, "lib/a.conf", "[Printk]\n");
	tree_write(t, "lib/b.conf", "[Printk]\n");
	tree_write(t, "lib/c.conf", "[Policy]\nEnabled=no\n[Printk]\n");
	tree_write(t, "lib/b.conf.d/x.conf", "[Nonsense]\n");
	tree_write(t, "run/a.conf", "");
	tree_link(t, "etc/b.conf", "/dev/null");
	tree_expect(t, "run/a.conf a: disabled (run/a.conf is empty), priority 100\n"
		       "etc/b.conf b: disabled (etc/b.conf is a link to /dev/null), priority 100\n"
		       "lib/c.conf c: disabled (Enabled=no), priority 100\n[Printk] c.conf:3\n");
}

static void test_dropins(void **state)
{
	struct tree *t = *state;

	tree_write(t, "lib/a.conf", "[Policy]\nPriority=1\nDescription=a\n[Task]\nComm=one\n");
	tree_write(t, "lib/a.conf.d/20-lib.conf", "[Policy]\nPriority=2\n[Task]\nComm=two\n");
	tree_write(t, "lib/a.conf.d/30-masked.conf", "[Nonsense]\n");
	tree_write(t, "lib/a.conf.d/40-replaced.conf", "[Policy]\nPriority=4\n");
	tree_write(t, "etc/a.conf.d/10-etc.conf", "[Policy]\nPriority=3\nDescription=etc\n");
	tree_link(t, "run/a.conf.d/30-masked.conf", "/dev/null");
	tree_write(t, "etc/a.conf.d/40-replaced.conf", "[Printk]\n");
	tree_write(t, "etc/b.conf.d/10-x.conf", "[Printk]\n");
	tree_expect(t, "etc/b.conf.d: warning: drop-ins for a policy that does not exist: create b.conf, "
		       "or remove the folder\n"
		       "lib/a.conf a: enabled, priority 2, etc\n"
		       "[Task] a.conf:4 <one> task max 64\n"
		       "[Task] 20-lib.conf:3 <two> task max 64\n"
		       "[Printk] 40-replaced.conf:1\n");
}

static void test_dropin_error(void **state)
{
	struct tree *t = *state;
	struct policy_set *set;
	_cleanup_free_ char *dropin = tree_path(t, "etc/a.conf.d/x.conf");

	tree_write(t, "lib/a.conf", "[Printk]\n");
	tree_write(t, "lib/b.conf", "[Printk]\n");
	tree_write(t, "etc/a.conf.d/x.conf", "[Policy]\nPriority=many\n");
	tree_expect(t, "etc/a.conf.d/x.conf:2:10: Priority= takes a number from 0 to 1000, such as Priority=200, "
		       "not 'many'\n"
		       "lib/a.conf a: error (Priority= takes a number from 0 to 1000, such as Priority=200, "
		       "not 'many'), priority 100\n"
		       "lib/b.conf b: enabled, priority 100\n[Printk] b.conf:1\n");

	assert_int_equal(policy_set_load((const char *const *)t->dirs, &set), 0);
	assert_true(policy_has_path(&set->policies[0], set->diags.items[0].path));
	assert_false(policy_has_path(&set->policies[1], set->diags.items[0].path));
	assert_string_equal(set->policies[0].dropins[0], dropin);
	policy_set_free(set);
}

static void test_only_dropins_save(void **state)
{
	struct tree *t = *state;

	tree_write(t, "lib/a.conf", "[Policy]\nPriority=1\n");
	tree_write(t, "lib/b.conf", "[Policy]\nPriority=1\n");
	tree_write(t, "etc/b.conf.d/x.conf", "[Printk]\n");
	tree_expect(t, "lib/a.conf: warning: saves nothing: add a section such as [Printk] or [Task]\n"
		       "lib/a.conf a: enabled, priority 1\n"
		       "lib/b.conf b: enabled, priority 1\n[Printk] x.conf:1\n");
}

/* Said of what is asked for in vain, whichever file comes first; what is not in use excludes nothing. */
static void test_excluded(void **state)
{
	struct tree *t = *state;

	tree_write(t, "lib/a.conf", "[Symbol]\nName=one -two\nPerCPU=three\nPointer=four.member\nSize=8\n");
	tree_write(t, "lib/b.conf", "[Exclude]\nName=two -four five\nComm=gpg*\n");
	tree_write(t, "lib/c.conf", "[Task]\nComm=gpg-agent gpg* g*\n[Symbol]\nList=five:struct x.y\n");
	tree_write(t, "lib/d.conf", "[Policy]\nEnabled=no\n[Exclude]\nName=one\n");
	tree_write(t, "lib/e.conf", "[Policy]\nDryRun=yes\n[Exclude]\nName=one\n");
	tree_expect(t, "lib/a.conf:1: warning: -two is left out: lib/b.conf:1 excludes it\n"
		       "lib/a.conf:1: warning: four.member is left out: lib/b.conf:1 excludes it\n"
		       "lib/c.conf:1: warning: gpg-agent is left out: lib/b.conf:1 excludes it\n"
		       "lib/c.conf:1: warning: gpg* is left out: lib/b.conf:1 excludes it\n"
		       "lib/c.conf:3: warning: five:struct x.y is left out: lib/b.conf:1 excludes it\n"
		       "lib/a.conf a: enabled, priority 100\n[Symbol] a.conf:1 Name=<one> Name=<-two> "
		       "PerCPU=<three> Pointer=<four.member> Size=<8>\n"
		       "lib/b.conf b: enabled, priority 100\n[Exclude] b.conf:1 <gpg*> Name=<two> Name=<-four> "
		       "Name=<five>\n"
		       "lib/c.conf c: enabled, priority 100\n[Task] c.conf:1 <gpg-agent> <gpg*> <g*> task max 64\n"
		       "[Symbol] c.conf:3 List=<five:struct x.y>\n"
		       "lib/d.conf d: disabled (Enabled=no), priority 100\n[Exclude] d.conf:3 Name=<one>\n"
		       "lib/e.conf e: enabled, priority 100, dry run\n[Exclude] e.conf:3 Name=<one>\n");
}

static void test_untrusted_files(void **state)
{
	struct tree *t = *state;
	_cleanup_free_ char *writable = tree_path(t, "etc/a.conf"), *folder = tree_path(t, "etc/b.conf"),
			    *fifo = tree_path(t, "etc/c.conf"), *large = tree_path(t, "etc/e.conf");

	tree_write(t, "etc/a.conf", "[Printk]\n");
	assert_int_equal(chmod(writable, 0664), 0);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	tree_link(t, "etc/d.conf", "/nonexistent/d.conf");
	tree_write(t, "etc/e.conf", "[Printk]\n");
	assert_int_equal(truncate(large, POLICY_FILE_SIZE_MAX + 1), 0);
	tree_write(t, "etc/f g.conf", "[Printk]\n");
	tree_write(t, "etc/h.conf", "[Printk]\n");
	tree_expect(t, "etc: the name of 'f g.conf' has characters other than letters, digits and -_.:@+: rename it\n"
		       "etc/a.conf: others than its owner can write to it (mode 0664): chmod go-w\n"
		       "etc/b.conf: not a regular file: replace it with one, or with a link to /dev/null\n"
		       "etc/c.conf: not a regular file: replace it with one, or with a link to /dev/null\n"
		       "etc/d.conf: can't be read: No such file or directory\n"
		       "etc/e.conf: larger than 256 KiB: this can't be a policy\n"
		       "etc/a.conf a: error (others than its owner can write to it (mode 0664): chmod go-w), "
		       "priority 100\n"
		       "etc/b.conf b: error (not a regular file: replace it with one, or with a link to /dev/null), "
		       "priority 100\n"
		       "etc/c.conf c: error (not a regular file: replace it with one, or with a link to /dev/null), "
		       "priority 100\n"
		       "etc/d.conf d: error (can't be read: No such file or directory), priority 100\n"
		       "etc/e.conf e: error (larger than 256 KiB: this can't be a policy), priority 100\n"
		       "etc/h.conf h: enabled, priority 100\n[Printk] h.conf:1\n");
}

static void test_foreign_owner(void **state)
{
	struct tree *t = *state;
	_cleanup_free_ char *path = tree_path(t, "etc/a.conf");

	if (geteuid() != 0)
		skip(); /* only root gives files away */

	tree_write(t, "etc/a.conf", "[Printk]\n");
	assert_int_equal(chown(path, 65534, 65534), 0);
	tree_expect(t, "etc/a.conf: belongs to user 65534, not to root: chown root\n"
		       "etc/a.conf a: error (belongs to user 65534, not to root: chown root), priority 100\n");
}

/* The first of a folder are used, by name, whatever the order of the file system is; other folders have their own. */
static void test_too_many_files(void **state)
{
	struct tree *t = *state;
	struct policy_set *set;

	for (int i = 0; i < POLICY_FILES_MAX + 44; i++) {
		char name[32];

		snprintf(name, sizeof(name), "etc/%03d.conf", (i * 7) % (POLICY_FILES_MAX + 44));
		tree_write(t, name, "[Printk]\n");
	}
	tree_write(t, "lib/minimal.conf", "[Printk]\n");

	assert_int_equal(policy_set_load((const char *const *)t->dirs, &set), 0);
	assert_int_equal(set->n_policies, POLICY_FILES_MAX + 1);
	assert_string_equal(set->policies[0].name, "000");
	assert_string_equal(set->policies[POLICY_FILES_MAX - 1].name, "255");
	assert_string_equal(set->policies[POLICY_FILES_MAX].name, "minimal");
	assert_int_equal(set->policies[POLICY_FILES_MAX].state, POLICY_ENABLED);
	assert_int_equal(diags_errors(&set->diags), 1);
	assert_string_equal(set->diags.items[0].path, t->dirs[0]);
	assert_string_equal(set->diags.items[0].message, "more than 256 files: 256.conf and those after it by name are "
							 "not used, merge or remove some");
	policy_set_free(set);
}

static void test_file_in_place_of_folder(void **state)
{
	struct tree *t = *state;
	char *dirs[] = { t->dirs[0], NULL };
	struct policy_set *set;

	assert_int_equal(rmdir(t->dirs[0]), 0);
	assert_int_equal(policy_set_load((const char *const *)dirs, &set), 0);
	assert_int_equal(set->n_policies + set->diags.n, 0);
	policy_set_free(set);

	tree_write(t, "etc", "");
	assert_int_equal(policy_set_load((const char *const *)dirs, &set), 0);
	assert_int_equal(diags_errors(&set->diags), 1);
	policy_set_free(set);
}

static void test_load_file(void **state)
{
	struct tree *t = *state;
	_cleanup_free_ char *path = tree_path(t, "etc/a.conf"), *dropin = tree_path(t, "etc/a.conf.d/x.conf"),
			    *missing = tree_path(t, "etc/missing.conf");
	struct diags diags = { NULL, 0 };
	struct policy policy;

	assert_int_equal(policy_load_file(missing, &policy, &diags), -ENOENT);
	policy_done(&policy);

	tree_write(t, "etc/a.conf", "[Policy]\nPriority=3\n");
	assert_int_equal(policy_load_file(path, &policy, &diags), 0);
	assert_int_equal(diags.n, 1);
	assert_false(diags.items[0].error);
	policy_done(&policy);

	/* a drop-in need not save anything by itself */
	tree_write(t, "etc/a.conf.d/x.conf", "[Policy]\nPriority=3\n");
	assert_int_equal(policy_load_file(dropin, &policy, &diags), 0);
	assert_int_equal(diags.n, 1);
	assert_int_equal(policy.priority, 3);
	policy_done(&policy);
	diags_done(&diags);
}

static void test_dirs(void **state)
{
	const char *const *dirs;

	unsetenv("QCMD_POLICY_PATH");
	dirs = policy_dirs();
	assert_string_equal(dirs[0], "/etc/qcmd.d");
	assert_string_equal(dirs[3], "/usr/lib/qcmd.d");
	assert_null(dirs[4]);

	setenv("QCMD_POLICY_PATH", "/a::/b", 1);
	dirs = policy_dirs();
	assert_string_equal(dirs[0], "/a");
	assert_string_equal(dirs[1], "/b");
	assert_null(dirs[2]);

	setenv("QCMD_POLICY_PATH", "", 1);
	assert_string_equal(policy_dirs()[0], "/etc/qcmd.d");
	unsetenv("QCMD_POLICY_PATH");
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_conditions_reason),
		TREE_TEST(test_precedence),
		TREE_TEST(test_masking),
		TREE_TEST(test_dropins),
		TREE_TEST(test_dropin_error),
		TREE_TEST(test_only_dropins_save),
		TREE_TEST(test_excluded),
		TREE_TEST(test_untrusted_files),
		TREE_TEST(test_foreign_owner),
		TREE_TEST(test_too_many_files),
		TREE_TEST(test_file_in_place_of_folder),
		TREE_TEST(test_load_file),
		cmocka_unit_test(test_dirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
