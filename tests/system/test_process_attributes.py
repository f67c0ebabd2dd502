# SPDX-License-Identifier: Apache-2.0
"""What the program is given besides its identity: scheduler, I/O priority, execution domain, memory policy, labels, network
devices, sockets of a service manager, and a pidfd for who asks."""

import array
import json
import os
import platform
import socket
import subprocess
import threading

from lab import process, systemd, test, until


def _running(t, bundle, *flags, **more):
    c = t.detached(bundle, *flags, **more)
    t.check(until(lambda: process.stat(c.pid) and os.readlink(f"/proc/{c.pid}/exe").endswith("/busybox")), "never executed")
    return c


# Scheduler

@test(lane="both", peers="crun runc")
def the_scheduler_is_that_of_the_config(t):
    cases = (({"policy": "SCHED_BATCH", "nice": 7}, os.SCHED_BATCH, 0, 7), ({"policy": "SCHED_OTHER", "nice": -5}, os.SCHED_OTHER, 0, -5),
             ({"policy": "SCHED_IDLE"}, os.SCHED_IDLE, 0, None), ({"policy": "SCHED_FIFO", "priority": 42}, os.SCHED_FIFO, 42, None),
             ({"policy": "SCHED_RR", "priority": 3, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}, os.SCHED_RR | os.SCHED_RESET_ON_FORK, 3, None))
    for wanted, policy, priority, nice in cases:
        bundle = t.bundle("sleep", "1000")
        bundle.process["scheduler"] = wanted
        pid = _running(t, bundle).pid
        t.equal(os.sched_getscheduler(pid), policy, f"policy of {wanted}")
        t.equal(os.sched_getparam(pid).sched_priority, priority, f"priority of {wanted}")
        if nice is not None:
            t.equal(os.getpriority(os.PRIO_PROCESS, pid), nice, f"nice of {wanted}")


@test(peers="")
def a_deadline_has_its_three_times(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["scheduler"] = {"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 20000000, "period": 50000000}
    result = t.call("run", "-d", "-b", bundle.save().path, identity := t.id())
    t.machine_needs(result.status == 0 or "not permitted" not in result.err, "no SCHED_DEADLINE in this machine")
    t.equal(result.status, 0, "status")
    t.equal(os.sched_getscheduler(t.state(identity)["pid"]), 6, "SCHED_DEADLINE")


@test(peers="")
def a_scheduler_that_makes_no_sense_is_refused(t):
    cases = (({"policy": "SCHED_OTHER", "priority": 1}, "process.scheduler.priority: is for"),
             ({"policy": "SCHED_FIFO"}, "process.scheduler.priority: is 0, must be 1 to 99"),
             ({"policy": "SCHED_BATCH", "runtime": 1}, "process.scheduler: runtime, deadline and period"),
             ({"policy": "SCHED_DEADLINE"}, "process.scheduler.runtime: is missing"),
             ({"policy": "SCHED_DEADLINE", "runtime": 5, "deadline": 4}, "process.scheduler.deadline: is 4"),
             ({"policy": "SCHED_DEADLINE", "runtime": 5, "deadline": 9, "period": 8}, "process.scheduler.period: is 8"),
             ({"policy": "SCHED_ISO"}, "'SCHED_ISO' was never part"), ({"policy": "SCHED_NONE"}, "must be one of"),
             ({"policy": "SCHED_OTHER", "flags": ["X"]}, "flags[0]"))
    for wanted, words in cases:
        bundle = t.bundle("true")
        bundle.process["scheduler"] = wanted
        t.fails(bundle, words=(words,))


@test(peers="")
def exec_gets_scheduler_priority_domain_and_memory_policy(t):
    bundle = t.bundle("sleep", "1000")
    bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 7}
    bundle.linux["personality"] = {"domain": "LINUX32"}
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0"}
    c = _running(t, bundle)
    result = t.ok("exec", c.id, "sh", "-c", "cut -d' ' -f19,41 /proc/self/stat; uname -m; cat /proc/self/numa_maps")
    t.equal(result.lines[0], f"7 {os.SCHED_BATCH}", "nice and policy")
    t.check(result.lines[1] != "x86_64", "personality")
    t.contains(result.out, "bind:0")


# CPU affinity

def _cpus(status):
    """Cpus_allowed_list of a /proc/PID/status, as a set."""
    line = next(line for line in status.splitlines() if line.startswith("Cpus_allowed_list"))
    ranges = (part.split("-") for part in line.split()[1].split(","))
    return {cpu for part in ranges for cpu in range(int(part[0]), int(part[-1]) + 1)}


_SHOW_CPUS = ("/bin/cat", "/proc/self/status")


def _two_cpus(t):
    own = sorted(os.sched_getaffinity(0))
    t.machine_needs(len(own) > 1, "needs two CPUs")
    return own[:2]


@test(lane="both", peers="runc")
def the_cpus_of_the_caller_are_not_the_containers(t):
    first, second = _two_cpus(t)
    wanted = _cpus(open("/proc/self/status").read())
    os.sched_setaffinity(0, {first})
    t.finally_do(lambda: os.sched_setaffinity(0, wanted))
    c = t.detached(t.bundle("sleep", "1000"))
    t.check(_cpus(open(f"/proc/{c.pid}/status").read()) >= {first, second}, "the container is bound to its caller's CPU")
    t.check(_cpus(t.ok("exec", c.id, *_SHOW_CPUS).out) >= {first, second}, "exec's process is bound to its caller's CPU")


@test(lane="both", peers="runc")
def exec_runs_on_the_cpus_of_the_config(t):
    first, second = _two_cpus(t)
    bundle = t.bundle("sleep", "1000")
    bundle.process["execCPUAffinity"] = {"initial": f"{first}", "final": f"{second}"}
    c = _running(t, bundle)
    t.check(_cpus(open(f"/proc/{c.pid}/status").read()) >= {first, second}, "the first process is bound too")
    t.equal(_cpus(t.ok("exec", c.id, *_SHOW_CPUS).out), {second}, "exec's CPUs")
    file = t.path("process.json")
    for affinity, wanted in (({"final": f" {first} ,,"}, {first}), ({"final": f"{first},{second}"}, {first, second}), (None, {second})):
        given = {"args": list(_SHOW_CPUS), "cwd": "/", **({"execCPUAffinity": affinity} if affinity else {})}
        with open(file, "w") as out:
            json.dump(given, out)
        t.equal(_cpus(t.ok("exec", "-p", file, c.id).out), wanted, f"CPUs with {affinity} in process.json")


@test(peers="")
def exec_begins_on_the_initial_cpus(t):
    first, _ = _two_cpus(t)
    bundle = t.bundle("sleep", "1000")
    bundle.process["execCPUAffinity"] = {"initial": f"{first}"}
    c = _running(t, bundle)
    child = subprocess.Popen([t.rt.path, *t.rt.options, "exec", c.id, "sh", "-c", "echo here; exec sleep 1000"], stdout=subprocess.PIPE, text=True)
    t.finally_do(lambda: (child.kill(), child.wait()))
    t.equal(child.stdout.readline(), "here\n", "exec's output")
    t.equal(_cpus(open(f"/proc/{child.pid}/status").read()), {first}, "CPUs of the runtime")


@test(peers="")
def cpus_that_are_none_are_refused_by_name(t):
    for affinity, words in (({"initial": "a"}, "process.execCPUAffinity.initial: is 'a', must be a list"), ({"final": "3-1"}, "process.execCPUAffinity.final: is '3-1'"),
                            ({"final": ","}, "process.execCPUAffinity.final: is ','"), ({"initial": 1}, "process.execCPUAffinity.initial: is a number")):
        bundle = t.bundle("true")
        bundle.process["execCPUAffinity"] = affinity
        t.fails(bundle, words=(words,))
    bundle = t.bundle("sleep", "1000")
    for key in ("initial", "final"):
        bundle.process["execCPUAffinity"] = {key: "8191"}
        c = _running(t, bundle)
        result = t.call("exec", c.id, "true")
        t.equal(result.status, 255, f"exit status of exec with an impossible {key}")
        t.one_error(result, f"process.execCPUAffinity.{key}: sched_setaffinity: invalid argument")


# Intel RDT

@test(lane="both", peers="")
def intel_rdt_without_resctrl_is_refused(t):
    t.machine_needs("resctrl" not in open("/proc/self/mountinfo").read(), "resctrl is mounted here")
    for rdt in ({}, {"closID": "gold"}, {"l3CacheSchema": "L3:0=f"}):
        bundle = t.bundle("true")
        bundle.linux["intelRdt"] = rdt
        t.fails(bundle, words=("linux.intelRdt: no resctrl file system is mounted",))
    for rdt, words in (({"closID": "a/b"}, "linux.intelRdt.closID: "), ({"memBwSchema": "0=1"}, "linux.intelRdt.memBwSchema: must begin"),
                       ({"schemata": ["L3:0=f\n"]}, "linux.intelRdt.schemata[0]: must be one line")):
        bundle = t.bundle("true")
        bundle.linux["intelRdt"] = rdt
        t.fails(bundle, words=(words,))


# I/O priority

@test(lane="both", peers="crun runc")
def the_io_priority_is_that_of_the_config(t):
    t.machine_needs(subprocess.run(["sh", "-c", "command -v ionice"], capture_output=True).returncode == 0, "needs ionice")
    for kind, level, shown in (("IOPRIO_CLASS_BE", 6, "best-effort: prio 6"), ("IOPRIO_CLASS_RT", 2, "realtime: prio 2"), ("IOPRIO_CLASS_IDLE", 0, "idle")):
        bundle = t.bundle("sleep", "1000")
        bundle.process["ioPriority"] = {"class": kind, "priority": level}
        pid = _running(t, bundle).pid
        t.equal(t.command("ionice", "-p", str(pid)).out.strip(), shown, f"ionice of {kind} {level}")


# Execution domain

@test(lane="both", peers="crun runc")
def linux32_shows_a_32_bit_machine(t):
    t.machine_needs(platform.machine() == "x86_64", "knows the names of x86 only")
    for domain, wanted in (("LINUX32", "i686"), ("LINUX", "x86_64")):
        bundle = t.bundle("uname", "-m")
        bundle.linux["personality"] = {"domain": domain}
        t.equal(t.run(bundle).out.strip(), wanted, f"machine with {domain}")


@test(peers="")
def personality_flags_are_refused(t):
    bundle = t.bundle("true")
    bundle.linux["personality"] = {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}
    t.fails(bundle, words=("linux.personality.flags: must be empty",))


# Memory policy

@test(lane="both", peers="")
def the_memory_policy_is_that_of_the_config(t):
    t.machine_needs(os.path.exists("/proc/self/numa_maps"), "the kernel knows no NUMA")
    for wanted, shown in (({"mode": "MPOL_BIND", "nodes": "0"}, "bind:0"), ({"mode": "MPOL_INTERLEAVE", "nodes": "0"}, "interleave:0"),
                          ({"mode": "MPOL_PREFERRED", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}, "prefer=static:0"),
                          ({"mode": "MPOL_PREFERRED"}, "local"), ({"mode": "MPOL_LOCAL"}, "local"), ({"mode": "MPOL_DEFAULT"}, "default")):
        bundle = t.bundle("sleep", "1000")
        bundle.linux["memoryPolicy"] = wanted
        with open(f"/proc/{_running(t, bundle).pid}/numa_maps") as file:
            policies = {line.split()[1] for line in file}
        t.check(shown in policies, f"{wanted}: {policies}")


@test(peers="")
def a_memory_policy_that_makes_no_sense_is_refused(t):
    cases = (({"mode": "MPOL_BIND"}, "linux.memoryPolicy.nodes: is empty"), ({"mode": "MPOL_LOCAL", "nodes": "0"}, "MPOL_LOCAL mode requires 0 nodes but got 1"),
             ({"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"]}, "MPOL_F_NUMA_BALANCING is for"),
             ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}, "exclude each other"),
             ({"mode": "MPOL_BIND", "nodes": "x"}, "linux.memoryPolicy.nodes"), ({"mode": "BIND", "nodes": "0"}, "linux.memoryPolicy.mode"))
    for wanted, words in cases:
        bundle = t.bundle("true")
        bundle.linux["memoryPolicy"] = wanted
        t.fails(bundle, words=(words,))
    bundle = t.bundle("true")
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "1023"}
    t.fails(bundle, words=("linux.memoryPolicy: set_mempolicy: invalid argument",))


# Labels

@test(lane="both", peers="")
def labels_without_their_security_module_are_refused(t):
    def enabled(path):
        return os.path.exists(path) and open(path).read().strip() == "Y"

    if not enabled("/sys/module/apparmor/parameters/enabled"):
        bundle = t.bundle("true")
        bundle.process["apparmorProfile"] = "docker-default"
        t.fails(bundle, words=("process.apparmorProfile: apparmor: config provided but apparmor not supported",))
    if not os.path.exists("/sys/fs/selinux/enforce"):
        for part, key, path in (("process", "selinuxLabel", "process.selinuxLabel"), ("linux", "mountLabel", "linux.mountLabel")):
            bundle = t.bundle("true")
            bundle.config[part][key] = "system_u:system_r:container_t:s0"
            t.fails(bundle, words=(f"{path}: selinux label is specified in config, but selinux is disabled or not supported",))


@test(lane="vm", peers="crun runc")
def the_apparmor_profile_confines_the_program_and_its_start_hook(t):
    parser = subprocess.run(["sh", "-c", "command -v apparmor_parser"], capture_output=True).returncode == 0
    enabled = os.path.exists("/sys/module/apparmor/parameters/enabled") and open("/sys/module/apparmor/parameters/enabled").read().strip() == "Y"
    t.machine_needs(parser and enabled, "needs AppArmor and apparmor_parser")
    profile = f"unitc-test-{os.getpid()}"
    text = f"profile {profile} flags=(attach_disconnected,mediate_deleted) {{ file, capability, deny /denied rw, }}\n"
    t.equal(t.command("apparmor_parser", "-r", input=text).status, 0, "loading the profile")
    t.finally_do(lambda: subprocess.run(["apparmor_parser", "-R"], input=text.encode()))
    bundle = t.bundle("sh", "-c", "cat /proc/self/attr/current; cat /denied").write("/denied", "secret")
    bundle.process["apparmorProfile"] = profile
    result = t.run(bundle, status=None)
    t.contains(result.out, f"{profile} (enforce)")
    t.check("secret" not in result.out, "the profile does not confine")
    bundle.process["apparmorProfile"] = "unitc-no-such-profile"
    t.fails(bundle, words=("process.apparmorProfile", "unitc-no-such-profile"))


# Network

@test(lane="both", peers="crun runc")
def loopback_is_up_in_a_new_network_namespace(t):
    t.contains(t.run(t.bundle("ip", "address", "show", "lo")).out, "127.0.0.1/8", ",UP")


def _veth(t, name):
    made = subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", name + "p"], capture_output=True, text=True)
    t.machine_needs(made.returncode == 0, f"cannot make a veth device: {made.stderr}")
    t.finally_do(lambda: subprocess.run(["ip", "link", "delete", name + "p"], capture_output=True))
    return name


def _host_has(name):
    return subprocess.run(["ip", "link", "show", "dev", name], capture_output=True).returncode == 0


@test(lane="both", peers="")
def a_network_device_moves_with_its_addresses_and_is_up(t):
    name = _veth(t, f"uv{os.getpid() % 100000}")
    for words in (("addr", "add", "10.88.1.2/24", "dev", name), ("addr", "add", "fd00:88::2/64", "dev", name, "nodad"),
                  ("addr", "add", "169.254.7.7/16", "dev", name, "scope", "link")):
        t.equal(t.command("ip", *words).status, 0, "ip " + " ".join(words))
    bundle = t.bundle("sh", "-c", "ip address; sleep 1000")
    bundle.linux["netDevices"] = {name: {"name": "inside0"}}
    c = t.detached(bundle)
    c.wait_for_output("inside0")
    found = until(lambda: "fd00:88::2/64" in c.output() and c.output()) or c.output()
    t.contains(found, "inside0", "10.88.1.2/24", "fd00:88::2/64")
    t.matches(found, r"inside0[^\n]*[<,]UP[,>]", "flags")
    t.check("169.254.7.7" not in found, "an address of link scope was kept")
    t.check(not _host_has(name), "the device is still on the host")


@test(peers="")
def a_network_device_may_be_named_by_a_template_or_keep_its_name(t):
    name = _veth(t, f"uw{os.getpid() % 100000}")
    bundle = t.bundle("ls", "/sys/class/net")
    bundle.linux["netDevices"] = {name: {"name": "eth%d"}}
    t.contains(t.run(bundle).out, "eth0")
    name = _veth(t, f"ux{os.getpid() % 100000}")
    bundle.linux["netDevices"] = {name: {}}
    t.contains(t.run(bundle).out, name)


@test(peers="")
def a_network_device_moves_into_a_joined_namespace(t):
    name = _veth(t, f"uy{os.getpid() % 100000}")
    holder = t.detached(t.bundle("sleep", "1000"))
    bundle = t.bundle("ls", "/sys/class/net")
    next(n for n in bundle.linux["namespaces"] if n["type"] == "network")["path"] = f"/proc/{holder.pid}/ns/net"
    bundle.linux["netDevices"] = {name: {"name": "joined0"}}
    bundle.drop_mount("/sys")
    bundle.mount("/sys", "sysfs", "sysfs", "ro")
    t.contains(t.run(bundle).out, "joined0")


@test(peers="")
def a_network_device_that_cannot_move_is_refused(t):
    bundle = t.bundle("true")
    bundle.linux["netDevices"] = {"nosuchdev0": {}}
    t.fails(bundle, words=("linux.netDevices", "nosuchdev0", "no such device"))
    name = _veth(t, f"uz{os.getpid() % 100000}")
    bundle.linux["netDevices"] = {name: {"name": "lo"}}
    t.fails(bundle, words=(f'linux.netDevices["{name}"]', "file exists"))
    t.check(_host_has(name), "the device is gone from the host")
    bundle.linux["netDevices"] = {name: {"name": "a"}, name + "p": {"name": "a"}}
    t.fails(bundle, words=("linux.netDevices", "would both be named 'a'"))
    bundle.linux["netDevices"] = {name: {"name": "a/b"}}
    t.fails(bundle, words=("linux.netDevices",))
    bundle.linux["netDevices"] = {name: {}}
    bundle.drop_namespace("network")
    bundle.linux.get("sysctl", {}).clear()
    t.fails(bundle, words=("linux.netDevices: needs an entry of type 'network'",))


# Sockets of a service manager

@test(peers="")
def listen_names_and_the_pidfd_id_go_along_with_the_sockets(t):
    null = os.open("/dev/null", os.O_RDONLY)
    t.finally_do(lambda: os.close(null))
    bundle = t.bundle("sh", "-c", "env; sleep 1000").save()
    own = "LISTEN_PIDFDID=$(python3 -c 'import os,sys; print(os.fstat(os.pidfd_open(int(sys.argv[1]))).st_ino)' $$)"
    for extra, wanted in (("", False), (own, True)):
        script = f'exec 3<&{null} 4<&{null}; export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:two {extra}; exec "$@"'
        identity = t.id()
        result = t.call("run", "-d", "-b", bundle.path, identity, wrap=("sh", "-c", script, "sh"), pass_fds=(null,))
        t.equal(result.status, 0, "status")

        def seen():
            with open(result.out_path) as file:
                return dict(line.split("=", 1) for line in file.read().splitlines() if "=" in line)

        t.check(until(lambda: "LISTEN_FDS" in seen()), "the program never ran")
        until(lambda: "PATH" in seen() and "LISTEN_FDNAMES" in seen())
        found = seen()
        t.equal((found["LISTEN_FDS"], found["LISTEN_PID"], found["LISTEN_FDNAMES"]), ("2", "1", "web:two"), "what was passed on")
        inode = os.fstat(os.pidfd_open(t.state(identity)["pid"])).st_ino
        t.equal(found.get("LISTEN_PIDFDID"), str(inode) if wanted and inode > 100 else None, "LISTEN_PIDFDID")


@test(peers="")
def sockets_for_another_process_are_not_taken(t):
    null = os.open("/dev/null", os.O_RDONLY)
    t.finally_do(lambda: os.close(null))
    bundle = t.bundle("env").save()
    script = f'exec 3<&{null}; export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_PIDFDID=1; exec "$@"'
    t.machine_needs(os.fstat(os.pidfd_open(os.getpid())).st_ino > 100, "pidfds have no numbers on this kernel")
    result = t.call("run", "-b", bundle.path, t.id(), wrap=("sh", "-c", script, "sh"), pass_fds=(null,))
    t.check("LISTEN_FDS" not in result.out, "sockets of another process were taken")


# A pidfd for who asks

class _Receiver:
    """Accepts once and keeps what came, with its descriptors."""

    def __init__(self, t, name):
        self.path = t.path(name)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(4)
        self.listener.settimeout(15)
        self.data, self.fds = b"", []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()
        t.finally_do(self.listener.close)

    def _accept(self):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        with connection:
            while True:
                data, ancillary, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(64))
                for level, kind, content in ancillary:
                    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                        numbers = array.array("i")
                        numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
                        self.fds += list(numbers)
                if not data:
                    return
                self.data += data

    def wait(self):
        self.thread.join(15)
        return self


@test(lane="both", peers="runc")
def the_pidfd_socket_gets_a_pidfd_of_the_container(t):
    for verb in ("create", "run"):
        receiver = _Receiver(t, f"pidfd-{verb}")
        flags = ("--pidfd-socket", receiver.path)
        bundle = t.bundle("sleep", "1000")
        c = t.created(bundle, *flags) if verb == "create" else t.detached(bundle, *flags)
        receiver.wait()
        t.equal((receiver.data, len(receiver.fds)), (b"standard", 1), f"what {verb} sent")
        with open(f"/proc/self/fdinfo/{receiver.fds[0]}") as file:
            info = dict(line.split(":", 1) for line in file.read().splitlines())
        t.equal(int(info["Pid"]), c.pid, "the pidfd's process")
        os.close(receiver.fds[0])


@test(peers="")
def a_pidfd_socket_that_is_not_there_is_an_error(t):
    result = t.fails(t.bundle("true"), "--pidfd-socket", t.path("nothing"), words=("--pidfd-socket", "no such file"))
    t.check("st-" not in result.out, "output")


@test(peers="")
def plan_shows_the_attributes(t):
    bundle = t.bundle("true")
    bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 7}
    bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 6}
    bundle.linux["personality"] = {"domain": "LINUX32"}
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
    t.contains(t.plan(bundle).out, "scheduler policy=3 flags=0x0 nice=7 ", "io-priority 0x4006\n", "personality 0x8\n", "memory-policy 0x8002 nodes=0\n")


@test(peers="")
def features_tell_what_is_supported(t):
    found = json.loads(t.ok("features").out)["linux"]
    for part in ("apparmor", "selinux", "netDevices"):
        t.equal(found[part], {"enabled": True}, part)
    t.equal(found["intelRdt"], {"enabled": True, "schemata": True, "monitoring": True}, "intelRdt")
    t.check({"MPOL_DEFAULT", "MPOL_BIND", "MPOL_WEIGHTED_INTERLEAVE"} <= set(found["memoryPolicy"]["modes"]), found["memoryPolicy"])
    t.equal(len(found["memoryPolicy"]["flags"]), 3, "memoryPolicy.flags")
    t.check("SCMP_ACT_NOTIFY" in found["seccomp"]["actions"], "seccomp actions")
    t.equal(found["seccomp"]["supportedFlags"], found["seccomp"]["knownFlags"], "seccomp flags")
