#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# modpost.sh [-M] [-m] [-b] -o SYMVERS [-T modules.order] [vmlinux.o]
#
# Collects what vmlinux.o and the modules export, checks what the modules
# import, and writes SYMVERS, .vmlinux.export.c and a .mod.c for each module.
#
#	-M  modules are enabled		-m  with symbol versions
#	-b  modules carry a __versions table

set -e

modules_enabled=0 modversions=0 basic=0 symvers= order= inputs=
while getopts Mmbo:T: opt; do
	case $opt in
	M) modules_enabled=1 ;;
	m) modversions=1 ;;
	b) basic=1 ;;
	o) symvers=$OPTARG ;;
	T) order=$OPTARG ;;
	*) exit 1 ;;
	esac
done
shift $((OPTIND - 1))

tmp=$(mktemp -d ./.tmp_modpost.XXXXXX)
trap 'rm -rf "$tmp"' EXIT

# One stream of facts for awk: for each object its symbols, and the bytes of the
# sections .export_symbol and .modinfo.
facts() {
	echo "@object $1"
	"$NM" -p "$1"
	"$OBJCOPY" --dump-section .export_symbol="$tmp/exports" "$1" /dev/null 2>/dev/null || :
	if [ -s "$tmp/exports" ]; then
		echo "@exports"
		od -An -v -tu1 -w16 "$tmp/exports"
		rm "$tmp/exports"
	fi
	if [ "$1" != vmlinux.o ]; then
		"$OBJCOPY" --dump-section .modinfo="$tmp/modinfo" "$1" /dev/null 2>/dev/null || :
		if [ -s "$tmp/modinfo" ]; then
			echo "@modinfo"
			tr '\0' '\n' < "$tmp/modinfo"
			rm "$tmp/modinfo"
		fi
	fi
}

for object; do
	facts "$object"
done > "$tmp/facts"
if [ -n "$order" ]; then
	while read -r object; do
		facts "$object"
	done < "$order" >> "$tmp/facts"
fi

awk -v versions=$modversions -v basic=$basic -v symvers="$symvers" -v tmp="$tmp" '
function warn(text) { print "WARNING: modpost: " text > "/dev/stderr" }
function error(text) { print "ERROR: modpost: " text > "/dev/stderr"; failed = 1 }

# The string in the export section of this object that begins at byte AT
function string_at(at,    s) {
	s = ""
	while (byte[at] != 0)
		s = s sprintf("%c", byte[at++])
	end_of_string = at + 1
	return s
}

# nm prints 16 hexadecimal digits, the section is small
function hex(s,    i, v) {
	v = 0
	for (i = length(s) - 7; i <= length(s); i++)
		v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return v
}

function end_of_object(    i, s, at) {
	for (i = 1; i <= labels; i++) {
		s = label[i]
		at = hex(label_at[i])
		if (s in owner) {
			error(s ": exported twice, by " owner[s] " and " module)
			continue
		}
		exported[module, ++exports[module]] = s
		owner[s] = module
		gpl[s] = string_at(at) == "GPL"
		namespace[s] = string_at(end_of_string)
		kind[s] = type[s] ~ /[TtWw]/ ? "FUNC" : "DATA"
		crc[s] = "0x00000000"
	}
	split("", byte)
	split("", type)
	bytes = labels = 0
}

# The versions of the exports: #SYMVER lines in the .cmd files of the objects
function crcs_of(list, of,    obj, dir, base, cmdfile, line, f) {
	while ((getline obj < list) > 0) {
		dir = base = obj
		sub(/[^\/]*$/, "", dir)
		sub(/.*\//, "", base)
		# a native object was made by a backend; the front end wrote x.o
		sub(/\.thinlto-native\.o$/, ".o", base)
		cmdfile = dir "." base ".cmd"
		while ((getline line < cmdfile) > 0)
			if (line ~ /^#SYMVER [^ ]+ 0x[0-9a-f]+$/) {
				split(line, f, " ")
				if (owner[f[2]] == of) {
					crc[f[2]] = f[3]
					has_crc[f[2]] = 1
				}
			}
		close(cmdfile)
	}
	close(list)
}

/^@object / {
	end_of_object()
	object = $2
	module = object
	sub(/\.o$/, "", module)
	modules[++count] = module
	reading = "symbols"
	next
}
/^@exports$/ { reading = "exports"; next }
/^@modinfo$/ { reading = "modinfo"; next }

reading == "symbols" && NF == 2 && ($1 == "U" || $1 == "w") {
	imported[module, ++imports[module]] = $2
	weak[module, $2] = $1 == "w"
	next
}
reading == "symbols" && NF == 3 {
	if ($3 ~ /^__export_symbol_/) {
		label[++labels] = substr($3, 17)
		label_at[labels] = $1
	} else
		type[$3] = $2
	if ($3 == "init_module")
		has_init[module] = 1
	if ($3 == "cleanup_module")
		has_exit[module] = 1
	next
}
reading == "exports" { for (i = 1; i <= NF; i++) byte[bytes++] = $i; next }
reading == "modinfo" {
	if (/^license=/)
		license[module] = substr($0, 9)
	else if (/^import_ns=/)
		may_use[module, substr($0, 11)] = 1
	else if (/^description=/)
		described[module] = 1
	next
}

function table(m, file,    i, s) {
	for (i = 1; i <= exports[m]; i++) {
		s = exported[m, i]
		printf "KSYMTAB_%s(%s, \"%s\");\n", kind[s], s, namespace[s] > file
		printf "SYMBOL_FLAGS(%s, 0x%02x);\n", s, gpl[s] > file
	}
	if (!versions)
		return
	print "" > file
	for (i = 1; i <= exports[m]; i++) {
		s = exported[m, i]
		if (!(s in has_crc)) {
			warn(m ": EXPORT symbol \"" s "\" version generation failed, it will have no version.")
			warn(m ": is \"" s "\" declared in <asm/asm-prototypes.h>?")
		}
		printf "SYMBOL_CRC(%s, %s);\n", s, crc[s] > file
	}
}

END {
	end_of_object()
	if (versions)
		for (k = 1; k <= count; k++)
			crcs_of(modules[k] == "vmlinux" ? ".vmlinux.objs" : modules[k] ".mod", modules[k])

	for (k = 1; k <= count; k++) {
		m = modules[k]
		if (m == "vmlinux") {
			file = tmp "/vmlinux"
			print "#include <linux/export-internal.h>\n" > file
			table(m, file)
			print "#include <linux/module.h>\n#undef __MODULE_INFO_PREFIX\n#define __MODULE_INFO_PREFIX" > file
			print file, ".vmlinux.export.c" > (tmp "/list")
			continue
		}
		name = m
		sub(/.*\//, "", name)
		gsub(/-/, "_", name)
		if (!(m in license))
			error("missing MODULE_LICENSE() in " m ".o")
		if (!(m in described))
			warn("missing MODULE_DESCRIPTION() in " m ".o")

		file = tmp "/" k
		print file, m ".mod.c" > (tmp "/list")
		print "#include <linux/module.h>\n#include <linux/export-internal.h>\n#include <linux/compiler.h>\n" > file
		print "MODULE_INFO(name, KBUILD_MODNAME);\n" > file
		print "__visible struct module __this_module\n__section(\".gnu.linkonce.this_module\") = {" > file
		print "\t.name = KBUILD_MODNAME," > file
		if (m in has_init)
			print "\t.init = init_module," > file
		if (m in has_exit)
			print "#ifdef CONFIG_MODULE_UNLOAD\n\t.exit = cleanup_module,\n#endif" > file
		print "\t.arch = MODULE_ARCH_INIT,\n};\n" > file
		print "MODULE_INFO(intree, \"Y\");\n" > file
		table(m, file)

		depends = ""
		split("", needs)
		rows = ""
		if (versions)
			imported[m, ++imports[m]] = "module_layout"
		for (i = 1; i <= imports[m]; i++) {
			s = imported[m, i]
			if (!(s in owner)) {
				if (!weak[m, s] && s != "__this_module")
					error("\"" s "\" [" m ".ko] undefined!")
				continue
			}
			if (namespace[s] != "" && !((m, namespace[s]) in may_use))
				error("module " name " uses symbol " s " from namespace " namespace[s] ", but does not import it.")
			if (gpl[s] && license[m] !~ /GPL/)
				error("GPL-incompatible module " name ".ko uses GPL-only symbol \"" s "\"")
			if (s in has_crc)
				rows = rows sprintf("\t{ %s, \"%s\" },\n", crc[s], s)
			else if (versions)
				warn("\"" s "\" [" m ".ko] has no CRC!")
			o = owner[s]
			sub(/.*\//, "", o)
			if (o != "vmlinux" && o != name && !(o in needs)) {
				needs[o] = 1
				depends = depends (depends == "" ? "" : ",") o
			}
		}
		if (versions && basic)
			printf "\nstatic const struct modversion_info ____versions[]\n__used __section(\"__versions\") = {\n%s};\n", rows > file
		printf "\nMODULE_INFO(depends, \"%s\");\n\n", depends > file
	}

	if (failed)
		exit 1

	printf "" > symvers
	for (k = 1; k <= count; k++)
		for (i = 1; i <= exports[modules[k]]; i++) {
			s = exported[modules[k], i]
			printf "%s\t%s\t%s\tEXPORT_SYMBOL%s\t%s\n", crc[s], s, modules[k], gpl[s] ? "_GPL" : "", namespace[s] > symvers
		}
}' "$tmp/facts"

# A generated source that has not changed keeps its time stamp.
if [ -f "$tmp/list" ]; then
	while read -r new file; do
		cmp -s "$new" "$file" || mv "$new" "$file"
	done < "$tmp/list"
fi
