// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ELF: check the header, find the entry point.
 */
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/elf.h>

struct elf64_hdr {
	u8 ident[16];
	u16 type;
	u16 machine;
	u32 version;
	u64 entry;
};

static unsigned int loaded;

static bool check(const struct elf64_hdr *hdr)
{
	static const u8 magic[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	return !memcmp(hdr->ident, magic, sizeof(magic)) && hdr->machine == ELF_ARCH;
}

static int load_elf_binary(struct linux_binprm *bprm)
{
	struct elf64_hdr hdr;

	if (bprm->len < sizeof(hdr))
		return -ENOEXEC;
	memcpy(&hdr, bprm->buf, sizeof(hdr));
	if (!check(&hdr))
		return -ENOEXEC;
	bprm->entry = hdr.entry;
	loaded++;
	return 0;
}

static struct linux_binfmt elf_format = { .load_binary = load_elf_binary };

static int __init init_elf_binfmt(void)
{
	return register_binfmt(&elf_format);
}
core_initcall(init_elf_binfmt);
