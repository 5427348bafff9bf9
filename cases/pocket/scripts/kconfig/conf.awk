# SPDX-License-Identifier: MIT OR Apache-2.0
#
# conf.awk MODE FILE: evaluate the Kconfig files, write .config, auto.conf,
# auto.conf.cmd and autoconf.h, touch include/config/OPTION for each change.
#
#	tiny  what can be switched off is off, but for the values in FILE
#	def   defaults, but for the values in FILE
#	old   the values in FILE (the last assignment counts), defaults elsewhere
#
# Understood: mainmenu menu if choice config source comment; bool tristate int
# hex string def_bool def_tristate prompt default depends-on select imply help
# range; expressions of && || ! ( ) = != < <= > >=; $(NAME) from the environment.

function fail(text) {
	print "Kconfig: " text > "/dev/stderr"
	exit_code = 1
	exit 1
}

# ---------------------------------------------------------------------------
# Reading

function both(a, b) {
	if (a == "")
		return b
	if (b == "")
		return a
	return "(" a ") && (" b ")"
}

# The conditions of all blocks that are open
function context(    i, e) {
	e = ""
	for (i = 1; i <= depth; i++)
		e = both(e, block_dep[i])
	return e
}

function substitute(s,    name) {
	while (match(s, /\$\([A-Za-z_][A-Za-z0-9_]*\)/)) {
		name = substr(s, RSTART + 2, RLENGTH - 3)
		s = substr(s, 1, RSTART - 1) ENVIRON[name] substr(s, RSTART + RLENGTH)
	}
	return s
}

# Split "TEXT if EXPR", heeding quotes; results in part_text, part_if
function split_if(s,    i, c, quoted) {
	quoted = 0
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\"")
			quoted = !quoted
		else if (!quoted && substr(s, i, 4) == " if ") {
			part_text = trim(substr(s, 1, i - 1))
			part_if = trim(substr(s, i + 4))
			return
		}
	}
	part_text = trim(s)
	part_if = ""
}

function trim(s) {
	sub(/^[ \t]+/, "", s)
	sub(/[ \t]+$/, "", s)
	return s
}

function unquote(s) {
	if (s ~ /^".*"$/)
		return substr(s, 2, length(s) - 2)
	return s
}

function set_prompt(s) {
	split_if(s)
	prompt[cur] = unquote(part_text)
	prompt_if[cur] = part_if
}

function add_default(s) {
	split_if(s)
	defaults[cur]++
	default_value[cur, defaults[cur]] = part_text
	default_if[cur, defaults[cur]] = part_if
}

function open_block(kind, dep) {
	depth++
	block_kind[depth] = kind
	block_dep[depth] = dep
	block_item[depth] = items
}

function close_block(kind, where) {
	if (depth == 0 || block_kind[depth] != kind)
		fail(where ": end" kind " without " kind)
	depth--
}

function parse(file,    path, line, word, rest, where, nr, help, indent, more) {
	path = ENVIRON["srctree"] "/" file
	sources = sources " \\\n\t" path
	nr = 0
	help = 0
	while ((getline line < path) > 0) {
		nr++
		where = file ":" nr
		while (line ~ /\\$/ && (getline more < path) > 0) {
			nr++
			line = substr(line, 1, length(line) - 1) " " trim(more)
		}
		if (help) {
			if (trim(line) == "")
				continue
			match(line, /^[ \t]*/)
			indent = RLENGTH
			if (indent >= help_indent)
				continue
			help = 0
		}
		sub(/^[ \t]*#.*/, "", line)
		if (trim(line) == "")
			continue
		match(line, /^[ \t]*/)
		indent = RLENGTH
		line = substitute(trim(line))
		word = line
		sub(/[ \t].*/, "", word)
		rest = trim(substr(line, length(word) + 1))

		if (word == "config" || word == "menuconfig") {
			cur = rest
			if (!(cur in type)) {
				order[++symbols] = cur
				type[cur] = ""
				item_kind[++items] = "config"
				item_name[items] = cur
			}
			depends[cur] = context()
			if (in_choice) {
				choice_of[cur] = in_choice
				member[in_choice, ++members[in_choice]] = cur
			}
		} else if (word == "choice") {
			in_choice = ++choices
			cur = "choice " in_choice
			type[cur] = "choice"
			depends[cur] = context()
			open_block("choice", "")
		} else if (word == "endchoice") {
			close_block("choice", where)
			in_choice = 0
		} else if (word == "if") {
			open_block("if", rest)
		} else if (word == "endif") {
			close_block("if", where)
		} else if (word == "menu") {
			item_kind[++items] = "menu"
			item_name[items] = unquote(rest)
			open_block("menu", "")
			cur = "menu " items
			item_dep[items] = context()
		} else if (word == "endmenu") {
			item_kind[items + 1] = "endmenu"
			item_name[items + 1] = item_name[block_item[depth]]
			item_dep[items + 1] = item_dep[block_item[depth]]
			items++
			close_block("menu", where)
		} else if (word == "mainmenu" || word == "comment") {
			cur = word " " items
		} else if (word == "source") {
			parse(unquote(rest))
		} else if (word == "bool" || word == "tristate" || word == "int" || word == "hex" || word == "string") {
			if (type[cur] != "choice")
				type[cur] = word
			if (rest != "")
				set_prompt(rest)
		} else if (word == "prompt") {
			set_prompt(rest)
		} else if (word == "def_bool" || word == "def_tristate") {
			type[cur] = substr(word, 5)
			add_default(rest)
		} else if (word == "default") {
			add_default(rest)
		} else if (word == "depends") {
			sub(/^on[ \t]+/, "", rest)
			if (cur ~ /^menu /) {
				block_dep[depth] = both(block_dep[depth], rest)
				item_dep[items] = both(item_dep[items], rest)
			} else
				depends[cur] = both(depends[cur], rest)
		} else if (word == "select") {
			split_if(rest)
			selectors[part_text]++
			selector[part_text, selectors[part_text]] = cur
			selector_if[part_text, selectors[part_text]] = part_if
		} else if (word == "help") {
			help = 1
			help_indent = indent + 1
		} else if (word == "range" || word == "imply") {
			continue
		} else
			fail(where ": not understood: " line)
	}
	close(path)
	if (nr == 0)
		fail("cannot read " path)
}

# ---------------------------------------------------------------------------
# Expressions. Values are 0, 1, 2 for n, m, y.

function tokenize(s,    n, c) {
	n = 0
	while (s != "") {
		if (match(s, /^[ \t]+/)) {
			s = substr(s, RLENGTH + 1)
			continue
		}
		if (match(s, /^(&&|\|\||!=|<=|>=|[!()=<>])/) || match(s, /^"[^"]*"/) || match(s, /^[A-Za-z0-9_.-]+/)) {
			token[++n] = substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
		} else
			fail("bad expression: " s)
	}
	token[n + 1] = ""
	return n
}

function tri(s) { return s == "y" ? 2 : s == "m" ? 1 : 0 }
function letter(v) { return v == 2 ? "y" : v == 1 ? "m" : "n" }
function min(a, b) { return a < b ? a : b }
function max(a, b) { return a > b ? a : b }

# An operand as text: a symbol's value, or itself
function text_of(t) {
	if (t ~ /^"/)
		return unquote(t)
	if (t in type)
		return is_tri(t) ? letter(value[t]) : value[t]
	return t
}

function is_tri(s) { return type[s] == "bool" || type[s] == "tristate" }

function parse_or(    v, w) {
	v = parse_and()
	while (token[at] == "||") { at++; w = parse_and(); v = max(v, w) }
	return v
}
function parse_and(    v, w) {
	v = parse_not()
	while (token[at] == "&&") { at++; w = parse_not(); v = min(v, w) }
	return v
}
function parse_not(    v) {
	if (token[at] == "!") { at++; return 2 - parse_not() }
	if (token[at] == "(") { at++; v = parse_or(); at++; return v }
	return parse_compare()
}
function parse_compare(    a, b, op) {
	a = token[at++]
	op = token[at]
	if (op !~ /^(=|!=|<|<=|>|>=)$/)
		return tri(text_of(a))
	at++
	a = text_of(a)
	b = text_of(token[at++])
	if (op == "=") return a "" == b "" ? 2 : 0
	if (op == "!=") return a "" != b "" ? 2 : 0
	if (op == "<") return a + 0 < b + 0 ? 2 : 0
	if (op == "<=") return a + 0 <= b + 0 ? 2 : 0
	if (op == ">") return a + 0 > b + 0 ? 2 : 0
	return a + 0 >= b + 0 ? 2 : 0
}

function eval(e) {
	if (e == "")
		return 2
	tokenize(e)
	at = 1
	return parse_or()
}

# ---------------------------------------------------------------------------
# Values

function is_choice_winner(s,    c, i, m, best, best_at) {
	c = choice_of[s]
	best = ""
	best_at = 0
	# the member that was set to y last, if it may be
	for (i = 1; i <= members[c]; i++) {
		m = member[c, i]
		if (user[m] == "y" && eval(depends[m]) && user_at[m] > best_at) {
			best = m
			best_at = user_at[m]
		}
	}
	cur = "choice " c
	for (i = 1; best == "" && i <= defaults[cur]; i++)
		if (eval(default_if[cur, i]) && eval(depends[default_value[cur, i]]))
			best = default_value[cur, i]
	for (i = 1; best == "" && i <= members[c]; i++)
		if (eval(depends[member[c, i]]))
			best = member[c, i]
	return best == s
}

# Set visible[s], value[s], written[s]; say whether the value changed
function calculate(s,    dep, v, i, old) {
	old = value[s]
	dep = eval(depends[s])
	visible[s] = s in prompt ? min(dep, eval(prompt_if[s])) : 0
	written[s] = visible[s] > 0

	if (!is_tri(s)) {
		v = ""
		if (visible[s] && s in user)
			v = user[s]
		else if (dep)
			for (i = 1; i <= defaults[s]; i++)
				if (eval(default_if[s, i])) {
					v = default_value[s, i]
					v = v ~ /^"/ ? unquote(v) : text_of(v)
					break
				}
		if (dep && (v != "" || type[s] == "string"))
			written[s] = 1
		if (!dep)
			written[s] = 0
		value[s] = v
		return v != old
	}

	v = 0
	if (s in choice_of)
		v = dep && eval(depends["choice " choice_of[s]]) && is_choice_winner(s) ? 2 : 0
	else if (visible[s] && s in user)
		v = min(tri(user[s]), visible[s])
	else if (visible[s] && mode == "tiny")
		v = 0
	else
		for (i = 1; i <= defaults[s]; i++)
			if (eval(default_if[s, i])) {
				v = min(eval(default_value[s, i]), dep)
				break
			}
	for (i = 1; i <= selectors[s]; i++)
		v = max(v, min(value[selector[s, i]], eval(selector_if[s, i])))
	if (v == 1 && (type[s] == "bool" || ("MODULES" in type && !value["MODULES"])))
		v = 2
	if (v)
		written[s] = 1
	value[s] = v
	return v != old
}

function read_values(file,    line, s, v, nr) {
	nr = 0
	while ((getline line < file) > 0) {
		nr++
		if (line ~ /^# CONFIG_[A-Za-z0-9_]+ is not set$/) {
			split(line, word_, " ")
			s = substr(word_[2], 8)
			v = "n"
		} else if (line ~ /^CONFIG_[A-Za-z0-9_]+=/) {
			s = substr(line, 8, index(line, "=") - 8)
			v = substr(line, index(line, "=") + 1)
			if (v ~ /^".*"$/)
				v = substr(v, 2, length(v) - 2)
		} else
			continue
		user[s] = v
		user_at[s] = nr
	}
	close(file)
	return nr
}

# ---------------------------------------------------------------------------
# Writing

function write_if_changed(file, text,    old, line) {
	old = ""
	while ((getline line < file) > 0)
		old = old line "\n"
	close(file)
	if (old == text)
		return 0
	printf "%s", text > file
	close(file)
	return 1
}

# The value as it stands in .config
function shown(s) {
	if (is_tri(s))
		return letter(value[s])
	return type[s] == "string" ? "\"" value[s] "\"" : value[s]
}

function write_all(    i, s, title, dot, auto, header, line, name, was, changed, cmd) {
	title = "Automatically generated file; DO NOT EDIT.\n%Linux/" ENVIRON["ARCH"] " " ENVIRON["KERNELVERSION"] " Kernel Configuration\n"
	dot = auto = header = title
	gsub(/%/, "# ", dot)
	dot = "#\n# " dot "#\n"
	auto = dot
	gsub(/%/, " * ", header)
	header = "/*\n * " header " */\n"

	for (i = 1; i <= items; i++) {
		if (item_kind[i] == "menu") {
			if (eval(item_dep[i]))
				dot = dot "\n#\n# " item_name[i] "\n#\n"
			continue
		}
		if (item_kind[i] == "endmenu") {
			if (eval(item_dep[i]))
				dot = dot "# end of " item_name[i] "\n"
			continue
		}
		s = item_name[i]
		if (!written[s])
			continue
		if (is_tri(s) && !value[s]) {
			dot = dot "# CONFIG_" s " is not set\n"
			continue
		}
		line = "CONFIG_" s "=" shown(s) "\n"
		dot = dot line
		auto = auto line
		now[s] = shown(s)
		if (is_tri(s))
			header = header "#define CONFIG_" s (value[s] == 1 ? "_MODULE" : "") " 1\n"
		else
			header = header "#define CONFIG_" s " " shown(s) "\n"
	}

	# What was different in the last auto.conf?
	name = "include/config/auto.conf"
	while ((getline line < name) > 0)
		if (line ~ /^CONFIG_/) {
			s = substr(line, 8, index(line, "=") - 8)
			was = substr(line, index(line, "=") + 1)
			before[s] = was
		}
	close(name)
	for (s in now)
		if (!(s in before) || before[s] != now[s])
			changed[s] = 1
	for (s in before)
		if (!(s in now))
			changed[s] = 1
	for (s in changed) {
		printf "" > ("include/config/" s)
		close("include/config/" s)
	}

	if (write_if_changed(ENVIRON["KCONFIG_CONFIG"], dot) && mode != "old")
		print "#\n# configuration written to " ENVIRON["KCONFIG_CONFIG"] "\n#"
	write_if_changed("include/generated/autoconf.h", header)

	cmd = "autoconfig := include/config/auto.conf\n\ndeps_config := " sources "\n\n"
	cmd = cmd "$(autoconfig): $(deps_config)\n$(deps_config): ;\n"
	cmd = cmd depends_on_variable("CC_VERSION_TEXT") depends_on_variable("SRCARCH") depends_on_variable("KERNELVERSION")
	write_if_changed("include/config/auto.conf.cmd", cmd)

	# always, and last: make compares its time stamp with .config
	printf "%s", auto > name
	close(name)
}

function depends_on_variable(v) {
	return "\nifneq \"$(" v ")\" \"" ENVIRON[v] "\"\n$(autoconfig): FORCE\nendif\n"
}

BEGIN {
	mode = ARGV[1]
	file = ARGV[2]
	if (ENVIRON["CLANG_VERSION"] + 0 < ENVIRON["MIN_LLVM_VERSION"] + 0)
		fail("the compiler is too old or not clang: " ENVIRON["CC_VERSION_TEXT"])
	if (ENVIRON["LLD_VERSION"] + 0 < ENVIRON["MIN_LLVM_VERSION"] + 0)
		fail("the linker is too old or not lld")
	parse("Kconfig")
	if (depth)
		fail("unclosed " block_kind[depth])
	if (read_values(file) == 0 && mode == "old")
		fail("cannot read " file)

	for (pass = 1; pass <= 30; pass++) {
		moved = 0
		for (i = 1; i <= symbols; i++)
			moved += calculate(order[i])
		if (!moved)
			break
	}
	if (moved)
		fail("the options depend on each other in a circle")

	write_all()
	exit 0
}

END {
	exit exit_code
}
