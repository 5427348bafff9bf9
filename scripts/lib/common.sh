# shellcheck shell=bash disable=SC2034,SC2154
# common.sh: what every script here shares. Source it after `set -euo pipefail`.
# Sets `me` (this script's name), `top` (the checkout), `cache` (where downloads and builds live).

me=${0##*/}
top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${TWINLTO_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/twinlto}

# say TEXT...: progress, on stderr, so that stdout stays for the answer.
say() { printf '%s: %s\n' "$me" "$*" >&2; }

# fail STATUS ERROR [CAUSE [HINT]]: the one way to stop.
fail() {
  printf 'error: %s\n' "$2" >&2
  if [ -n "${3:-}" ]; then printf 'cause: %s\n' "$3" >&2; fi
  if [ -n "${4:-}" ]; then printf 'hint: %s\n' "$4" >&2; fi
  exit "$1"
}

# usage: prints the caller's header comment, which is its documentation.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

# bad_usage TEXT: status 2.
bad_usage() { fail 2 "$1" '' "see $0 --help"; }

have() { command -v "$1" >/dev/null 2>&1; }

# need_cache: make keeps lists of paths separated by blanks and colons.
need_cache() {
  case $cache in
    /*) ;;
    *) fail 2 "the cache must be an absolute path: $cache" 'TWINLTO_CACHE or XDG_CACHE_HOME is relative' ;;
  esac
  case $cache in
    *[[:space:]:]*) fail 2 "the cache path has a blank or a colon: $cache" \
      'the kernel cannot be built in such a path' 'set TWINLTO_CACHE to another directory' ;;
  esac
  mkdir -p "$cache" 2>/dev/null ||
    fail 4 "cannot make the cache $cache" 'no permission, or the disk is full' 'set TWINLTO_CACHE to another directory'
}

# hold_lock FILE: waits for FILE's lock and keeps it until this script and its children end.
hold_lock() {
  exec 9>"$1"
  if ! flock -n 9; then
    say "waiting for another run (lock $1)"
    flock 9
  fi
}

# Seconds since the epoch with fractions, and the difference of two such values.
now() { printf '%s' "${EPOCHREALTIME/,/.}"; }
span() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", b - a }'; }
