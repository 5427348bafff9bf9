# SPDX-License-Identifier: MIT OR Apache-2.0
#
# genksyms.awk: from preprocessed C (compiled with -D__GENKSYMS__), print
#	#SYMVER name 0x12345678
# for each __GENKSYMS_EXPORT_SYMBOL(name). The number is a checksum over the
# symbol's declaration, and over the definition of each struct, union, enum and
# typedef that it names, theirs included. It changes when the interface does,
# and depends on nothing else.

function token_of(s) {
	if (match(s, /^[A-Za-z_][A-Za-z0-9_]*/) || match(s, /^[0-9][A-Za-z0-9_.]*/))
		return substr(s, 1, RLENGTH)
	if (match(s, /^"([^"\\]|\\.)*"/) || match(s, /^'([^'\\]|\\.)*'/))
		return substr(s, 1, RLENGTH)
	return substr(s, 1, 1)
}

# Keep one declaration: decl[key] = its text. The first one wins.
function remember(key, text) {
	if (!(key in decl))
		decl[key] = text
}

# A statement at file scope has ended; tok[1..n] are its tokens (a function's
# or initializer's braces are left out, those of a type are not).
function statement(    i, text, name, depth, first, attr) {
	first = 1
	text = ""
	attr = 0
	for (i = 1; i <= n; i++) {
		# leave out what does not change the interface
		if (tok[i] == "__attribute__" || tok[i] == "asm" || tok[i] == "__asm__") {
			attr = 1
			depth = 0
			continue
		}
		if (attr) {
			if (tok[i] == "(")
				depth++
			else if (tok[i] == ")" && --depth == 0)
				attr = 0
			continue
		}
		if (tok[i] == "extern" || tok[i] == "inline" || tok[i] == "static" || tok[i] == "__inline__")
			continue
		kept[first++] = tok[i]
	}
	n = first - 1
	for (i = 1; i <= n; i++)
		text = text (i > 1 ? " " : "") kept[i]

	# struct x { ... }, enum x { ... }
	if ((kept[1] == "struct" || kept[1] == "union" || kept[1] == "enum") && kept[3] == "{") {
		remember(kept[1] " " kept[2], text)
		n = 0
		return
	}
	if (n == 2 && (kept[1] == "struct" || kept[1] == "union")) {
		n = 0
		return
	}
	if (kept[1] == "typedef") {
		# typedef ret (*name)(...), or the last word before ; or [
		if (match(text, /\( ?\* ?[A-Za-z_][A-Za-z0-9_]*/)) {
			name = substr(text, RSTART, RLENGTH)
			gsub(/[^A-Za-z0-9_]/, "", name)
		} else {
			name = kept[n]
			for (i = 2; i < n; i++)
				if (kept[i + 1] == "[") {
					name = kept[i]
					break
				}
		}
		remember("typedef " name, text)
		n = 0
		return
	}
	# name(...), name, name[...]: the word before the first ( or [, or the last
	name = ""
	for (i = 1; i <= n; i++) {
		if (kept[i] == "(" || kept[i] == "[") {
			name = kept[i - 1]
			break
		}
		if (kept[i] == "=")
			break
	}
	if (name == "" && i > 1)
		name = kept[i - 1]
	if (name ~ /^[A-Za-z_]/) {
		# int f(int x) is int f(int): parameter names do not count
		if (i <= n && kept[i] == "(")
			text = without_names(i)
		else if (i <= n && kept[i] == "=") {
			text = ""
			for (i = 1; i <= n && kept[i] != "="; i++)
				text = text (i > 1 ? " " : "") kept[i]
		}
		remember("symbol " name, text)
	}
	n = 0
}

# The tokens of a function declaration, parameter names dropped: an identifier
# that follows a type and stands before , or ) or [.
function without_names(open,    i, text, prev) {
	text = ""
	prev = ""
	for (i = 1; i <= n; i++) {
		if (i > open && kept[i] ~ /^[A-Za-z_]/ && (kept[i + 1] == "," || kept[i + 1] == ")" || kept[i + 1] == "[") \
		    && (prev == "*" || prev ~ /^[A-Za-z_]/) && prev != "struct" && prev != "union" \
		    && prev != "enum" && !(kept[i] in basic) && prev != "const" ) {
			prev = kept[i]
			continue
		}
		text = text (text == "" ? "" : " ") kept[i]
		prev = kept[i]
	}
	return text
}

# Append to the global "full" what TEXT says and what its types mean.
function expand(text,    w, k, i, key) {
	full = full " " text
	k = split(text, w, " ")
	for (i = 1; i <= k; i++) {
		key = ""
		if ((w[i] == "struct" || w[i] == "union" || w[i] == "enum") && i < k)
			key = w[i] " " w[i + 1]
		else if (w[i] ~ /^[A-Za-z_]/)
			key = "typedef " w[i]
		if (key != "" && (key in decl) && !(key in used)) {
			used[key] = 1
			expand(decl[key])
		}
	}
}

function checksum(s,    h, i, len) {
	h = 5381
	len = length(s)
	for (i = 1; i <= len; i++)
		h = (h * 65599 + code[substr(s, i, 1)]) % 4294967296
	return h
}

BEGIN {
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
	split("void char short int long unsigned signed float double _Bool const volatile", b, " ")
	for (i in b)
		basic[b[i]] = 1
	n = braces = parens = exports = 0
	body = 0
}

/^#/ { next }

{
	line = $0
	while (line != "") {
		if (match(line, /^[ \t\f]+/)) {
			line = substr(line, RLENGTH + 1)
			continue
		}
		t = token_of(line)
		line = substr(line, length(t) + 1)

		if (t == "__GENKSYMS_EXPORT_SYMBOL") {
			match(line, /[A-Za-z_][A-Za-z0-9_]*/)
			export[++exports] = substr(line, RSTART, RLENGTH)
			sub(/^[^;]*;/, "", line)
			n = 0
			continue
		}
		if (t == "{" && braces++ == 0)
			# after ) or =: code or values, not a type
			body = (n > 0 && (tok[n] == ")" || tok[n] == "="))
		if (!(body && braces > 0) && !(t == ";" && braces == 0))
			tok[++n] = t
		if (t == "}" && --braces == 0 && body) {
			body = 0
			if (n > 0 && tok[n] != "=")
				statement()
			continue
		}
		if (t == ";" && braces == 0)
			statement()
	}
}

END {
	for (e = 1; e <= exports; e++) {
		name = export[e]
		if (!(("symbol " name) in decl)) {
			print "genksyms: no declaration of " name > "/dev/stderr"
			continue
		}
		split("", used)
		full = ""
		expand(decl["symbol " name])
		h = checksum(full)
		printf "#SYMVER %s 0x%04x%04x\n", name, int(h / 65536), h % 65536
		if (ENVIRON["KBUILD_SYMTYPES"] != "")
			print name ":" full > "/dev/stderr"
	}
}
