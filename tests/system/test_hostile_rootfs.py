# SPDX-License-Identifier: Apache-2.0
"""Images made to break out, after the published advisories of the field (the names R.., C.. and so
on are those of the security survey's classes). A recipe passes when the host's canary is untouched
and the runtime either refuses or starts a container in which the protection really holds."""

import ctypes
import os
import signal
import subprocess

from lab import test, until

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100
_libc = ctypes.CDLL(None, use_errno=True)


def _exchange(one, other):
    _libc.renameat2(_AT_FDCWD, one.encode(), _AT_FDCWD, other.encode(), _RENAME_EXCHANGE)


class _Racer:
    """Swaps two names as fast as it can, in a process of its own, while the body runs."""

    def __init__(self, one, other):
        self.names = one, other

    def __enter__(self):
        self.pid = os.fork()
        if self.pid == 0:
            while os.getppid() != 1:
                for _ in range(1000):
                    _exchange(*self.names)
            os._exit(0)
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _both_ways(t, bundle):
    """Runs a bundle by `run` and by `create` + `start`; a refusal is as good as a start. Returns the runs' results."""
    bundle.save()
    first = t.run(bundle, status=None)
    t.check(first.status != "timed out", "run hung")
    identity = t.id()
    second = t.call("create", "-b", bundle.path, identity)
    if second.status == 0:
        t.call("start", identity)
        until(lambda: t.state(identity)["status"] == "stopped", 3)
        t.ok("delete", "--force", identity)
    return [first, second]


def _untouched(t, canary):
    t.equal(canary.changes(), [], "changes to the host's canary")


def _replace(path, make):
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    elif os.path.isdir(path):
        os.rmdir(path)
    make(path)


@test(lane="both", peers="")
def dev_is_a_symlink_to_the_host_and_not_mounted(t):
    """R23, C06: the runtime removes ptmx and makes links by joined strings."""
    canary = t.canary()
    for target in (canary.path(), os.path.relpath(canary.path(), t.path("bundleX/rootfs")), "/proc/self/root", "../../../../.."):
        bundle = t.bundle("true", private=True, writable=True)
        for point in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"):
            bundle.drop_mount(point)
        _replace(bundle.inside("/dev"), lambda path, target=target: os.symlink(target, path))
        for result in _both_ways(t, bundle):
            t.equal(result.status, 1, f"status with /dev -> {target}")
        _untouched(t, canary)


@test(peers="")
def dev_is_a_symlink_inside_the_image(t):
    """A symlink that stays inside must not be followed either where the runtime makes nodes of its own."""
    canary = t.canary()
    bundle = t.bundle("ls", "/else", private=True, writable=True)
    for point in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"):
        bundle.drop_mount(point)
    os.makedirs(bundle.inside("/else"))
    _replace(bundle.inside("/dev"), lambda path: os.symlink("/else", path))
    _both_ways(t, bundle)
    _untouched(t, canary)


@test(lane="both", peers="runc")
def proc_or_sys_is_a_symlink(t):
    """R10, R16, R17, Y02."""
    canary = t.canary()
    for point in ("/proc", "/sys"):
        for target in (canary.path(), "/tmp", "proc", "/proc", "../../../../proc", "/dev/shm/level1"):
            bundle = t.bundle("true", private=True)
            _replace(bundle.inside(point), lambda path, target=target: os.symlink(target, path))
            result = t.run(bundle, status=None)
            t.equal(result.status, 1, f"status with {point} -> {target}")
            _untouched(t, canary)


@test(lane="both", peers="")
def a_bind_source_in_the_root_is_a_symlink_onto_a_mount(t):
    """What the config mounts read-only, and /proc/sys, must not be had writable by way of the image."""
    volume = t.path("volume")
    os.mkdir(volume)
    for target in ("proc/sys", "/proc", "/sys", "../../sys/fs/cgroup", "/volume", "/volume/.."):
        bundle = t.bundle("touch", "/mnt/written", private=True).bind(volume, "/volume", "ro")
        os.symlink(target, bundle.inside("/data"))
        os.makedirs(bundle.inside("/volume"))
        bundle.bind(bundle.inside("/data"), "/mnt", "rw")
        if target == "/volume/..":
            # That is the image's own root, by a way through the mount.
            t.run(bundle)
            t.check(os.path.exists(bundle.inside("/written")), "the root is not what was mounted")
        else:
            t.fails(bundle, words=("mounts[", "source: '/data' of the root leads onto another mount"))
    t.equal(os.listdir(volume), [], "files in the read-only volume")
    # A mount that the config itself names as the source is meant.
    bundle = t.bundle("touch", "/mnt/written", private=True).bind(volume, "/volume", "ro")
    t.run(bundle.bind(bundle.inside("/volume"), "/mnt", "rw"))
    t.equal(os.listdir(volume), ["written"], "files in the volume")


@test(peers="")
def proc_is_not_a_directory(t):
    for make in (lambda path: open(path, "w").close(), os.mkfifo):
        bundle = t.bundle("true", private=True)
        _replace(bundle.inside("/proc"), make)
        t.fails(bundle)


@test(lane="both", peers="")
def device_names_in_the_image_are_symlinks_to_the_host(t):
    """R01: every path that a runtime opens or makes early."""
    canary = t.canary()
    bundle = t.bundle(shell="ls /dev", private=True, writable=True)
    for point in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"):
        bundle.drop_mount(point)
    for name in ("ptmx", "null", "zero", "full", "tty", "random", "urandom", "console", "fd", "stdin", "stdout", "stderr", "core"):
        os.symlink(canary.path(name), bundle.inside(f"/dev/{name}"))
    _both_ways(t, bundle)
    _untouched(t, canary)


@test(peers="")
def a_device_of_the_config_goes_through_a_symlink(t):
    canary = t.canary()
    bundle = t.bundle("true", private=True, writable=True)
    os.symlink(canary.path(), bundle.inside("/link"))
    bundle.linux["devices"] = [{"path": "/link/null", "type": "c", "major": 1, "minor": 3},
                               {"path": "/link/new", "type": "c", "major": 1, "minor": 3}]
    _both_ways(t, bundle)
    _untouched(t, canary)


@test(lane="both", peers="crun runc")
def mount_destinations_are_symlinks_to_the_host(t):
    """C01, R12, R19: absolute, relative and dangling, in the last component and before it."""
    canary = t.canary()
    os.makedirs(t.path("data"))
    open(t.path("data/file"), "w").close()
    for link, destination in (("/last", "/last"), ("/first", "/first/below/deep"), ("/first", "/first/null")):
        for target in (canary.path(), canary.path("new"), os.path.join("../../..", "..", "..", "..", canary.path().lstrip("/"))):
            for kind, source in (("bind", t.path("data")), ("bind", t.path("data/file")), ("tmpfs", "tmpfs")):
                bundle = t.bundle("true", private=False, writable=True)
                os.symlink(target, bundle.inside(link))
                bundle.mount(destination, kind, source, *(["bind"] if kind == "bind" else []))
                t.run(bundle, status=None)
                _untouched(t, canary)


@test(seconds=90, peers="crun runc")
def a_mount_destination_is_swapped_while_mounting(t):
    """R12, R19: a partner in a shared volume exchanges a directory with a symlink to the host."""
    canary = t.canary()
    volume = t.path("volume")
    os.makedirs(os.path.join(volume, "a"))
    os.symlink(canary.path(), os.path.join(volume, "link"))
    os.makedirs(t.path("data"))
    bundle = t.bundle("true", writable=True).bind(volume, "/v", "rw")
    bundle.bind(t.path("data"), "/v/a/b/c/d", "rw").mount("/v/a/null", "tmpfs", "tmpfs")
    bundle.save()
    statuses = []
    with _Racer(os.path.join(volume, "a"), os.path.join(volume, "link")):
        for _ in range(120):
            statuses.append(t.rt.call("run", "-b", bundle.path, t.id()).status)
    t.check(set(statuses) <= {0, 1}, f"statuses {set(statuses)}")
    _untouched(t, canary)


@test(seconds=90, peers="")
def proc_is_swapped_while_mounting(t):
    """R10: two containers share the directory that holds the rootfs."""
    canary = t.canary()
    bundle = t.bundle(shell="[ -d /proc/self/task ] && grep -c . /proc/keys", private=True)
    os.symlink(canary.path(), bundle.inside("/link"))
    bundle.save()
    with _Racer(bundle.inside("/proc"), bundle.inside("/link")):
        for _ in range(100):
            result = t.rt.call("run", "-b", bundle.path, t.id())
            if "/proc" in result.out or (result.status == 0 and result.out.strip() not in ("", "0")):
                t.story.append(result.told())
                t.check(False, "a container started without its masks")
    _untouched(t, canary)


@test(peers="")
def the_source_of_a_mask_is_not_taken_from_the_image(t):
    """R20, Y03: /dev/null of the image is something else."""
    canary = t.canary()
    kinds = {"a symlink to the host": lambda path: os.symlink("/proc/sys/kernel/core_pattern", path),
             "a symlink to a canary": lambda path: os.symlink(canary.path("null"), path),
             "a regular file": lambda path: open(path, "w").write("not null"), "a fifo": os.mkfifo,
             "another device": lambda path: os.mknod(path, 0o20666, os.makedev(1, 5)), "a directory": os.mkdir}
    for kind, make in kinds.items():
        bundle = t.bundle(shell="cat /secret; echo end", private=True, writable=True).write("/secret", "password")
        for point in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"):
            bundle.drop_mount(point)
        make(bundle.inside("/dev/null"))
        bundle.linux["maskedPaths"] += ["/secret"]
        result = t.run(bundle, status=None)
        t.check("password" not in result.out, f"the mask does not hold when /dev/null is {kind}")
        t.check(result.status in (0, 1), f"{kind}: status {result.status}")
        _untouched(t, canary)


@test(seconds=60, peers="")
def the_source_of_a_mask_is_swapped_meanwhile(t):
    canary = t.canary()
    bundle = t.bundle(shell="cat /secret", private=True, writable=True).write("/secret", "password")
    for point in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"):
        bundle.drop_mount(point)
    os.mknod(bundle.inside("/dev/null"), 0o20666, os.makedev(1, 3))
    os.symlink(canary.path("null"), bundle.inside("/dev/other"))
    bundle.linux["maskedPaths"] += ["/secret"]
    bundle.save()
    with _Racer(bundle.inside("/dev/null"), bundle.inside("/dev/other")):
        for _ in range(60):
            result = t.rt.call("run", "-b", bundle.path, t.id())
            t.check("password" not in result.out, f"the mask did not hold: {result.told()}")
    _untouched(t, canary)


@test(peers="")
def a_masked_path_is_a_symlink(t):
    """Masks must neither leave the image nor mask the link's name only."""
    canary = t.canary()
    bundle = t.bundle(shell="cat /link /real; echo end", private=True).write("/real", "password")
    os.symlink("/real", bundle.inside("/link"))
    os.symlink(canary.path("null"), bundle.inside("/out"))
    bundle.linux["maskedPaths"] += ["/link", "/out"]
    bundle.linux["readonlyPaths"] += ["/out"]
    result = t.run(bundle, status=None)
    t.check("password" not in result.out or result.status == 1, f"the mask of a link does not hold: {result.out}")
    _untouched(t, canary)


@test(lane="both", peers="crun runc")
def the_console_is_a_symlink_to_the_host(t):
    """R21, Y06."""
    canary = t.canary()
    for drop in ((), ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue")):
        bundle = t.bundle(shell="echo x > /dev/console", private=True, writable=True)
        bundle.process["terminal"] = True
        for point in drop:
            bundle.drop_mount(point)
        for name in ("console", "ptmx", "tty"):
            os.symlink(canary.path(name), bundle.inside(f"/dev/{name}"))
        os.symlink(canary.path("pts"), bundle.inside("/dev/pts"))
        bundle.save()
        argv = ["script", "-qec", subprocess.list2cmdline(t.rt.argv(["run", "-b", bundle.path, t.id()])), "/dev/null"]
        t.command(*argv)
        _untouched(t, canary)


@test(lane="both", peers="")
def cwd_and_program_through_descriptors(t):
    """R18: a leaked descriptor of a host directory, found by its number."""
    canary = t.canary()
    leaked = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    t.finally_do(lambda: os.close(leaked))
    for number in (*range(3, 20), leaked, 100, 1023):
        for path in (f"/proc/self/fd/{number}", f"/proc/self/fd/{number}/..", f"/proc/self/fd/{number}/../../../.."):
            bundle = t.bundle(shell=f"ls {canary.path()} 2>/dev/null", writable=True)
            bundle.process["cwd"] = path
            bundle.save()
            result = t.rt.call("run", "-b", bundle.path, t.id(), pass_fds=(leaked,))
            t.check(result.status != 0 and "marker" not in result.out, f"cwd {path}: status {result.status}, {result.out}")
    for link in ("/proc/self/cwd", "/proc/self/cwd/..", "/proc/self/root"):
        bundle = t.bundle(shell=f"ls {canary.path()} 2>/dev/null")
        bundle.process["cwd"] = link
        t.check("marker" not in t.run(bundle, status=None).out, f"cwd {link} shows the host")
    for number in (3, 5, 7, leaked):
        bundle = t.bundle(f"/proc/self/fd/{number}/../../../../bin/sh", "-c", f"ls {canary.path()}")
        t.check("marker" not in t.run(bundle, status=None, pass_fds=(leaked,)).out, f"program by descriptor {number}")
    _untouched(t, canary)


@test(peers="")
def a_symlink_in_the_image_to_a_descriptor_is_no_cwd(t):
    canary = t.canary()
    for number in range(3, 12):
        bundle = t.bundle(shell=f"ls {canary.path()} 2>/dev/null", private=False)
        os.symlink(f"/proc/self/fd/{number}", bundle.inside("/work"))
        bundle.process["cwd"] = "/work"
        result = t.run(bundle, status=None)
        t.check(result.status != 0, f"status {result.status}")
    _untouched(t, canary)


@test(lane="both", seconds=60)
def the_runtimes_binary_cannot_be_overwritten(t):
    """R08: the image's program is an interpreter line that leads to the runtime itself."""
    canary = t.canary()
    bundle = t.bundle("/evil", private=True, writable=True).write("/evil", "#!/proc/self/exe\n", 0o755)
    t.run(bundle, status=None)
    _untouched(t, canary)
    # A sibling in the container watches for the runtime's init and tries to write to its executable.
    watcher = "while :; do for p in /proc/[0-9]*; do ( exec 3>>$p/exe ) 2>/dev/null && echo OPENED $p; done; done"
    c = t.detached(t.bundle(shell=watcher + " & sleep 1000", writable=True).capabilities("CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"))
    bundle = t.bundle(shell="true").save()
    bundle.linux["namespaces"] = [n if n["type"] != "pid" else {"type": "pid", "path": f"/proc/{c.pid}/ns/pid"}
                                  for n in bundle.linux["namespaces"]]
    bundle.save()
    for _ in range(20):
        t.rt.call("run", "-b", bundle.path, t.id())
    t.check("OPENED" not in c.output(), f"an executable was opened for writing: {c.output()}")
    _untouched(t, canary)


@test(peers="")
def a_used_rootfs_is_as_hostile_as_a_new_one(t):
    """R02: the first run replaces the mount points, the second one mounts on them."""
    canary = t.canary()
    bundle = t.bundle(shell=f"mv /mnt /old; ln -s {canary.path()} /mnt; mv /home /old2; ln -s {canary.path('new')} /home",
                      private=True, writable=True)
    t.run(bundle)
    os.makedirs(t.path("data"))
    bundle.args("true").bind(t.path("data"), "/mnt/inner").bind(t.path("data"), "/home")
    t.run(bundle, status=None)
    _untouched(t, canary)


@test(peers="")
def files_that_the_runtime_might_write_are_links(t):
    """C04: hard links, symlinks and fifos where some runtime writes into the image."""
    canary = t.canary()
    bundle = t.bundle("true", private=True, writable=True)
    for name in (".dockerenv", "run/.containerenv", "etc/hostname", "etc/resolv.conf", "etc/mtab", "etc/hosts", ".krun_config.json"):
        os.symlink(canary.path("marker"), bundle.inside(name))
    t.run(bundle, status=None)
    _untouched(t, canary)


@test(peers="")
def the_rootfs_itself_is_a_symlink(t):
    """The bundle is the engine's, not the image's: a link there is followed, but only once and to what it names."""
    canary = t.canary()
    bundle = t.bundle("echo", "through the link", private=True)
    os.rename(bundle.rootfs, bundle.rootfs + ".real")
    os.symlink("rootfs.real", bundle.rootfs)
    result = t.run(bundle, status=None)
    t.check(result.status == 1 or result.out == "through the link\n", f"status {result.status}, {result.out!r}")
    _untouched(t, canary)


@test(peers="")
def passwd_and_group_lead_to_the_host(t):
    """N09, N15: the lookup of HOME must stay in the image and read no more than it needs."""
    canary = t.canary()
    for target in ("/../../../../etc/passwd", "/dev/zero", "/proc/kmsg", canary.path("passwd")):
        bundle = t.bundle(shell="echo $HOME", private=True)
        os.unlink(bundle.inside("/etc/passwd"))
        os.symlink(target, bundle.inside("/etc/passwd"))
        result = t.run(bundle, status=None, timeout=5)
        t.check(result.status in (0, 1), f"{target}: status {result.status}")
    _untouched(t, canary)


@test(peers="")
def no_library_of_the_image_is_loaded(t):
    """N19: an image's loader configuration and libraries must not run in the runtime."""
    t.machine_needs(os.path.exists("/usr/bin/strace"), "needs strace")
    bundle = t.bundle("true", private=True, writable=True).save()
    os.makedirs(bundle.inside("/etc/ld.so.conf.d"))
    bundle.write("/etc/ld.so.preload", "/evil.so\n").write("/etc/nsswitch.conf", "passwd: evil\n")
    t.command("strace", "-f", "-e", "trace=open,openat,openat2,execve", "-o", t.path("trace"), *t.rt.argv(["run", "-b", bundle.path, t.id()]))
    with open(t.path("trace")) as file:
        lines = file.read().splitlines()
    # The program itself is static: whoever opens these names below the image is the runtime.
    child = {line.split()[0] for line in lines} - {lines[0].split()[0]}
    opened = [line for line in lines if line.split()[0] in child and ("nsswitch" in line or ".so" in line or "locale" in line)]
    t.equal(opened, [], "libraries and configuration opened by the child")


@test(seconds=60, peers="crun runc")
def the_init_cannot_be_traced_by_the_container_it_joins(t):
    """R07: a process of the container's pid namespace looks at the runtime's init before it executes."""
    watcher = ("while :; do for p in /proc/[0-9]*; do ls $p/fd/ >/dev/null 2>&1 && for f in 3 4 5 6 7 8 9 10; do"
               " [ -d $p/fd/$f/etc/systemd ] && echo FOUND $p $f; [ -d $p/root/etc/systemd ] && echo ROOT $p; done; done; done")
    c = t.detached(t.bundle(shell=watcher, writable=True).capabilities("CAP_DAC_OVERRIDE"))
    bundle = t.bundle("true")
    bundle.linux["namespaces"] = [n if n["type"] != "pid" else {"type": "pid", "path": f"/proc/{c.pid}/ns/pid"}
                                  for n in bundle.linux["namespaces"]]
    bundle.save()
    for _ in range(30):
        t.rt.call("run", "-b", bundle.path, t.id())
    t.equal(c.output(), "", "what the watcher found")


@test(peers="")
def no_abstract_socket_is_made(t):
    """N12: abstract sockets are reachable from every container with the host's network."""
    before = set(open("/proc/net/unix").read().split())
    t.created(t.bundle("sleep", "1000").drop_namespace("network"))
    new = {word for word in set(open("/proc/net/unix").read().split()) - before if word.startswith("@")}
    t.equal(new, set(), "abstract sockets")


@test(peers="")
def the_callers_terminal_gets_no_injected_input(t):
    """N21: TIOCSTI from a container without a terminal of its own, on a descriptor that is one."""
    probe = t.probe()
    bundle = t.bundle("/probe", "16", "0", str(0x5412), "s:X").bind(probe, "/probe", "ro")
    bundle.save()
    master, slave = os.openpty()
    result = t.call("run", "-b", bundle.path, t.id(), stdin=slave)
    os.set_blocking(master, False)
    try:
        echoed = os.read(master, 100)
    except BlockingIOError:
        echoed = b""
    os.close(master)
    os.close(slave)
    t.check(result.out.startswith("-1 "), f"TIOCSTI succeeded: {result.out}")
    t.equal(echoed, b"", "what was injected")
