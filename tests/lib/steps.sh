# SPDX-License-Identifier: Apache-2.0
# The phases of tests/check. Each runs in a subshell of its own with errexit, logs to its log, and may write results.
# shellcheck shell=bash disable=SC2154,SC2034 # shared variables

# build DIRECTORY PRESET [WRAPPER...]: configures where needed, builds with two jobs.
build() {
  local directory=$1 preset=$2
  shift 2
  "$@" cmake --preset "$preset" -B "build/$directory" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_INSTALL_PREFIX=/usr
  "$@" timeout 3000 cmake --build "build/$directory" -j2
}

# The image's binary: the host's own release where the host runs the same Debian, else one built in the image's root.
binary_directory() { if [[ $(host_image) == "$1" ]]; then echo release; else echo "$1"; fi; }
binary_phase() { if [[ $(host_image) == "$1" ]]; then echo release; else echo "build-$1"; fi; }

phase_release() { build release release; }
phase_build_d12() { build d12 release "$tree/tests/lib/in-image" d12; }
phase_build_d13() { build d13 release "$tree/tests/lib/in-image" d13; }

phase_image_d12() { image_build d12; }
phase_image_d13() {
  image_build d13
  if lane_is vm; then image_disk d13; fi
}

phase_unit() {
  build asan asan
  rm -f "$work/unit.xml"
  ctest --preset asan --quiet -j2 --timeout 120 --output-junit "$work/unit.xml" ${filter:+-R "$filter"} || true
  "$tree/tests/lib/junit" "$work/unit.xml" >"$results"
  ! grep -q '^FAIL ' "$results"
}

# clang-format and clang-tidy differ from release to release; the ones that count are Debian 12's.
linter_phases() {
  phase clang compiler
  phase lint other
  if [[ $host == d12 ]]; then
    phase tidy compiler clang
    phase format other
  else
    phase image-d12-lint network
    phase tidy compiler image-d12-lint
    phase format other image-d12-lint
  fi
}

on_debian_12() { if [[ $host == d12 ]]; then "$@"; else "$tree/tests/lib/in-image" d12-lint "$@"; fi; }

phase_image_d12_lint() { image_build d12-lint; }
phase_clang() { build clang clang; }

phase_tidy() {
  local directory=clang
  [[ $host == d12 ]] || directory=tidy
  [[ $host == d12 ]] || build tidy clang on_debian_12
  on_debian_12 tests/lib/tidy "build/$directory" >"$results"
}

phase_format() {
  git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' | xargs -0r ls -d 2>/dev/null |
    on_debian_12 xargs -r clang-format --dry-run --Werror
}

phase_lint() {
  local script status=0
  for script in tests/lint/*; do
    [[ -f $script && -x $script ]] || continue
    if "$script"; then echo "PASS lint:${script##*/}"; else echo "FAIL lint:${script##*/}" && status=1; fi >>"$results"
  done
  return "$status"
}

# system_command IMAGE LANE SHARE: what runs in the machine. The binaries are copied: /src is slow to run from in a VM.
system_command() {
  printf 'install -m 755 -t /usr/local/bin /src/build/%s/unitc /src/build/%s/unitcd && ' \
    "$(binary_directory "$1")" "$(binary_directory "$1")"
  printf 'exec /src/tests/system/run --unitc /usr/local/bin/unitc --lane %s --results %s/results' "$2" "$3"
  [[ -z $filter ]] || printf ' --filter %q' "$filter"
}

phase_native_d12() { system_native d12; }
phase_native_d13() { system_native d13; }

system_native() {
  local image=$1 share=$work/share-$1 status=0
  rm -rf "$share"
  mkdir -p "$share"
  if $keep; then
    machine_is_up "$image" || tests/machine boot "$image"
    timeout 1800 tests/machine exec "$image" -- sh -c "$(system_command "$image" native /tmp)" || status=$?
    tests/machine exec "$image" -- cat /tmp/results >"$share/results"
  else
    timeout -k 30 1800 tests/machine run "$image" --share "$share" -- \
      sh -c "$(system_command "$image" native /share)" || status=$?
  fi
  sed 's/^\([A-Z]*\) /\1 system:/' "$share/results" >"$results" || true
  return "$status"
}

phase_try_d12() { show_demos d12; }
phase_try_d13() { show_demos d13; }

# What tests/try shows, whose claims are checked as they are made.
show_demos() {
  timeout -k 10 300 tests/machine run "$1" -- sh -c \
    "install -m 755 /src/build/$(binary_directory "$1")/unitc /usr/local/bin/unitc && exec /src/tests/lib/demos /usr/local/bin/unitc"
}

phase_install_d12() { try_installed d12; }
phase_install_d13() { try_installed d13; }

# As a user installs it, into a machine of its own.
try_installed() {
  local image=$1 share=$work/share-install-$1 directory wrapper=() status=0
  directory=build/$(binary_directory "$image")
  [[ $(host_image) == "$image" ]] || wrapper=("$tree/tests/lib/in-image" "$image")
  rm -rf "$directory/stage" "$share"
  mkdir -p "$share"
  "${wrapper[@]}" env DESTDIR="$directory/stage" cmake --install "$directory"
  timeout -k 10 300 tests/machine run "$image" --share "$share" -- \
    sh -c "/src/tests/lib/installed /src/$directory/stage >/share/results" || status=$?
  cat "$share/results"
  sed 's/^\([A-Z]*\) /\1 install:/' "$share/results" >"$results" || true
  return "$status"
}

# Emulation (no usable /dev/kvm) now and then executes an instruction wrongly, which the guest's kernel does not survive:
# such a run says nothing of what it tested. Once more, then; a second death is a failure, as any test's is at once.
phase_vm_d13() {
  local status=0
  system_vm d13 || status=$?
  if [[ $status -eq 125 && $(vm_accelerator "$(image_dir d13)") == tcg ]] && grep -q 'Kernel panic' "$work/vm-d13.log"; then
    say "vm-d13: the emulated kernel died; once more"
    status=0
    system_vm d13 || status=$?
  fi
  return "$status"
}

system_vm() {
  local image=$1 share=$work/share-vm status=0
  rm -rf "$share"
  mkdir -p "$share"
  VM_SECONDS=3600 tests/machine run "$image" --vm --share "$share" -- \
    sh -c "$(system_command "$image" vm /share)" || status=$?
  sed 's/^\([A-Z]*\) /\1 system:/' "$share/results" >"$results" || true
  return "$status"
}
