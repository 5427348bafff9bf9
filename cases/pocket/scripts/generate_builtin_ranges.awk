# SPDX-License-Identifier: MIT OR Apache-2.0
#
# generate_builtin_ranges.awk modules.builtin vmlinux.map vmlinux.o.map
#
# For each built-in module, where its code and data lie: section, first and last
# offset, name. The maps know objects; what module an object belongs to is read
# from -DKBUILD_MODFILE in the command that made it.
#
# lld's map: address, load address, size, alignment, then at column 1 an output
# section, at 9 "object:(section)", at 17 a symbol.

# The low 32 bits of a hexadecimal number
function hex(s,    i, v) {
	v = 0
	for (i = max(1, length(s) - 7); i <= length(s); i++)
		v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return v
}

function max(a, b) { return a > b ? a : b }

# The built-in module that OBJECT is a part of, or ""
function module_of(object,    file, line, m) {
	if (object in known)
		return known[object]
	file = object
	if (!sub(/[^\/]*$/, ".&.cmd", file))
		return ""
	m = ""
	if ((getline line < file) > 0 && match(line, /-DKBUILD_MODFILE='"[^"]*"/))
		m = substr(line, RSTART + 19, RLENGTH - 20)
	close(file)
	if (!(m in builtin))
		m = ""
	sub(/.*\//, "", m)
	gsub(/-/, "_", m)
	return known[object] = m
}

# Parse an input section: sets object and section
function input_section(s) {
	section = s
	sub(/.*:\(/, "", section)
	sub(/\)$/, "", section)
	object = s
	sub(/:\([^(]*$/, "", object)
	if (sub(/^vmlinux\.a\(/, "", object))
		sub(/\)$/, "", object)
}

function add(sect, from, size,    m) {
	m = module_of(object)
	if (m == "" || size == 0)
		return
	n++
	of[n] = sect
	first[n] = from
	end[n] = from + size
	name[n] = m
}

FNR == 1 { file_nr++ }

file_nr == 1 {
	sub(/^kernel\//, "")
	sub(/\.ko$/, "")
	builtin[$0] = 1
	next
}

NF < 5 || $1 !~ /^[0-9a-f]+$/ { next }

# an output section
match($0, /^ *[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ +[0-9]+ [^ ]/) {
	out = $5
	if (file_nr == 2) {
		base[out] = hex($1)
		rank[out] = ++sections
	}
	next
}

file_nr == 2 && $5 ~ /:\(/ {
	input_section($5)
	if (object == "vmlinux.o") {
		if (!(section in placed)) {
			placed[section] = out
			shift[section] = hex($1) - base[out]
		}
	} else
		add(out, hex($1) - base[out], hex($3))
	next
}

# the first symbol of a section is its anchor
file_nr == 2 && !(out in anchor) && $5 ~ /^[A-Za-z_][A-Za-z0-9_]*$/ {
	anchor[out] = sprintf("%s %08x-%08x = %s", out, hex($1) - base[out], hex($1) - base[out], $5)
	next
}

file_nr == 3 && $5 ~ /:\(/ && (out in placed) {
	input_section($5)
	add(placed[out], shift[out] + hex($1), hex($3))
}

END {
	for (i = 2; i <= n; i++) {
		key = i
		for (j = i - 1; j >= 1; j--) {
			a = perm(j)
			if (rank[of[a]] < rank[of[key]] || (of[a] == of[key] && first[a] <= first[key]))
				break
			at[j + 1] = a
		}
		at[j + 1] = key
	}
	for (i = 1; i <= n; i++) {
		a = perm(i)
		if (!(of[a] in begun)) {
			begun[of[a]] = 1
			if (of[a] in anchor)
				print anchor[of[a]]
		}
		# neighbours of one module are one range
		while (i < n && of[perm(i + 1)] == of[a] && name[perm(i + 1)] == name[a])
			end[a] = end[perm(++i)]
		printf "%s %08x-%08x %s\n", of[a], first[a], end[a], name[a]
	}
}

function perm(i) { return (i in at) ? at[i] : i }
