# SPDX-License-Identifier: Apache-2.0
# Shared by the commands under tests/: where things are, how to speak, Debian packages.
# shellcheck shell=bash disable=SC2154,SC2034 # variables shared between these files

tree=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
cache=${UNITC_CACHE:-/var/cache/unitc} # outside the tree: images, machines, compiler and linter results

say() { printf '%s\n' "$*" >&2; }
die() {
  say "${0##*/}: $*"
  exit 1
}

need_root() { [[ $EUID -eq 0 ]] || die "must run as root: sudo $0"; }

# host_image: the image whose release is the host's own (a binary built here runs there); empty when there is none.
host_image() {
  local ID='' VERSION_ID=''
  # shellcheck source=/dev/null
  . /etc/os-release
  [[ $ID == debian && -r $tree/tests/images/d$VERSION_ID.suite ]] && printf 'd%s\n' "$VERSION_ID"
  return 0
}

# package_list FILE...: the names in the given lists, one per line, without comments.
package_list() { sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "$@"; }

# missing_packages FILE...: those of the listed packages that are not installed.
missing_packages() {
  comm -23 <(package_list "$@" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii *//p' | sort -u)
}

# install_packages FILE...: apt-installs what is missing; says nothing and asks no mirror when nothing is.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "installing ${#missing[@]} packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q -o Acquire::Retries=3 update &&
    apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 --no-install-recommends install "${missing[@]}"
}
