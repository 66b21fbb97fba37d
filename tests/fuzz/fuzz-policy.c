// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>

#include "daemon/policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags diags = { NULL, 0 };
	const struct policy_facts facts = { "6.12.117", "x86_64", "ram", "qemu" };
	struct policy policy;
	struct policy_set set = { .policies = &policy, .n_policies = 1 };
	enum policy_state state;

	if (policy_parse("fuzz.conf", (const char *)data, size, &policy, &diags) < 0)
		abort();

	/* the reasons that callers rely on */
	if ((policy.state == POLICY_ERROR) != (diags_errors(&diags) > 0) ||
	    (policy.state != POLICY_ENABLED) != (policy.reason != NULL) || policy.n_sections > POLICY_SECTIONS_MAX)
		abort();
	for (size_t i = 0; i < policy.n_sections && policy.state == POLICY_ENABLED; i++) {
		const struct policy_section *s = &policy.sections[i];

		if (s->kind == POLICY_SOURCE_TASK && (!s->task.parts || !s->task.max_tasks))
			abort();
		if (s->kind == POLICY_SOURCE_TASK && !s->task.comms && !s->task.pids && !s->task.cgroups &&
		    !s->task.kernel_thread && !s->task.states)
			abort();
	}

	/* a policy with errors stays what it is */
	state = policy.state;
	if (policy_set_judge(&set, &facts) < 0 || (state == POLICY_ERROR && policy.state != state) ||
	    (policy.state != POLICY_ENABLED) != (policy.reason != NULL))
		abort();

	policy_done(&policy);
	diags_done(&diags);
	return 0;
}
