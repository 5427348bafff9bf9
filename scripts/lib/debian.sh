# shellcheck shell=bash disable=SC2034,SC2154
# debian.sh: packages from the mirror that this machine is configured for, in whatever suite they
# are, without touching the machine's own packages: apt runs on a private state. apt checks the
# signatures of the suites and the hashes of the packages. Source it after common.sh.

# need_apt [TOOL...]: the tools that fetching takes.
need_apt() {
  local tool
  have apt-get && have dpkg-deb ||
    fail 4 "$me fetches Debian packages, and this machine has no apt" 'not a Debian or Ubuntu machine' \
      'unpack the wanted version yourself and give its directory to twinlto'
  for tool in flock "$@"; do
    have "$tool" || fail 4 "$tool was not found" "$me needs it" 'run scripts/setup'
  done
}

# distribution: debian, ubuntu, …
distribution() { (. /etc/os-release 2>/dev/null && printf '%s' "${ID:-unknown}") || printf unknown; }

# configured_sources: "URI SUITE COMPONENT" of every suite in the machine's own configuration, be
# it of the one-line or the deb822 kind, security archives left out.
configured_sources() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '$1 !~ /security/ && $2 !~ /security|\// && ($3 == "main" || $3 == "universe") && !seen[$0]++'
}

# read_sources: sets `sources` to them and `archive` to the URI of the first, the mirror to use.
read_sources() {
  sources=$(configured_sources)
  archive=${sources%% *}
  [ -n "$archive" ] || fail 4 'apt has no package archive configured' \
    'no enabled source in /etc/apt/sources.list or /etc/apt/sources.list.d' 'enable one and run this again'
}

# keyring: the distribution's own keys, so that another trusted archive's key does not do.
keyring() {
  local file
  for file in "/usr/share/keyrings/$(distribution)-archive-keyring".{gpg,pgp}; do
    if [ -r "$file" ]; then printf '%s' "$file"; return; fi
  done
}

# apt_state: makes the private state under the cache. Call it with the lock held.
apt_state() {
  state=$cache/apt-state
  mkdir -p "$state"/lists/partial "$state"/cache
  : > "$state/status"
  # Read after the machine's own configuration, whose proxies and the like stay in force; hooks
  # that act on the machine's own state do not. Packages are only unpacked here, as the user who
  # runs this, so apt needs no second user to download as.
  cat > "$state/apt.conf" <<EOF
Dir::Etc::SourceList "$state/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "$state/lists";
Dir::State::status "$state/status";
Dir::State::extended_states "$state/extended_states";
Dir::Cache "$state/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Log "$state";
APT::Sandbox::User "root";
APT::Install-Recommends "0";
APT::Architectures { "$(dpkg --print-architecture)"; };
APT::Keep-Downloaded-Packages "1";
Acquire::Retries "3";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "0";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "0";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "0";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "0";
Debug::NoLocking "1";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
EOF
  read_sources
  components=$(awk '!seen[$3]++ { printf "%s ", $3 }' <<<"$sources")
  keys=$(keyring)
}

private_apt() { LC_ALL=C "$1" -qq -c "$state/apt.conf" "${@:2}" </dev/null; }

# use_suites SUITE...: the suites that private_apt sees from now on.
use_suites() {
  local suite
  for suite in "$@"; do
    printf 'deb %s%s %s %s\n' "${keys:+[signed-by=$keys] }" "$archive" "$suite" "$components"
  done > "$state/sources.list"
}

# release_file SUITE: the signed description of SUITE, as apt stored it; nothing if there is none.
release_file() {
  local file
  for file in "$state/lists"/*_dists_"$1"_{InRelease,Release}; do
    if [ -f "$file" ]; then printf '%s' "$file"; return; fi
  done
}

release_date() { date -d "$(sed -n '/^Date: /{s///p;q}' "$(release_file "$1")")" +%s; }

# read_releases SUITE...: brings the descriptions alone. A suite that is not there is not an error;
# one that is there and cannot be trusted is named, and not used.
read_releases() {
  use_suites "$@"
  private_apt apt-get update -o Acquire::IndexTargets::deb::Packages::DefaultEnabled=0 >"$log" 2>&1 || true
  grep -E 'signature|NO_PUBKEY|not signed|expired' "$log" >&2 || true
}

# list_suites: sets `suites` to those to ask, in this order: the machine's own, then the released
# ones, then the others. There is no table of names: the roles say what they are called now.
list_suites() {
  local role code codes=() roles=() own
  mapfile -t own < <(awk -v uri="$archive" '$1 == uri && !seen[$2]++ { print $2 }' <<<"$sources")
  suites=("${own[@]}")
  [ "$(distribution)" = debian ] || return 0
  roles=(stable stable-backports oldstable oldstable-backports testing unstable experimental)
  read_releases "${roles[@]}"
  for role in "${roles[@]}"; do
    code=
    if [ -n "$(release_file "$role")" ]; then code=$(sed -n '/^Codename: /{s///p;q}' "$(release_file "$role")"); fi
    codes+=("${code:-$role}")
  done
  read_releases "${roles[@]}" "${codes[@]}"
  for role in "${!roles[@]}"; do
    code=${codes[role]} role=${roles[role]}
    if [[ " ${own[*]} " == *" $code "* ]]; then continue; fi
    # Behind a cache the two can be of different days.
    if [ -z "$(release_file "$code")" ]; then
      if [ -n "$(release_file "$role")" ]; then suites+=("$role"); fi
    elif [ -n "$(release_file "$role")" ] && [ "$(release_date "$role")" -gt "$(release_date "$code")" ]; then
      suites+=("$role")
    else
      suites+=("$code")
    fi
  done
}

# has_package NAME [VERSION]: whether the suites in use have NAME, of that version or later.
has_package() {
  local found
  found=$(private_apt apt-cache madison "$1" 2>/dev/null | awk -F'|' 'NR == 1 { gsub(/ /, "", $2); print $2 }')
  [ -n "$found" ] && { [ -z "${2:-}" ] || dpkg --compare-versions "$found" ge "$2"; }
}

# find_package NAME [VERSION]: asks suite after suite, sets `suite` to the first one that has NAME (of
# that version or later) and leaves apt with that suite and its base alone. Status 1 if none has it;
# then apt has them all.
find_package() {
  local log=$state/update.log known=() suites=()
  list_suites
  for suite in "${suites[@]}"; do
    known+=("$suite")
    use_suites "${known[@]}"
    read_packages
    if has_package "$@"; then
      case $suite in
        *-backports | *-updates) use_suites "$suite" "${suite%-*}" ;;
        experimental | rc-buggy) use_suites "$suite" unstable ;;
        *) return 0 ;;
      esac
      read_packages
      return 0
    fi
  done
  return 1
}

read_packages() {
  private_apt apt-get update -o APT::Update::Error-Mode=any >"$log" 2>&1 ||
    fail 4 "the suite $suite could not be read from the package mirror" \
      "$(grep -m1 '^[EW]:' "$log" || tail -n1 "$log")" 'check the network and the clock, then run this again'
}

# known_versions PREFIX: the versions N for which a package PREFIXN exists, oldest first.
known_versions() {
  private_apt apt-cache pkgnames "$1" | sed -n "s/^$1\([0-9][0-9.]*\)\$/\1/p" | sort -V | tr '\n' ' '
}

# bind_programs PART TREE OWN PROGRAM...: rewrites programs unpacked in PART so that, once PART is
# renamed to TREE, they start with the loader and the libraries of the tree, those in its directory
# OWN included. They have to stay there: a loader's path cannot be relative.
bind_programs() {
  local part=$1 tree=$2 inner=$3 loader triplet file libraries=()
  shift 3
  [ $# -gt 0 ] || return 1
  loader=$(patchelf --print-interpreter "$1")
  loader=$(cd "$part" && find . -name "${loader##*/}" -path '*-linux-*' | sort | head -n1)
  [ -n "$loader" ] || return 1
  loader=${loader#./}
  triplet=${loader%/*} triplet=${triplet##*/}
  # DT_RPATH, not DT_RUNPATH: it also serves the libraries that the libraries need.
  patchelf --force-rpath --set-interpreter "$tree/$loader" \
    --set-rpath "$tree/usr/lib/$triplet:$tree/lib/$triplet:$tree/$inner" "$@"
  # A library with a RUNPATH of its own would not be served by it.
  while IFS= read -r file; do
    if [ -n "$(patchelf --print-rpath "$file" 2>/dev/null)" ]; then libraries+=("$file"); fi
  done < <(find "$part/usr/lib/$triplet" "$part/lib/$triplet" "$part/$inner" -maxdepth 1 -type f -name '*.so*' 2>/dev/null)
  [ ${#libraries[@]} -eq 0 ] || patchelf --remove-rpath "${libraries[@]}"
}
