#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# generate_initcall_order.sh ARCHIVE...: a linker script that keeps the initcalls
# of each level in link order.
#
# Each initcall has a symbol
#	__initcall__kmod_<module>__<counter>_<line>_<function><level>
# and a section .initcall<level>.init..kmod_<module>__<counter>_<line>_<function>.
# Objects come in archive order, the initcalls of one object by their counter.

for archive; do
	$NM --defined-only -p "$archive" 2>/dev/null
done | awk '
function flush_object(    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && counter[j - 1] > counter[j]; j--) {
			t = counter[j]; counter[j] = counter[j - 1]; counter[j - 1] = t
			t = level[j]; level[j] = level[j - 1]; level[j - 1] = t
			t = id[j]; id[j] = id[j - 1]; id[j - 1] = t
		}
	for (i = 1; i <= n; i++)
		of_level[level[i]] = of_level[level[i]] id[i] "\n"
	n = 0
}

/:$/ { flush_object(); next }

$NF ~ /^__initcall__kmod_/ {
	name = substr($NF, 13)
	if (!match(name, /(early|rootfs|con|[0-9])s?$/)) {
		print "initcall of an unknown level: " $NF > "/dev/stderr"
		failed = 1
		next
	}
	n++
	level[n] = substr(name, RSTART)
	id[n] = substr(name, 1, RSTART - 1)
	match(id[n], /__[0-9]+_[0-9]+_/)
	counter[n] = substr(id[n], RSTART + 2) + 0
}

END {
	flush_object()
	if (failed)
		exit 1
	print "SECTIONS {"
	levels = split("0 0s 1 1s 2 2s 3 3s 4 4s 5 5s 6 6s 7 7s con early rootfs", order, " ")
	for (i = 1; i <= levels; i++) {
		if (!(order[i] in of_level))
			continue
		section = order[i] == "con" ? ".con_initcall.init" : ".initcall" order[i] ".init"
		printf "\t%s : {\n", section
		k = split(of_level[order[i]], ids, "\n")
		for (j = 1; j < k; j++)
			printf "\t\t*(%s..%s) ;\n", section, ids[j]
		print "\t}"
	}
	print "}"
}'
