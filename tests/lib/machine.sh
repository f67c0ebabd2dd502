# SPDX-License-Identifier: Apache-2.0
# Booting the test machines and running commands in them: nspawn at native speed, qemu for a whole kernel.
# shellcheck shell=bash disable=SC2154,SC2034 # variables shared between these files

machine_dir() { printf '%s/run/%s\n' "$cache" "$1"; }

# machine_make_dir NAME IMAGE: the run directory; fails when a machine of that name is up, clears what a dead one left.
machine_make_dir() {
  local run dead
  run=$(machine_dir "$1")
  for dead in "$cache"/run/*-*/; do # of a boot that was killed outright
    [[ ! -f $dead/owner.pid ]] || machine_is_up "$(basename "$dead")" || rm -rf --one-file-system "$dead"
  done
  if [[ -d $run ]]; then
    ! machine_is_up "$1" || die "machine '$1' is up already; stop it with: tests/machine stop $1"
    machine_remove_dir "$1"
  fi
  mkdir -p "$run/machine" "$run/overlay" "$run/share"
  echo $$ >"$run/owner.pid"
  printf '%s\n' "$2" >"$run/image"
  mkfifo "$run/machine/ready"
}

machine_remove_dir() { rm -rf --one-file-system "$(machine_dir "$1")"; }

machine_is_up() {
  local pid
  pid=$(cat "$(machine_dir "$1")/owner.pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null
}

# machine_boot NAME IMAGE [SHARE] [--dies-with-us]: boots by nspawn and returns when its systemd has settled.
machine_boot() {
  local name=$1 image=$2 run share word='' tie=()
  [[ ${4:-} != --dies-with-us ]] || tie=(setpriv --pdeathsig TERM)
  run=$(machine_dir "$name")
  share=${3:-$run/share}
  machine_make_dir "$name" "$image"
  machine_lock_image "$image"
  setsid "${tie[@]}" unshare --mount --propagation private "$tree/tests/lib/nspawn" "$run" "$name" \
    "$(image_dir "$image")/root" "$tree" "$share" </dev/null >>"$run/boot.log" 2>&1 &
  echo $! >"$run/owner.pid"
  # opened for both, so that neither side blocks for lack of the other
  read -r -t 90 word <>"$run/machine/ready" || word='nothing within 90 s'
  if [[ $word != ready ]]; then
    tail -n 30 "$run/boot.log" "$run/console.log" >&2 || true
    machine_stop "$name"
    die "machine $name did not boot: $word"
  fi
  pgrep --parent "$(<"$run/nspawn.pid")" >"$run/leader.pid"
}

# The image stays while a machine uses it: held by every process that inherits the descriptor.
machine_lock_image() {
  local fd
  exec {fd}<"$(image_dir "$1")"
  flock --shared "$fd"
}

# machine_stop NAME: ends it at once; everything in it is throw-away.
machine_stop() {
  local pid run
  run=$(machine_dir "$1")
  [[ -d $run ]] || return 0
  if pid=$(cat "$run/owner.pid" 2>/dev/null) && kill -TERM "$pid" 2>/dev/null; then
    timeout 20 tail --pid="$pid" -f /dev/null || kill -KILL "$pid" 2>/dev/null || true
  fi
  machine_remove_dir "$1"
}

# write_job FILE COMMAND...: a script that runs the command as in a login shell of root.
write_job() {
  local file=$1
  shift
  {
    printf 'export HOME=/root USER=root LANG=C.UTF-8 TERM=%q LINES=%q COLUMNS=%q\n' "${TERM:-dumb}" "${LINES:-24}" "${COLUMNS:-80}"
    printf 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\ncd /root\n'
    printf 'exec'
    printf ' %q' "$@"
    printf '\n'
  } >"$file"
}

# machine_enter NAME COMMAND...: the command inside the machine's namespaces, outside of its service tree.
machine_enter() {
  local leader
  leader=$(<"$(machine_dir "$1")/leader.pid")
  shift
  nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" "$@"
}

# machine_exec NAME COMMAND...: runs the command as a service of the booted machine, with our stdin, stdout, stderr.
machine_exec() {
  local name=$1 id=job-$$-$RANDOM mode=--pipe run status=0
  shift
  run=$(machine_dir "$name")
  if [[ ! -f $run/leader.pid ]] || ! machine_is_up "$name"; then
    die "machine '$name' is not up; boot it with: tests/machine boot $name"
  fi
  [[ ! -t 0 || ! -t 1 ]] || mode=--pty
  write_job "$run/machine/$id" "$@"
  machine_enter "$name" systemd-run --quiet "$mode" --wait --collect --service-type=exec --unit="$id" \
    --property=TasksMax=infinity --property=OOMPolicy=continue /bin/bash "/machine/$id" <&0 &
  local child=$!
  # shellcheck disable=SC2064 # now is the time to expand
  trap "machine_enter '$name' systemctl stop '$id' 2>/dev/null; exit 130" INT TERM HUP
  wait "$child" || status=$?
  trap - INT TERM HUP
  rm -f "$run/machine/$id"
  return "$status"
}
