# SPDX-License-Identifier: Apache-2.0
# Images of the test machines: root file systems made by mmdebstrap from the host's own apt configuration, kept in
# the cache under the hash of their recipe.
# shellcheck shell=bash disable=SC2154,SC2034,SC2016 # shared variables; apt's $(FIELDS)

images=$tree/tests/images

image_exists() { [[ -r $images/$1.suite ]]; }

# image_recipe IMAGE: the files an image is made of; a change to any of them makes a new image. d13 adds d13.list,
# d12-lint adds lint.list.
image_recipe() {
  printf '%s\n' "$images/$1.suite" "$images/customize" "$images/build.list" "$images/machine.list" \
    "$tree/tests/lib/image.sh"
  [[ ! -r $images/${1##*-}.list ]] || printf '%s\n' "$images/${1##*-}.list"
}

image_lists() { image_recipe "$1" | grep '\.list$'; }

image_hash() { image_recipe "$1" | xargs cat | sha256sum | cut -c1-12; }

# image_dir IMAGE: where it is or will be; root/ inside is the file system, disk.img its VM form.
image_dir() { printf '%s/images/%s-%s\n' "$cache" "$1" "$(image_hash "$1")"; }

# apt_sources SUITE: one-line sources for a suite, on whatever mirror the host's apt uses for its own.
apt_sources() {
  local suite=$1 release uri main='' security=''
  while read -r release uri; do
    case $release in
      *-security | */updates) security=${security:-$uri} ;;
      *-* | */*) ;;
      *) main=${main:-$uri} ;;
    esac
  done < <(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian')
  [[ -n $main ]] || return 1
  printf 'deb %s %s main\ndeb %s %s-updates main\n' "$main" "$suite" "$main" "$suite"
  [[ -z $security ]] || printf 'deb %s %s-security main\n' "$security" "$suite"
}

# apt_options: the host's way to a mirror (proxies, certificates, time-outs, logins) as options for another root's apt.
apt_options() {
  local netrc='' netrcparts=''
  apt-config dump Acquire | grep -E '^Acquire::(http|https|ftp|Retries|Check-|Max-|ForceI|tor)' || true
  eval "$(apt-config shell netrc Dir::Etc::netrc/f netrcparts Dir::Etc::netrcparts/d)"
  printf 'Dir::Etc::netrc "%s";\nDir::Etc::netrcparts "%s";\n' "$netrc" "$netrcparts"
  printf 'Acquire::Retries "3";\nAcquire::Languages "none";\n'
}

# image_build IMAGE: makes the image unless it is there; concurrent callers wait for one another.
image_build() {
  local image=$1 dir
  image_exists "$image" || die "no image '$image'; there are: $(image_names)"
  dir=$(image_dir "$image")
  [[ ! -d $dir/root ]] || return 0
  mkdir -p "$cache/images"
  (
    flock 9
    [[ ! -d $dir/root ]] || exit 0
    say "image $image: building (about a minute)"
    image_forget_old "$image"
    image_make "$image" "$dir" 9>&-
    say "image $image: built in ${SECONDS}s"
  ) 9>"$cache/images/$image.lock"
}

image_make() {
  local image=$1 dir=$2 suite lists new log
  suite=$(<"$images/$image.suite")
  new=$dir.new
  log=$cache/images/$image.log
  mapfile -t lists < <(image_lists "$image")
  rm -rf --one-file-system "$new"
  mkdir -p "$new"
  [[ -n $(apt_sources "$suite") ]] || apt-get -q update >&2
  apt_sources "$suite" >"$new/sources" || die "apt knows no Debian mirror"
  apt_options >"$new/apt.conf"
  # its own mount namespace: whatever interrupts mmdebstrap, no mount stays on the host
  SECONDS=0
  if ! unshare --mount --propagation private timeout -k 10 1500 mmdebstrap --quiet --mode=root --variant=minbase \
    --format=directory --aptopt="$new/apt.conf" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --include="$(package_list "${lists[@]}" | sort -u | paste -sd,)" \
    --essential-hook="$images/customize before \"\$1\"" --customize-hook="$images/customize after \"\$1\"" \
    "$suite" "$new/root" "$new/sources" </dev/null >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    rm -rf --one-file-system "$new"
    die "image $image: mmdebstrap failed"
  fi
  rm -f "$new/sources" "$new/apt.conf"
  mv "$new" "$dir"
}

# image_disk IMAGE: makes the disk, kernel and initrd of the VM form.
image_disk() {
  local dir new
  dir=$(image_dir "$1")
  [[ ! -f $dir/disk.img ]] || return 0
  (
    flock 9
    [[ ! -f $dir/disk.img ]] || exit 0
    compgen -G "$dir/root/boot/vmlinuz-*" >/dev/null || die "image $1 has no kernel: it boots by nspawn alone"
    new=$dir/disk.new
    rm -f "$new"
    truncate -s 6G "$new"
    mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1 -O ^has_journal -d "$dir/root" "$new" >&2
    cp "$dir"/root/boot/vmlinuz-* "$dir/vmlinuz"
    cp "$dir"/root/boot/initrd.img-* "$dir/initrd.img"
    mv "$new" "$dir/disk.img"
  ) 9>"$cache/images/$1.lock"
}

# image_forget_old IMAGE: drops images of former recipes that no machine uses.
image_forget_old() {
  local old keep
  keep=$(image_dir "$1")
  for old in "$cache/images/$1"-*; do
    [[ -d $old && $old != "$keep" ]] || continue
    flock --exclusive --nonblock "$old" rm -rf --one-file-system "$old" || true
  done
}

image_names() {
  local suite
  for suite in "$images"/*.suite; do
    basename "$suite" .suite
  done | paste -sd' '
}
