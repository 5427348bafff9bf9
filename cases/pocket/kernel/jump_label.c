// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Switch branches on. The code is not patched here, only counted.
 */
#include <linux/export.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>

static unsigned int patched;

static noinline void patch(struct jump_entry *entry)
{
	patched += entry->target != 0;
}

void static_key_enable(struct static_key *key)
{
	struct jump_entry *entry;

	key->enabled++;
	for (entry = __start___jump_table; entry < __stop___jump_table; entry++)
		if ((char *)&entry->key + entry->key == (char *)key)
			patch(entry);
}
EXPORT_SYMBOL_GPL(static_key_enable);

bool static_key_enabled(const struct static_key *key)
{
	return key->enabled > 0;
}
