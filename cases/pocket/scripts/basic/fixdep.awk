# SPDX-License-Identifier: MIT OR Apache-2.0
#
# fixdep.awk DEPFILE TARGET: make rules from the compiler's dependency file.
#
# Every source sees autoconf.h, and a changed option must not rebuild them all.
# So autoconf.h is left out, and each file read is searched for the options it
# mentions: the target depends on include/config/OPTION, which the
# configuration touches when that option changes.

# Print a dependency on each option that FILE mentions and none before it did.
function options_of(file,    line, rest, before) {
	while ((getline line < file) > 0) {
		if (index(line, "CONFIG_") == 0)
			continue
		rest = line
		before = ""
		while (match(rest, /CONFIG_[A-Z0-9_a-z]+/)) {
			if (RSTART > 1)
				before = substr(rest, RSTART - 1, 1)
			name = substr(rest, RSTART + 7, RLENGTH - 7)
			sub(/_MODULE$/, "", name)
			if (before !~ /[A-Za-z0-9_]/ && name != "" && !(name in option)) {
				option[name] = 1
				printf "    $(wildcard include/config/%s) \\\n", name
			}
			before = substr(rest, RSTART + RLENGTH - 1, 1)
			rest = substr(rest, RSTART + RLENGTH)
		}
	}
	close(file)
}

BEGIN {
	depfile = ARGV[1]
	target = ARGV[2]
	n = 0
	while ((getline line < depfile) > 0) {
		sub(/\\$/, "", line)
		if (n == 0)
			sub(/^[^:]*:/, "", line)
		words = split(line, word)
		for (i = 1; i <= words; i++)
			dep[++n] = word[i]
	}
	close(depfile)
	if (n == 0) {
		print "fixdep: " depfile ": no dependencies" > "/dev/stderr"
		exit 1
	}

	printf "\nsource_%s := %s\n\ndeps_%s := \\\n", target, dep[1], target
	options_of(dep[1])
	for (i = 2; i <= n; i++) {
		if (dep[i] ~ /(^|\/)include\/generated\/autoconf\.h$/ || dep[i] in seen)
			continue
		seen[dep[i]] = 1
		printf "  %s \\\n", dep[i]
		options_of(dep[i])
	}
	printf "\n%s: $(deps_%s)\n\n$(deps_%s):\n", target, target, target
}
