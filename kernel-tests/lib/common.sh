# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What build-kernels, vm and run share. Sourced, never run. The caller has set -euo pipefail.

: "${program:?the script that sources this file sets it, for its messages}"

# The kernels that we build and test, oldest first.
KERNELS=(6.1 6.12)

kernel_tests_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
fragment=$kernel_tests_dir/kernel.fragment
cache_dir=${CACHEFILES_KERNEL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cachefiles-java/kernels}

# mkfs.ext4, losetup and their like are in directories that are not on an ordinary user's PATH.
# shellcheck disable=SC2034 # vm passes it on
original_path=$PATH
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# How to end when we ourselves fail. vm sets 125, to keep its own failures apart from those of the guest's command.
failure_status=1

note() {
  printf '%s: %s\n' "$program" "$*" >&2
}

die() {
  note "$*"
  exit "$failure_status"
}

# The comment block at the top of the calling script, from the line after the SPDX one, is its --help.
print_help() {
  sed -n '3,/^[^#]/{s/^# \{0,1\}//p;}' "$0"
}

is_known_kernel() {
  local kernel
  for kernel in "${KERNELS[@]}"; do
    [[ $1 != "$kernel" ]] || return 0
  done
  return 1
}

require_x86_64() {
  [[ $(uname -m) == x86_64 ]] ||
    die "the test kernels are built for x86_64 and started by qemu-system-x86_64; this machine is $(uname -m)"
}

# --- packages --------------------------------------------------------------------------------------------------------

# A probe is an absolute path, a function that is called, or the name of a command.
probe_succeeds() {
  if [[ $1 == /* ]]; then
    [[ -e $1 ]]
  elif declare -F "$1" >/dev/null; then
    "$1"
  else
    # type -P finds a file without the x bit too, when there is nothing better.
    local file
    file=$(type -P "$1") && [[ -x $file ]]
  fi
}

# need_packages PACKAGE=PROBE...: installs the packages whose probe fails. Probes rather than dpkg's word, so that tools
# which came another way count too, and so that a machine that has all of them needs neither apt nor a network.
need_packages() {
  local pair missing=()
  for pair; do
    probe_succeeds "${pair#*=}" || missing+=("${pair%%=*}")
  done
  ((${#missing[@]})) || return 0

  local by_hand="install them, as root: apt-get install --no-install-recommends ${missing[*]}"
  probe_succeeds apt-get ||
    die "missing packages: ${missing[*]} (Debian's names; there is no apt-get here: install the equivalents)"
  local as_root=()
  if ((EUID != 0)); then
    as_root=(sudo -n)
    sudo -n true 2>/dev/null || die "missing packages: ${missing[*]}; $by_hand"
  fi

  note "installing ${missing[*]}"
  # The lists may be absent or out of date; only then pay for an update.
  if ! apt_install "${missing[@]}" >/dev/null 2>&1; then
    "${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 update >&2 || note "apt-get update failed; trying without it"
    if ! apt_install "${missing[@]}" >&2; then
      local package
      for package in "${missing[@]}"; do
        [[ -n $(apt-cache --quiet=2 madison "$package" 2>/dev/null) ]] ||
          note "apt knows no package $package here$(where_to_find "$package")"
      done
      die "apt-get could not install ${missing[*]}; $by_hand"
    fi
  fi
  for pair; do
    probe_succeeds "${pair#*=}" || die "package ${pair%%=*} is installed but does not give ${pair#*=}"
  done
}

# Uses as_root of need_packages.
apt_install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" </dev/null
}

where_to_find() {
  case $1 in
    linux-source-6.1) echo ' (it is in Debian 12; on another release install the .deb from there with dpkg -i)' ;;
    linux-source-6.12) echo ' (it is in Debian 13, and in Debian 12 from its security updates)' ;;
  esac
}

# --- the kernel cache ------------------------------------------------------------------------------------------------
#
# $cache_dir/KERNEL/VERSION_FRAGMENT/ holds vmlinux, config and info. VERSION is that of the source package, FRAGMENT a
# hash of the fragment's effective lines (a comment does not cost a rebuild). A directory of that name is complete: it is
# renamed into place and never changed.

# The options for kernel $1, in the syntax of a .config.
fragment_options() {
  sed -E "s/^${1/./\\.}: //" "$fragment" | grep -E '^(CONFIG_|# CONFIG_)'
}

fragment_hash() {
  fragment_options "$1" | sha256sum | cut -c1-12
}

# The version of the installed source package of kernel $1; empty when it is not installed, or there is no dpkg.
source_version() {
  local status version
  read -r status version < <(dpkg-query -W -f '${db:Status-Status} ${Version}\n' "linux-source-$1" 2>/dev/null) || true
  [[ ${status-} != installed ]] || printf '%s' "$version"
}

# Prints the directory of a usable build of kernel $1, or fails. Where the source package is installed, its version
# counts. Where it is not, nothing here can be newer than what was built: the newest build with this fragment is good,
# which also is what lets a copied or restored cache work without apt and without a network.
cached_kernel() {
  local version dir
  version=$(source_version "$1")
  dir=$(find "$cache_dir/$1" -mindepth 1 -maxdepth 1 -type d -name "${version:-*}_$(fragment_hash "$1")" 2>/dev/null |
    sort -V | tail -n 1) || true
  [[ -n $dir && -s $dir/vmlinux ]] || return 1
  printf '%s\n' "$dir"
}
