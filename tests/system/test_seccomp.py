# SPDX-License-Identifier: Apache-2.0
"""Seccomp: the filter of the config, loaded at the right moment with the right comparison."""

import array
import errno
import fcntl
import json
import os
import platform
import select
import socket
import struct
import threading

from lab import process, test, until

_ARCH = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}.get(platform.machine())
_MKDIR = ["mkdir", "mkdirat"]
_EPERM, _ENOSYS = 1, 38
_TIOCSTI = 0x5412


def _filtered(bundle, *rules, default="SCMP_ACT_ALLOW", **more):
    bundle.linux["seccomp"] = {"defaultAction": default, "architectures": [_ARCH], "syscalls": list(rules), **more}
    return bundle


def _rule(names, action, **more):
    return {"names": names, "action": action, **more}


@test(lane="both")
def errno_is_returned_for_a_denied_call(t):
    bundle = _filtered(t.bundle(shell="mkdir /tmp/x; echo $?", writable=True), _rule(_MKDIR, "SCMP_ACT_ERRNO"))
    result = t.run(bundle)
    t.equal(result.out, "1\n", "stdout")
    t.contains(result.err, "Operation not permitted")


@test(peers="runc")
def errno_ret_chooses_the_error(t):
    bundle = _filtered(t.bundle("mkdir", "/tmp/x"), _rule(_MKDIR, "SCMP_ACT_ERRNO", errnoRet=28))
    t.contains(t.run(bundle, status=1).err, "No space left on device")


@test(peers="")
def default_errno_ret_is_obeyed(t):
    # Everything that is needed to run is allowed; the default answers for the rest.
    probe = t.probe()
    allowed = """execve brk mmap munmap mprotect arch_prctl set_tid_address set_robust_list rseq prlimit64 readlink readlinkat
     getrandom uname write fstat newfstatat fstatfs statx exit exit_group read close close_range ioctl rt_sigaction rt_sigprocmask futex
     openat sched_getaffinity capget capset prctl setresuid setresgid setgroups chdir fchdir getcwd execveat getpid gettid getppid
     recvfrom recvmsg sendto sendmsg poll ppoll fcntl lseek dup dup2 dup3 accept accept4 access faccessat faccessat2 stat lstat
     kill tgkill rt_sigreturn madvise openat2 umask seccomp getuid geteuid getgid getegid getdents64 writev clock_gettime""".split()
    bundle = _filtered(t.bundle("/probe", "83", "s:/tmp/x", "0"), _rule(allowed, "SCMP_ACT_ALLOW"), default="SCMP_ACT_ERRNO",
                       defaultErrnoRet=77)
    bundle.bind(probe, "/probe", "ro")
    t.equal(t.run(bundle).out, "-1 77\n", "ret and errno of mkdir")


@test(lane="both")
def the_filter_is_on_with_and_without_no_new_privileges(t):
    for value, wanted in ((True, "1"), (False, "0"), (None, "0")):
        bundle = _filtered(t.bundle(shell="grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status; mkdir /tmp/x 2>&1", writable=True),
                           _rule(_MKDIR, "SCMP_ACT_ERRNO"))
        bundle.process.pop("noNewPrivileges")
        if value is not None:
            bundle.process["noNewPrivileges"] = value
        result = t.run(bundle, status=None)
        t.equal(result.out.split()[:4], ["NoNewPrivs:", wanted, "Seccomp:", "2"], f"status lines with noNewPrivileges {value}")
        t.contains(result.out, "Operation not permitted")


@test()
def kill_ends_the_process(t):
    for action in ("SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS"):
        bundle = _filtered(t.bundle(shell="mkdir /tmp/x; echo $?", writable=True), _rule(_MKDIR, action))
        result = t.run(bundle, status=None)
        t.check("159" in result.out or result.status == 159, f"{action}: status {result.status}, stdout {result.out!r}")


@test()
def log_and_trap_actions_are_accepted(t):
    t.equal(t.run(_filtered(t.bundle("echo", "fine"), _rule(_MKDIR, "SCMP_ACT_LOG"))).out, "fine\n", "stdout with LOG")
    bundle = _filtered(t.bundle(shell="mkdir /tmp/x; echo $?"), _rule(_MKDIR, "SCMP_ACT_TRAP"))
    t.contains(t.run(bundle, status=None).out, "159")


@test(peers="")
def argument_comparisons_use_all_64_bits(t):
    """CVE-2019-10063 and CVE-2019-9893: high bits must not slip past an argument rule."""
    probe = t.probe()
    cases = (
        ("SCMP_CMP_EQ", {"value": _TIOCSTI}, ((_TIOCSTI, True), (_TIOCSTI | 1 << 32, False), (0x5413, False))),
        ("SCMP_CMP_MASKED_EQ", {"value": 0xFFFFFFFF, "valueTwo": _TIOCSTI}, ((_TIOCSTI, True), (_TIOCSTI | 1 << 32, True))),
        ("SCMP_CMP_NE", {"value": _TIOCSTI}, ((_TIOCSTI, False), (_TIOCSTI | 1 << 32, True))),
        ("SCMP_CMP_GT", {"value": 1 << 32}, ((1, False), (1 << 32, False), ((1 << 32) + 1, True), (1 << 63, True))),
        ("SCMP_CMP_GE", {"value": 1 << 32}, (((1 << 32) - 1, False), (1 << 32, True))),
        ("SCMP_CMP_LT", {"value": 1 << 32}, (((1 << 32) - 1, True), (1 << 32, False), (1 << 40, False))),
        ("SCMP_CMP_LE", {"value": 1 << 32}, ((1 << 32, True), ((1 << 32) + 1, False))),
    )
    for operator, values, tries in cases:
        for value, hit in tries:
            bundle = _filtered(t.bundle("/probe", "16", "77", str(value), "0"),
                               _rule(["ioctl"], "SCMP_ACT_ERRNO", errnoRet=99, args=[{"index": 1, "op": operator, **values}]))
            bundle.bind(probe, "/probe", "ro")
            found = t.run(bundle).out.split()[1]
            t.equal(found == "99", hit, f"{operator} {values} on {value:#x}: rule applied (errno {found})")


@test(peers="")
def several_arguments_must_all_match(t):
    probe = t.probe()
    rule = _rule(["ioctl"], "SCMP_ACT_ERRNO", errnoRet=99,
                 args=[{"index": 1, "value": 5, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 6, "op": "SCMP_CMP_EQ"}])
    for second, third, hit in (("5", "6", True), ("5", "7", False), ("4", "6", False)):
        bundle = _filtered(t.bundle("/probe", "16", "77", second, third), rule).bind(probe, "/probe", "ro")
        t.equal(t.run(bundle).out.split()[1] == "99", hit, f"rule applied to ({second}, {third})")


@test()
def unknown_system_calls_in_a_profile_are_ignored(t):
    bundle = _filtered(t.bundle("echo", "fine"), _rule(["no_such_call_at_all", "bdflush"], "SCMP_ACT_ERRNO"))
    t.equal(t.run(bundle).out, "fine\n", "stdout")


@test(peers="crun")
def flags_are_accepted(t):
    for flags in ([], ["SECCOMP_FILTER_FLAG_LOG"], ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
                  ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]):
        t.run(_filtered(t.bundle("true"), _rule(_MKDIR, "SCMP_ACT_ERRNO"), flags=flags))


@test(peers="")
def bad_profiles_are_refused_by_path(t):
    for edit, path in ((lambda s: s.__setitem__("defaultAction", "SCMP_ACT_NOPE"), "linux.seccomp.defaultAction"),
                       (lambda s: s.__setitem__("architectures", ["SCMP_ARCH_PDP11"]), "linux.seccomp.architectures"),
                       (lambda s: s["syscalls"][0].__setitem__("action", "DENY"), "linux.seccomp.syscalls"),
                       (lambda s: s["syscalls"][0].__setitem__("names", []), "linux.seccomp.syscalls"),
                       (lambda s: s["syscalls"][0].__setitem__("args", [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]),
                        "linux.seccomp.syscalls"),
                       (lambda s: s["syscalls"][0].__setitem__("args", [{"index": 0, "value": 1, "op": "EQ"}]),
                        "linux.seccomp.syscalls"),
                       (lambda s: s.__setitem__("flags", ["SECCOMP_FILTER_FLAG_NOPE"]), "linux.seccomp.flags"),
                       (lambda s: s.pop("defaultAction"), "linux.seccomp.defaultAction")):
        bundle = _filtered(t.bundle("true"), _rule(_MKDIR, "SCMP_ACT_ERRNO"))
        edit(bundle.linux["seccomp"])
        t.fails(bundle, words=(path,))


@test(peers="")
def the_same_profile_twice_gives_the_same_filter(t):
    """The compiled filter is cached by its digest; a hit and a miss must not differ."""
    for _ in range(3):
        bundle = _filtered(t.bundle("mkdir", "/tmp/x"), _rule(_MKDIR, "SCMP_ACT_ERRNO", errnoRet=28))
        t.contains(t.run(bundle, status=1).err, "No space left on device")
    bundle = _filtered(t.bundle("mkdir", "/tmp/x"), _rule(_MKDIR, "SCMP_ACT_ERRNO", errnoRet=30))
    t.contains(t.run(bundle, status=1).err, "Read-only file system")


@test(peers="")
def a_damaged_filter_cache_does_no_harm(t):
    bundle = _filtered(t.bundle("mkdir", "/tmp/x"), _rule(_MKDIR, "SCMP_ACT_ERRNO", errnoRet=28))
    t.run(bundle, status=1)
    for parent, _, files in os.walk(t.rt.root):
        for name in files:
            if "/." in os.path.join(parent, name)[len(t.rt.root):]:
                with open(os.path.join(parent, name), "r+b") as file:
                    file.truncate(os.path.getsize(file.name) // 2)
    t.contains(t.run(bundle, status=1).err, "No space left on device")


@test(peers="")
def call_numbers_of_another_abi_do_not_slip_through(t):
    t.machine_needs(platform.machine() == "x86_64", "x32 exists on x86_64 only")
    probe = t.probe()
    bundle = _filtered(t.bundle("/probe", str(0x40000000 | 83), "s:/tmp/x", "0", writable=True), _rule(_MKDIR, "SCMP_ACT_ERRNO"))
    bundle.bind(probe, "/probe", "ro")
    result = t.run(bundle, status=None)
    t.check(result.out.split()[:1] != ["0"], f"mkdir by its x32 number succeeded: {result.out}")


@test()
def a_large_profile_like_an_engines_works(t):
    common = [f"call_{number}" for number in range(300)]
    rules = [_rule(common, "SCMP_ACT_ALLOW"), *[_rule(["personality"], "SCMP_ACT_ALLOW",
             args=[{"index": 0, "value": value, "op": "SCMP_CMP_EQ"}]) for value in range(50)], _rule(_MKDIR, "SCMP_ACT_ERRNO")]
    bundle = _filtered(t.bundle("mkdir", "/tmp/x"), *rules)
    t.contains(t.run(bundle, status=1).err, "Operation not permitted")


@test()
def the_filter_is_the_only_one(t):
    c = t.detached(_filtered(t.bundle("sleep", "1000"), _rule(_MKDIR, "SCMP_ACT_ERRNO")))
    t.check(until(lambda: process.status(c.pid).get("Seccomp") == "2"), "no filter is loaded")
    count = process.status(c.pid).get("Seccomp_filters")
    own = process.status("self").get("Seccomp_filters", "0")
    t.equal(int(count) - int(own), 1, "filters of the container beyond the caller's own")


# Notifications

class _Agent:
    """Takes one container process state and answers every notification: mkdir fails with ENOMEDIUM, all else goes on."""

    _RECV, _SEND = 0xC0502100, 0xC0182101  # linux/seccomp.h
    _CONTINUE, _ENOMEDIUM = 1, 123

    def __init__(self, t, name="agent"):
        self.path = t.path(name)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.listener.settimeout(15)
        self.state, self.answered, self.fds = b"", [], []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        t.finally_do(self.listener.close)

    def _serve(self):
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
                    break
                self.state += data
        while self._answer():
            pass
        os.close(self.fds[0])

    def _answer(self):
        poll = select.poll()
        poll.register(self.fds[0], select.POLLIN)
        ready = poll.poll(15000)
        if not ready or not ready[0][1] & select.POLLIN:
            return False  # nobody uses the filter any more
        notification = bytearray(80)
        try:
            fcntl.ioctl(self.fds[0], self._RECV, notification)
            identity, _, _, number = struct.unpack_from("=QIIi", notification)
            mkdir = number in (83, 258) if platform.machine() == "x86_64" else number == 34
            self.answered.append(number)
            answer = struct.pack("=QqiI", identity, 0, -self._ENOMEDIUM if mkdir else 0, 0 if mkdir else self._CONTINUE)
            fcntl.ioctl(self.fds[0], self._SEND, bytearray(answer))
        except OSError as error:
            return error.errno == errno.ENOENT  # the caller went away
        return True


def _notified(bundle, agent, *names, **more):
    return _filtered(bundle, _rule(list(names), "SCMP_ACT_NOTIFY"), listenerPath=agent, **more)


@test(lane="both", peers="crun runc")
def notify_asks_the_agent(t):
    for no_new_privileges in (True, False):
        agent = _Agent(t, f"agent-{no_new_privileges}")
        bundle = _notified(t.bundle(shell="mkdir /tmp/x; echo $?", writable=True), agent.path, *_MKDIR)
        bundle.process["noNewPrivileges"] = no_new_privileges
        result = t.run(bundle)
        t.equal(result.out, "1\n", "stdout")
        t.contains(result.err, "No medium found")
        t.check(agent.answered, "the agent was never asked")


@test(peers="")
def the_agent_is_told_the_container_process_state(t):
    agent = _Agent(t)
    bundle = _notified(t.bundle("sleep", "1000").annotate("com.example.key", "value"), agent.path, *_MKDIR, listenerMetadata='meta "data"')
    c = t.created(bundle)
    t.check(until(lambda: agent.state.endswith(b"}")), "nothing came")
    found = json.loads(agent.state)
    pid = c.pid
    t.equal(found, {"ociVersion": bundle.config["ociVersion"], "fds": ["seccompFd"], "pid": pid, "metadata": 'meta "data"',
                    "state": {"ociVersion": bundle.config["ociVersion"], "id": c.id, "status": "creating", "pid": pid, "bundle": bundle.path,
                              "annotations": {"com.example.key": "value"}}}, "container process state")
    t.equal(len(agent.fds), 1, "descriptors")


@test(peers="crun runc")
def calls_of_the_runtime_itself_may_be_notified(t):
    for no_new_privileges in (True, False):
        agent = _Agent(t, f"agent-{no_new_privileges}")
        bundle = _notified(t.bundle("echo", "fine"), agent.path, "execve", "openat", "open", "read", "close", "accept4", "capset", "prctl", "mmap", "brk")
        bundle.process["noNewPrivileges"] = no_new_privileges
        t.equal(t.run(bundle).out, "fine\n", "stdout")
        t.check(len(agent.answered) > 3, f"the agent was asked {len(agent.answered)} times")


@test(peers="runc")
def a_created_container_is_served_after_start(t):
    agent = _Agent(t)
    c = t.created(_notified(t.bundle(shell="mkdir /tmp/x; echo $?; sleep 1000", writable=True), agent.path, *_MKDIR, "execve", "accept4"))
    t.start(c)
    c.wait_for_output("1\n")


@test(peers="")
def wait_killable_is_taken_with_notify_and_refused_without(t):
    flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]
    agent = _Agent(t)
    bundle = _notified(t.bundle(shell="mkdir /tmp/x; echo $?", writable=True), agent.path, *_MKDIR, flags=flags)
    t.equal(t.run(bundle).out, "1\n", "stdout")
    bundle = _filtered(t.bundle("true"), _rule(_MKDIR, "SCMP_ACT_ERRNO"), flags=flags[:1])
    t.fails(bundle, words=("linux.seccomp.flags", "WAIT_KILLABLE_RECV needs a rule with SCMP_ACT_NOTIFY"))


@test(peers="")
def notify_that_cannot_work_is_refused(t):
    cases = ((_filtered(t.bundle("true"), _rule(_MKDIR, "SCMP_ACT_NOTIFY")), "linux.seccomp.listenerPath: is missing"),
             (_notified(t.bundle("true"), "/nonexistent/agent", *_MKDIR), "linux.seccomp.listenerPath"),
             (_notified(t.bundle("true"), "relative", *_MKDIR), "linux.seccomp.listenerPath"),
             (_notified(t.bundle("true"), "/x", "mkdir", "sendmsg"), "linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY cannot be used for the sendmsg syscall"),
             (_notified(t.bundle("true"), "/x", "recvmsg"), "SCMP_ACT_NOTIFY cannot be used for the recvmsg syscall"),
             (_notified(t.bundle("true"), "/x", "write"), "SCMP_ACT_NOTIFY cannot be used for the write syscall"),
             (_filtered(t.bundle("true"), default="SCMP_ACT_NOTIFY", listenerPath="/x"), "linux.seccomp.defaultAction"),
             (_filtered(t.bundle("true"), listenerMetadata="x"), "linux.seccomp.listenerMetadata"))
    for bundle, words in cases:
        t.fails(bundle, words=(words,))


@test(peers="")
def exec_is_served_by_an_agent_of_its_own(t):
    agent = _Agent(t)
    c = t.created(_notified(t.bundle("sleep", "1000", writable=True), agent.path, *_MKDIR))
    t.start(c)
    t.check(until(lambda: agent.state.endswith(b"}")), "nothing came for the first process")
    os.unlink(agent.path)
    second = _Agent(t)
    result = t.call("exec", c.id, "sh", "-c", "mkdir /tmp/x; echo $?")
    t.equal(result.out, "1\n", "stdout")
    t.contains(result.err, "No medium found")
    found = json.loads(second.state)
    t.equal((found["state"]["status"], found["state"]["pid"]), ("running", c.pid), "state")
    t.check(found["pid"] != c.pid, "the pid is the first process's")
