#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# gen_compile_commands.sh DIRECTORY ARCHIVE... [modules.order]: a compilation
# database on standard output, from the command that made each object.
#
# Like Linux's, it looks only at the .cmd file of what is in the archive. In the
# distributed mode that is the back end's command, which compiles no source file.

directory=$1
shift
for file; do
	case $file in
	*.a) "$AR" t "$file" ;;
	*) sed 's/\.o$/.mod/' "$file" | xargs -r cat ;;
	esac
done | awk -v directory="$directory" '
BEGIN { print "[" }
{
	cmd = $0
	sub(/[^\/]*$/, ".&.cmd", cmd)
	if ((getline line < cmd) <= 0)
		next
	close(cmd)
	sub(/^savedcmd_[^ ]* := /, "", line)
	sub(/ *(;.*)?$/, "", line)
	source = line
	sub(/.* /, "", source)
	if (source !~ /\.[cS]$/)
		next
	gsub(/\$\(pound\)/, "#", line)
	gsub(/\$\$/, "$", line)
	gsub(/\\/, "\\\\", line)
	gsub(/"/, "\\\"", line)
	printf "%s  {\n    \"command\": \"%s\",\n    \"directory\": \"%s\",\n    \"file\": \"%s\"\n  }", comma, line, directory, source
	comma = ",\n"
}
END { print "\n]" }'
