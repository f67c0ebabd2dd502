# SPDX-License-Identifier: Apache-2.0
"""The program inside: who it is, what it may do, what it sees, and what it did not inherit."""

import os
import resource
import signal
import subprocess

from lab import messages, process, test, until

_LAST = int(open("/proc/sys/kernel/cap_last_cap").read())


def _mask(*bits):
    return f"{sum(1 << bit for bit in bits):016x}"


def _sets(found):
    return {name: found["Cap" + name] for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")}


def _running(t, bundle):
    c = t.detached(bundle)
    t.check(until(lambda: process.stat(c.pid) and os.readlink(f"/proc/{c.pid}/exe").endswith("/busybox")), "never executed")
    return c


# Capabilities

@test(lane="both")
def the_default_capabilities_are_exactly_those_of_the_config(t):
    found = process.status(_running(t, t.bundle("sleep", "1000")).pid)
    mask = _mask(5, 10, 29)
    t.equal(_sets(found), {"Inh": _mask(), "Prm": mask, "Eff": mask, "Bnd": mask, "Amb": _mask()}, "capability sets")


@test()
def no_capabilities_means_none(t):
    for edit in (lambda p: p.__setitem__("capabilities", {}), lambda p: p.pop("capabilities")):
        bundle = t.bundle("sleep", "1000")
        edit(bundle.process)
        if t.rt.name != "unitc" and "capabilities" not in bundle.process:
            continue
        found = process.status(_running(t, bundle).pid)
        t.equal(set(_sets(found).values()), {_mask()}, "capability sets")


@test()
def each_of_the_five_sets_is_set_on_its_own(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["capabilities"] = {
        "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SYSLOG", "CAP_SETPCAP"], "permitted": ["CAP_CHOWN", "CAP_KILL"],
        "effective": ["CAP_KILL"], "inheritable": ["CAP_CHOWN", "CAP_SYSLOG"], "ambient": ["CAP_CHOWN"]}
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    found = _sets(process.status(_running(t, bundle).pid))
    # execve of a program without file capabilities leaves a non-root user the ambient ones.
    t.equal(found, {"Inh": _mask(0, 34), "Prm": _mask(0), "Eff": _mask(0), "Bnd": _mask(0, 5, 8, 34), "Amb": _mask(0)}, "sets")


@test()
def a_user_without_ambient_capabilities_has_none(t):
    bundle = t.bundle("sleep", "1000").capabilities("CAP_KILL", "CAP_CHOWN")
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    found = _sets(process.status(_running(t, bundle).pid))
    t.equal((found["Prm"], found["Eff"], found["Amb"], found["Inh"]), (_mask(),) * 4, "permitted, effective, ambient, inheritable")


@test()
def every_capability_the_kernel_knows_can_be_given(t):
    names = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
     NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT
     SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
     WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()
    ours = int(process.status("self")["CapBnd"], 16)
    have = [f"CAP_{name}" for bit, name in enumerate(names) if ours >> bit & 1 and bit <= _LAST]
    found = _sets(process.status(_running(t, t.bundle("sleep", "1000").capabilities(*have)).pid))
    t.equal(found["Eff"], f"{ours:016x}", "effective set")


@test(peers="")
def an_unknown_capability_is_ignored_with_a_warning(t):
    for name in ("CAP_UNKNOWN", "KILL"):
        result = t.call("run", "-b", t.bundle("grep", "CapBnd", "/proc/self/status").capabilities(name, "CAP_KILL", sets=("bounding",)).save().path,
                        t.id())
        t.equal(result.status, 0, f"status with {name}")
        t.equal(result.lines, ["CapBnd:\t0000000000000020"], f"bounding set with {name}")
        t.check("level=warning" in result.err and name in result.err, f"no warning of {name}: {result.err}")


@test(peers="")
def a_malformed_capability_is_refused(t):
    for name in ("cap_kill", "CAP_KILL ", ""):
        t.fails(t.bundle("true").capabilities(name, sets=("bounding",)), words=("process.capabilities.bounding",))


@test()
def no_new_privileges_is_as_asked(t):
    for value, wanted in ((True, "1"), (False, "0"), (None, "0")):
        bundle = t.bundle("sleep", "1000")
        bundle.process.pop("noNewPrivileges")
        if value is not None:
            bundle.process["noNewPrivileges"] = value
        t.equal(process.status(_running(t, bundle).pid)["NoNewPrivs"], wanted, f"NoNewPrivs for {value}")


# Identity

@test(lane="both")
def uid_gid_and_groups_are_exactly_the_configs(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["user"] = {"uid": 1234, "gid": 567, "additionalGids": [8, 9, 100000]}
    found = process.status(_running(t, bundle).pid)
    t.equal(found["Uid"].split(), ["1234"] * 4, "Uid")
    t.equal(found["Gid"].split(), ["567"] * 4, "Gid")
    t.equal(set(found["Groups"].split()) - {"567"}, {"8", "9", "100000"}, "Groups")


@test()
def the_callers_groups_are_dropped(t):
    for user in ({"uid": 0, "gid": 0}, {"uid": 1000, "gid": 1000}):
        bundle = t.bundle("sleep", "1000").save()
        bundle.process["user"] = user
        bundle.save()
        identity = t.id()
        t.equal(t.call("run", "-d", "-b", bundle.path, identity, preexec=lambda: os.setgroups([4, 27, 4242])).status, 0, "status")
        groups = set(process.status(t.state(identity)["pid"])["Groups"].split())
        t.check(not groups & {"4", "27", "4242"}, f"groups of the caller in the container: {groups}")


@test()
def large_ids_are_exact_and_too_large_ones_refused(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["user"] = {"uid": 2147483648, "gid": 4294967294}
    if t.rt.is_unitc:
        found = process.status(_running(t, bundle).pid)
        t.equal((found["Uid"].split()[0], found["Gid"].split()[0]), ("2147483648", "4294967294"), "uid and gid")
        for key in ("uid", "gid"):
            for bad in (4294967295, 4294967296, -1, 1.5, "0"):
                bundle = t.bundle("true")
                bundle.process["user"][key] = bad
                t.fails(bundle, words=(f"process.user.{key}",))


@test()
def umask(t):
    bundle = t.bundle("sleep", "1000")
    t.equal(process.status(_running(t, bundle).pid)["Umask"], "0022", "Umask when none is asked for")
    bundle = t.bundle("sleep", "1000")
    bundle.process["user"]["umask"] = 0o77
    t.equal(process.status(_running(t, bundle).pid)["Umask"], "0077", "Umask")


@test()
def the_callers_umask_does_not_matter(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    t.equal(t.call("run", "-d", "-b", bundle.path, identity, preexec=lambda: os.umask(0o777)).status, 0, "status")
    pid = t.state(identity)["pid"]
    t.equal(process.status(pid)["Umask"], "0022", "Umask")
    t.equal(oct(os.stat(f"/proc/{pid}/root/dev/null").st_mode), "0o20666", "mode of /dev/null")


# Limits

@test()
def rlimits_are_set(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 99}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 4096},
                                 {"type": "RLIMIT_STACK", "soft": 1048576, "hard": 8388608}, {"type": "RLIMIT_FSIZE", "soft": 12345,
                                                                                             "hard": 1234567}]
    found = process.limits(_running(t, bundle).pid)
    for name, wanted in (("Max open files", ("77", "99")), ("Max core file size", ("0", "4096")),
                         ("Max stack size", ("1048576", "8388608")), ("Max file size", ("12345", "1234567"))):
        t.equal(found[name], wanted, name)


@test()
def rlimits_that_are_not_asked_for_are_the_callers(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["rlimits"] = []
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = process.limits(_running(t, bundle).pid)["Max open files"]
    t.equal(found, tuple(str(value) for value in before), "Max open files")


@test(lane="vm", peers="")
def rlimits_above_the_callers_hard_limit_work_for_root(t):
    bundle = t.bundle("sleep", "1000")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1] + 1
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": hard, "hard": hard}]
    t.equal(process.limits(_running(t, bundle).pid)["Max open files"], (str(hard), str(hard)), "Max open files")


@test(peers="")
def a_refused_rlimit_names_itself(t):
    bundle = t.bundle("true")
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 2**40, "hard": 2**40}]
    t.fails(bundle, words=("RLIMIT_NOFILE",))


@test()
def oom_score_adj(t):
    bundle = t.bundle("sleep", "1000")
    own = int(open("/proc/self/oom_score_adj").read())
    t.equal(open(f"/proc/{_running(t, bundle).pid}/oom_score_adj").read(), f"{own}\n", "inherited oom_score_adj")
    bundle = t.bundle("sleep", "1000")
    bundle.process["oomScoreAdj"] = 321
    t.equal(open(f"/proc/{_running(t, bundle).pid}/oom_score_adj").read(), "321\n", "oom_score_adj")


@test(lane="vm", peers="")
def oom_score_adj_can_be_lowered(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["oomScoreAdj"] = -500
    t.equal(open(f"/proc/{_running(t, bundle).pid}/oom_score_adj").read(), "-500\n", "oom_score_adj")


# Environment and directory

@test(lane="both")
def the_environment_is_the_configs(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["env"] = ["PATH=/bin", "A=1", "B=two words", "EMPTY=", "UTF=äöü", "LINE=a\nb"]
    identity = t.id()
    bundle.save()
    t.equal(t.call("run", "-d", "-b", bundle.path, identity, env={**os.environ, "HOST_SECRET": "1"}).status, 0, "status")
    found = set(process.environment(t.state(identity)["pid"]))
    t.equal(found - {"HOME=/root"}, {"PATH=/bin", "A=1", "B=two words", "EMPTY=", "UTF=äöü", "LINE=a\nb"}, "environment")


@test()
def home_comes_from_the_containers_passwd(t):
    for uid, wanted in ((0, "HOME=/root"), (2000, "HOME=/home/some"), (3000, "HOME=/")):
        bundle = t.bundle("sleep", "1000").write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nsome:x:2000:2000::/home/some:/bin/sh\n")
        bundle.process["user"] = {"uid": uid, "gid": uid}
        t.check(wanted in process.environment(_running(t, bundle).pid), f"{wanted} is missing for uid {uid}")


@test()
def an_explicit_home_wins(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["env"].append("HOME=/override")
    homes = [entry for entry in process.environment(_running(t, bundle).pid) if entry.startswith("HOME=")]
    t.equal(homes, ["HOME=/override"], "HOME")


@test(peers="")
def the_last_of_two_equal_names_wins(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["env"] += ["ONE=two", "ONE=three"]
    found = [entry for entry in process.environment(_running(t, bundle).pid) if entry.startswith("ONE=")]
    t.equal(found, ["ONE=three"], "ONE")


@test(peers="", seconds=20)
def a_hostile_passwd_costs_neither_time_nor_memory(t):
    def sparse(path):
        with open(path, "wb") as file:
            file.truncate(10 * 2**30)

    kinds = {"a fifo": os.mkfifo, "a directory": os.mkdir, "a symlink to itself": lambda p: os.symlink("passwd", p),
             "a sparse file of 10 GiB": sparse, "a symlink to the host": lambda p: os.symlink("/../../../../etc/shadow", p)}
    for kind, make in kinds.items():
        bundle = t.bundle("true", private=True)
        os.unlink(bundle.inside("/etc/passwd"))
        make(bundle.inside("/etc/passwd"))
        result = t.run(bundle, status=None)
        t.check(result.status in (0, 1), f"{kind}: status {result.status}")
        t.check(result.seconds < 2 * t.scale, f"{kind}: took {result.seconds:.1f} s")


@test(lane="both")
def cwd_is_the_configs(t):
    bundle = t.bundle("pwd")
    bundle.process["cwd"] = "/usr/bin"
    t.equal(t.run(bundle).out, "/usr/bin\n", "pwd")


@test()
def a_missing_cwd_is_made(t):
    bundle = t.bundle("pwd", writable=True)
    bundle.process["cwd"] = "/a/new/directory"
    t.equal(t.run(bundle).out, "/a/new/directory\n", "pwd")


@test(peers="")
def a_cwd_that_is_no_directory_is_refused(t):
    bundle = t.bundle("pwd")
    bundle.process["cwd"] = "/etc/passwd"
    t.fails(bundle, words=("/etc/passwd",))


@test()
def root_may_enter_a_cwd_that_the_user_cannot_reach(t):
    bundle = t.bundle("true")
    os.chmod(bundle.inside("/root"), 0o700)
    bundle.process["cwd"] = "/root"
    bundle.process["user"] = {"uid": 42, "gid": 42}
    t.run(bundle)


@test()
def the_user_may_enter_a_cwd_of_its_own(t):
    bundle = t.bundle("pwd")
    os.chown(bundle.inside("/home"), 42, 42)
    os.chmod(bundle.inside("/home"), 0o700)
    bundle.process["cwd"] = "/home"
    bundle.process["user"] = {"uid": 42, "gid": 42}
    t.equal(t.run(bundle).out, "/home\n", "pwd")


# What is executed

@test()
def a_program_is_searched_in_the_containers_path(t):
    bundle = t.bundle("mine").write("/usr/bin/mine", "#!/bin/sh\necho found\n", 0o755)
    bundle.process["env"] = ["PATH=/nowhere:/usr/bin"]
    t.equal(t.run(bundle).out, "found\n", "stdout")


@test(lane="both", peers="runc")
def runcs_words_for_a_program_that_is_not_there(t):
    bundle = t.bundle("no-such-program")
    t.fails(bundle, words=('exec: "no-such-program": executable file not found in $PATH',))
    t.fails(t.bundle("/no/such"), words=('exec: "/no/such": stat /no/such: no such file or directory',))


@test(peers="runc")
def runcs_words_for_a_program_that_may_not_be_executed(t):
    t.fails(t.bundle("/etc/passwd"), words=('exec: "/etc/passwd": permission denied',))
    t.fails(t.bundle("/etc"), words=('exec: "/etc": is a directory',))


@test(peers="")
def execute_permission_is_judged_as_the_containers_user(t):
    bundle = t.bundle("/usr/bin/mine").write("/usr/bin/mine", "#!/bin/sh\necho found\n", 0o744)
    bundle.process["user"] = {"uid": 1000, "gid": 100}
    t.fails(bundle, words=("permission denied",))


@test(peers="runc")
def a_script_without_an_interpreter_fails_at_exec(t):
    bundle = t.bundle("/run.sh").write("/run.sh", "#!/no/interpreter\n", 0o755)
    result = t.run(bundle, status=None)
    t.check(result.status != 0, "status is 0")
    t.contains(messages(result.err), "exec /run.sh: no such file or directory")


@test(peers="runc")
def a_file_that_is_no_program_fails_at_exec(t):
    result = t.run(t.bundle("/file").write("/file", "just text\n", 0o755), status=None)
    t.check(result.status != 0, "status is 0")
    t.contains(result.err, "exec format error")


@test()
def arguments_are_passed_unchanged(t):
    words = ["sh", "-c", 'for a in "$@"; do printf "[%s]" "$a"; done', "sh", "", " ", "a b", "*", "$HOME", "ä", "'", '"', "\\", "\n"]
    t.equal(t.run(t.bundle(*words)).out, "".join(f"[{word}]" for word in words[4:]), "stdout")


@test(seconds=60)
def a_hundred_kilobytes_of_arguments_and_environment_work(t):
    bundle = t.bundle("sh", "-c", "echo $# ${#LONG}", "sh", *["x" * 1000] * 100)
    bundle.process["env"] = ["PATH=/bin", "LONG=" + "y" * 60000]
    t.equal(t.run(bundle).out, "100 60000\n", "stdout")


# Descriptors, signals, session

@test(lane="both")
def the_container_has_exactly_three_descriptors(t):
    t.equal(sorted(process.descriptors(_running(t, t.bundle("sleep", "1000")).pid)), [0, 1, 2], "descriptors")


@test()
def the_callers_other_descriptors_are_not_passed(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    leaked = [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(3)]
    try:
        t.equal(t.call("run", "-d", "-b", bundle.path, identity, pass_fds=tuple(leaked)).status, 0, "status")
    finally:
        for fd in leaked:
            os.close(fd)
    t.equal(sorted(process.descriptors(t.state(identity)["pid"])), [0, 1, 2], "descriptors")


@test(peers="")
def preserve_fds_passes_as_many_as_asked(t):
    with open(t.path("three"), "w") as three, open(t.path("four"), "w") as four:
        bundle = t.bundle(shell="echo three >&3; echo four >&4; ls /proc/$$/fd; true").save()

        def arrange():
            os.dup2(three.fileno(), 100)
            os.dup2(four.fileno(), 101)
            os.dup2(100, 3, inheritable=True)
            os.dup2(101, 4, inheritable=True)
            os.dup2(101, 5, inheritable=True)

        argv = t.rt.argv(["run", "--preserve-fds", "2", "-b", bundle.path, t.id()])
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, close_fds=False, preexec_fn=arrange)
    t.equal((done.returncode, done.stderr), (0, ""), "status and stderr")
    t.equal(done.stdout.split(), ["0", "1", "2", "3", "4"], "descriptors inside")
    t.equal((open(t.path("three")).read(), open(t.path("four")).read()), ("three\n", "four\n"), "what went through 3 and 4")


@test(peers="runc")
def preserve_fds_refuses_a_descriptor_that_is_not_open(t):
    bundle = t.bundle("true").save()
    identity = t.id()
    result = t.call("run", "--preserve-fds", "5", "-b", bundle.path, identity)
    t.equal(result.status, 1, "status")
    t.gone(identity)


@test()
def signals_start_as_a_fresh_process_has_them(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()

    def spoil():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD})
        if t.rt.is_unitc:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    t.equal(t.call("run", "-d", "-b", bundle.path, identity, preexec=spoil).status, 0, "status")
    found = process.status(t.state(identity)["pid"])
    if t.rt.is_unitc:
        t.equal((found["SigBlk"], found["SigIgn"]), ("0" * 16, "0" * 16), "blocked and ignored signals")


@test()
def the_container_leads_a_session_of_its_own(t):
    c = _running(t, t.bundle("sleep", "1000"))
    fields = process.stat(c.pid)
    t.equal((fields[2], fields[3]), (str(c.pid), str(c.pid)), "process group and session, seen from the host")


@test(peers="")
def the_callers_terminal_is_not_the_containers(t):
    c = _running(t, t.bundle("sleep", "1000"))
    t.equal(process.stat(c.pid)[4], "0", "controlling terminal")


@test(lane="both")
def init_is_pid_one_and_alone(t):
    result = t.run(t.bundle(shell="echo $$; ls /proc | grep -c '^[0-9]'"))
    t.equal(result.lines[0], "1", "pid")


@test(peers="crun")
def hostname_and_domainname(t):
    bundle = t.bundle(shell="hostname; cat /proc/sys/kernel/domainname")
    bundle.config["hostname"], bundle.config["domainname"] = "box-1", "example.test"
    before = os.uname().nodename
    t.equal(t.run(bundle).out, "box-1\nexample.test\n", "hostname and domainname")
    t.equal(os.uname().nodename, before, "the host's own name")


@test(peers="")
def a_hostname_without_its_namespace_is_refused(t):
    t.fails(t.bundle("true").drop_namespace("uts"), words=("hostname",))


@test()
def sysctls_are_set_in_the_containers_namespaces(t):
    bundle = t.bundle(shell="cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward /proc/sys/fs/mqueue/msg_max")
    bundle.linux["sysctl"] = {"kernel.msgmax": "4242", "net.ipv4.ip_forward": "1", "fs.mqueue.msg_max": "17"}
    before = open("/proc/sys/kernel/msgmax").read()
    t.equal(t.run(bundle).out, "4242\n1\n17\n", "values inside")
    t.equal(open("/proc/sys/kernel/msgmax").read(), before, "kernel.msgmax of the host")


@test(peers="")
def sysctls_of_the_host_are_refused(t):
    canary = t.canary()
    for key, drop in (("kernel.core_pattern", None), ("vm.swappiness", None), ("kernel.sysrq", None), ("kernel.shmmax", "ipc"),
                      ("net.ipv4.ip_forward", "network"), ("fs.mqueue.msg_max", "ipc"), ("kernel.domainname", "uts"),
                      ("kernel.hostname", None), ("net/../kernel/core_pattern", None), ("net.ipv4..ip_forward", None),
                      ("net.ipv4.ip_forward=1", None), ("", None), ("/kernel/msgmax", None), ("kernel.msgmax\n", None)):
        bundle = t.bundle("true")
        bundle.linux["sysctl"] = {key: "1"}
        if drop:
            bundle.drop_namespace(drop)
            if drop == "uts":
                bundle.config.pop("hostname")
        t.fails(bundle, words=("linux.sysctl",))
    t.equal(canary.changes(), [], "changes on the host")


@test()
def the_container_has_a_session_keyring_of_its_own(t):
    t.machine_needs(os.path.exists("/proc/keys"), "the kernel has no keys")
    probe = t.probe()
    bundle = t.bundle("/probe", "250", "6", "-3", "b:256", "256")  # keyctl(KEYCTL_DESCRIBE, session keyring)
    bundle.bind(probe, "/probe", "ro")
    result = t.run(bundle)
    t.machine_needs(result.out.split()[1] not in ("1", "38"), "the kernel refuses keyctl here")
    t.check(int(result.out.split()[0]) > 0, f"keyctl describe: {result.out}")


@test(peers="")
def personality_and_other_fields_that_wait_are_refused_by_name(t):
    cases = {"linux.intelRdt": ("linux", "intelRdt", {"closID": "x"}),
             "linux.netDevices": ("linux", "netDevices", {"eth0": {"name": "e"}}),
             "process.scheduler": ("process", "scheduler", {"policy": "SCHED_BATCH"}),
             "process.ioPriority": ("process", "ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 4}),
             "process.apparmorProfile": ("process", "apparmorProfile", "some-profile"),
             "process.selinuxLabel": ("process", "selinuxLabel", "system_u:system_r:container_t:s0"),
             "linux.memoryPolicy": ("linux", "memoryPolicy", {"mode": "MPOL_BIND", "nodes": "0"}),
             "linux.personality": ("linux", "personality", {"domain": "LINUX32"}),
             "hooks": (None, "hooks", {"poststop": [{"path": "/bin/true"}]})}
    for path, (part, key, value) in cases.items():
        bundle = t.bundle("true")
        (bundle.config[part] if part else bundle.config)[key] = value
        bundle.save()
        result = t.call("run", "-b", bundle.path, t.id())
        # Acted upon or refused by name; silence is the one wrong answer, and only a refusal can be seen here.
        t.check(result.status == 0 or path.split(".")[-1] in result.err, f"{path}: status {result.status}, {result.err}")
