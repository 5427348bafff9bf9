#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# min-tool-version.sh TOOL: the oldest version that can build this tree.
# SRCARCH in the environment names the architecture.

case "$1:$SRCARCH" in
llvm:loongarch)
	echo 18.0.0 ;;
llvm:*)
	echo 17.0.1 ;;
*)
	echo "$0: no minimum is known for '$1'" >&2
	exit 1 ;;
esac
