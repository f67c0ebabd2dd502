# SPDX-License-Identifier: Apache-2.0
# The VM lane: the same root as a disk, under its own kernel, by qemu.
# shellcheck shell=bash disable=SC2154,SC2034 # variables shared between these files

# vm_accelerator IMAGE_DIR: kvm where it really boots a kernel, else tcg. Asked once per boot of the host.
vm_accelerator() {
  local dir=$1 known
  known=$cache/accelerator-$(</proc/sys/kernel/random/boot_id)
  if [[ ! -f $known ]]; then
    rm -f "$cache"/accelerator-*
    if [[ -w /dev/kvm ]] && vm_kvm_works "$dir"; then echo kvm; else echo tcg; fi >"$known"
  fi
  cat "$known"
}

# A kernel without a root ends in a panic, which is as far as it needs to get.
vm_kvm_works() {
  local log
  log=$(mktemp)
  timeout -k 1 10 qemu-system-x86_64 -accel kvm -cpu host -m 512M -display none -monitor none -nic none -no-reboot \
    -kernel "$1/vmlinuz" -append 'console=ttyS0 panic=-1' -serial "file:$log" </dev/null >/dev/null 2>&1 || true
  grep -q 'Kernel panic - not syncing: VFS' "$log" && rm -f "$log" && return 0
  rm -f "$log"
  return 1
}

# vm_run NAME IMAGE SHARE COMMAND...: boots, runs the command, powers off; returns the command's status.
vm_run() {
  local name=$1 image=$2 share=$3 run dir accel cpu=host port=virtserialport input=/dev/null
  local output reader=''
  shift 3
  machine_make_dir "$name" "$image"
  machine_lock_image "$image"
  run=$(machine_dir "$name")
  dir=$(image_dir "$image")
  accel=$(vm_accelerator "$dir")
  # thread=single: with a thread per CPU the kernel's own code patching races with the translator and kills the guest;
  # la57: its five-level page tables cost emulation dearly
  [[ $accel == kvm ]] || { accel=tcg,thread=single,tb-size=512 cpu=max,la57=off; }
  write_job "$run/machine/job" "$@"
  if [[ -t 0 && -t 1 ]]; then
    : >"$run/machine/terminal"
    port=virtconsole input=/dev/stdin output=stdio,signal=off
  else
    # not stdio: at the end of its input qemu would close the output as well
    mkfifo "$run/output"
    output=file,path=$run/output
    cat "$run/output" &
    reader=$!
  fi
  setpriv --pdeathsig TERM timeout --foreground -k 5 "${VM_SECONDS:-3600}" setpriv --pdeathsig KILL \
    qemu-system-x86_64 -accel "$accel" -cpu "$cpu" -m 4G -smp 2 \
    -display none -monitor none -nic none -no-reboot -serial "file:$run/console.log" \
    -kernel "$dir/vmlinuz" -initrd "$dir/initrd.img" \
    -append "root=/dev/vda rw console=ttyS0 quiet psi=1 systemd.show_status=false mitigations=off audit=0 nokaslr panic=-1 oops=panic cryptomgr.notests" \
    -drive "file=$dir/disk.img,if=virtio,format=raw,cache=unsafe,snapshot=on" \
    -device virtio-serial -chardev "$output,id=output" -device "$port,chardev=output,name=output" \
    -virtfs "local,path=$run/machine,mount_tag=machine,security_model=none,multidevs=remap" \
    -virtfs "local,path=$tree,mount_tag=src,security_model=none,multidevs=remap,readonly=on" \
    -virtfs "local,path=$share,mount_tag=share,security_model=none,multidevs=remap" <"$input" &
  echo $! >"$run/owner.pid"
  wait $! || true
  [[ -z $reader ]] || timeout 10 tail --pid="$reader" -f /dev/null || kill "$reader"
  if [[ ! -s $run/machine/status ]]; then
    grep -a 'Kernel panic' "$run/console.log" >&2 || true # its trace may be longer than what follows
    tail -n 20 "$run/console.log" >&2 || true
    say "machine $name: the VM ended without finishing its job"
    return 125
  fi
  return "$(<"$run/machine/status")"
}
