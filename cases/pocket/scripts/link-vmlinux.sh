#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# link-vmlinux.sh LD KBUILD_LDFLAGS LDFLAGS_vmlinux OUTPUT: link the image, write
# System.map. "link-vmlinux.sh clean" removes both.

set -e

if [ "$1" = clean ]; then
	rm -f System.map vmlinux vmlinux.map
	exit 0
fi

case "$KBUILD_VERBOSE" in
*1*) set -x ;;
esac

ld=$1
ldflags="$2 $3 --script=./$KBUILD_LDS"
output=$4

# The banner has the time in it, so it is compiled last of all.
$MAKE -f "$srctree/scripts/Makefile.build" obj=init init/version-timestamp.o

if grep -q '^CONFIG_LTO_CLANG=y' include/config/auto.conf; then
	objs=vmlinux.o
	libs=
else
	objs=vmlinux.a
	libs=$KBUILD_VMLINUX_LIBS
fi
if grep -q '^CONFIG_BUILTIN_MODULE_RANGES=y' include/config/auto.conf; then
	ldflags="$ldflags -Map=vmlinux.map"
fi

printf '  %-7s %s\n' LD "$output"
$ld $ldflags -o "$output" \
	--whole-archive $objs .vmlinux.export.o init/version-timestamp.o --no-whole-archive \
	--start-group $libs --end-group

printf '  %-7s %s\n' NM System.map
$NM -n "$output" | sed -f "$srctree/scripts/mksysmap" > System.map

# What fixdep is to know about this link
echo "$output: $0" > ".$output.d"
