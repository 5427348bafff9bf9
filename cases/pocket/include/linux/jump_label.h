/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A branch that is not taken until it is switched on: a no-op in the code, and a
 * row of __jump_table that says how to patch it.
 */
#ifndef _LINUX_JUMP_LABEL_H
#define _LINUX_JUMP_LABEL_H

#include <linux/types.h>
#include <asm/jump_label.h>

struct static_key {
	int enabled;
};

struct jump_entry {
	s32 code;		/* relative to the field, as are the others */
	s32 target;
	s64 key;
};
extern struct jump_entry __start___jump_table[], __stop___jump_table[];

/* The key is an immediate operand: its address has to be a constant here. */
static __always_inline bool static_branch_unlikely(struct static_key *key)
{
	asm goto("1: " ASM_NOP "\n"
		 ".pushsection __jump_table,\"aw\"\n"
		 ".balign 8\n"
		 ".long 1b - ., %l[yes] - .\n"
		 ".quad %c0 - .\n"
		 ".popsection"
		 : : "i" (key) : : yes);
	return false;
yes:
	return true;
}

void static_key_enable(struct static_key *key);
bool static_key_enabled(const struct static_key *key);

#endif
