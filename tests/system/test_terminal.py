# SPDX-License-Identifier: Apache-2.0
"""A terminal for the container: handed over by --console-socket, or shared with the foreground."""

import os
import signal
import socket
import termios
import time

from lab import process, test, until, wait
from lab.terminal import ConsoleSocket, Foreground, read_all, set_size, size


def _socket(t):
    found = ConsoleSocket(t.path("console.sock"))
    t.finally_do(found.close)
    return found


def _with_terminal(t, *args, shell=None, **more):
    bundle = t.bundle(*args, shell=shell, **more)
    bundle.process["terminal"] = True
    return bundle


def _foreground(t, bundle, rows=24, columns=80):
    bundle.save()
    found = Foreground(t.rt.argv(["run", "--bundle", bundle.path, t.id()]), rows, columns)
    t.finally_do(found.close)
    return found


@test(lane="both")
def the_console_socket_receives_the_master(t):
    console = _socket(t)
    c = t.created(_with_terminal(t, shell="tty; echo hello; read x; echo got $x; sleep 1000"), "--console-socket", console.path)
    master, _ = console.receive()
    t.check(master is not None and os.isatty(master), "no terminal came through the socket")
    t.finally_do(lambda: os.close(master))
    t.start(c)
    text = read_all(master, "hello")
    t.contains(text, "/dev/pts/0", "hello")
    os.write(master, b"word\n")
    t.contains(read_all(master, "got word"), "got word")


@test()
def run_detached_uses_the_console_socket_too(t):
    console = _socket(t)
    t.detached(_with_terminal(t, "echo", "through the terminal"), "--console-socket", console.path)
    master, _ = console.receive()
    t.contains(read_all(master), "through the terminal")
    os.close(master)


@test(peers="runc")
def in_the_foreground_only_the_callers_terminal_adds_carriage_returns(t):
    """Suites compare lines: runc clears ONLCR on the container's terminal and leaves OPOST on the caller's."""
    run = _foreground(t, _with_terminal(t, shell="stty -echo; echo ready; read x; stty -a | grep -o -- '-onlcr'; echo line"))
    run.read_until("ready")
    run.write("go\n")
    t.equal(read_all(run.master).lstrip("\r\n"), "-onlcr\r\nline\r\n", "what the caller's terminal reads")
    run.wait()


@test()
def standard_streams_are_the_terminal_and_it_is_the_controlling_one(t):
    console = _socket(t)
    script = "for n in 0 1 2; do readlink /proc/self/fd/$n; done; echo hello > /dev/tty; ls -ln /dev/console | cut -c1-3; echo end"
    t.detached(_with_terminal(t, shell=script), "--console-socket", console.path)
    master, _ = console.receive()
    text = read_all(master, "end")
    t.equal(text.count("/dev/pts/0"), 3, f"standard streams on the terminal in {text!r}")
    t.contains(text, "hello", "crw")
    os.close(master)


@test()
def dev_console_is_the_terminal(t):
    console = _socket(t)
    t.detached(_with_terminal(t, shell="echo over-console > /dev/console; echo end"), "--console-socket", console.path)
    master, _ = console.receive()
    t.contains(read_all(master, "end"), "over-console")
    os.close(master)


@test()
def the_terminal_belongs_to_the_containers_user(t):
    for uid, gid in ((0, 0), (1000, 1000)):
        console = ConsoleSocket(t.path(f"console{uid}.sock"))
        t.finally_do(console.close)
        bundle = _with_terminal(t, shell="stat -c '%u:%g:%a' $(tty); echo end")
        bundle.process["user"] = {"uid": uid, "gid": gid}
        t.detached(bundle, "--console-socket", console.path)
        master, _ = console.receive()
        text = read_all(master, "end")
        t.matches(text, rf"{uid}:5:6[0-7]0", f"owner of the terminal for uid {uid}")
        os.close(master)


@test(peers="runc")
def the_console_size_of_the_config_is_set(t):
    console = _socket(t)
    bundle = _with_terminal(t, shell="stty size; echo end")
    bundle.process["consoleSize"] = {"height": 11, "width": 111}
    t.detached(bundle, "--console-socket", console.path)
    master, _ = console.receive()
    t.contains(read_all(master, "end"), "11 111")
    t.equal(size(master), (11, 111), "size at the master")
    os.close(master)


@test()
def resizing_the_master_reaches_the_container(t):
    console = _socket(t)
    c = t.detached(_with_terminal(t, shell="trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"),
                   "--console-socket", console.path)
    master, _ = console.receive()
    t.contains(read_all(master, "ready"), "ready")
    set_size(master, 33, 133)
    t.contains(read_all(master, "33 133"), "33 133")
    t.check(process.alive(c.pid), "the container died of a resize")
    os.close(master)


@test()
def the_terminal_is_a_pty_of_the_container(t):
    console = _socket(t)
    c = t.detached(_with_terminal(t, "sleep", "1000"), "--console-socket", console.path)
    master, _ = console.receive()
    t.check(until(lambda: process.descriptors(c.pid).get(0) == "/dev/pts/0"), f"descriptors {process.descriptors(c.pid)}")
    t.equal(sorted(process.descriptors(c.pid)), [0, 1, 2], "descriptors of the container")
    os.close(master)


@test()
def a_terminal_without_a_socket_is_refused_when_detached(t):
    bundle = _with_terminal(t, "true").save()
    for words in (["create"], ["run", "-d"]):
        identity = t.id()
        result = t.call(*words, "-b", bundle.path, identity)
        t.equal(result.status, 1, f"status of {words}")
        if t.rt.name == "unitc":
            t.one_error(result, "console socket")
        t.gone(identity)
        t.no_unit(identity)


@test(peers="runc")
def a_socket_without_a_terminal_is_refused(t):
    console = _socket(t)
    bundle = t.bundle("true").save()
    for words in (["create"], ["run", "-d"], ["run"]):
        result = t.call(*words, "--console-socket", console.path, "-b", bundle.path, t.id())
        t.equal(result.status, 1, f"status of {words}")
        t.one_error(result, "cannot use console socket")


@test()
def a_console_socket_nobody_listens_on_leaves_nothing(t):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(t.path("dead.sock"))
    dead.close()
    bundle = _with_terminal(t, "sleep", "1000").save()
    for path in (t.path("dead.sock"), t.path("no.sock"), t.path("x" * 120)):
        identity = t.id()
        t.equal(t.call("create", "--console-socket", path, "-b", bundle.path, identity).status, 1, f"status for {path}")
        t.gone(identity)
        t.no_unit(identity)


@test(lane="both", peers="runc")
def in_the_foreground_both_sides_share_one_terminal(t):
    run = _foreground(t, _with_terminal(t, shell="tty; stty size; read line; echo got $line; exit 5"), 40, 120)
    text = run.read_until("40 120")
    t.contains(text, "/dev/pts/0", "40 120")
    run.write("some words\n")
    t.contains(run.read_until("got some words"), "got some words")
    t.equal(run.wait(), 5, "status")


@test()
def the_foreground_terminal_is_raw_meanwhile_and_restored_after(t):
    run = _foreground(t, _with_terminal(t, shell="echo ready; read x; exit 0"))
    run.read_until("ready")
    t.check(until(lambda: not run.settings()[3] & termios.ICANON), "the caller's terminal is not raw")
    run.write("\n")
    run.wait()
    t.equal(run.settings()[:4], run.settings_before[:4], "settings of the caller's terminal afterwards")


@test()
def keys_reach_the_container_as_signals(t):
    run = _foreground(t, _with_terminal(t, shell="trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"))
    run.read_until("ready")
    run.write("\x03")
    t.contains(run.read_until("interrupted"), "interrupted")
    t.equal(run.wait(), 9, "status")


@test()
def resizing_the_foreground_reaches_the_container(t):
    run = _foreground(t, _with_terminal(t, shell="trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"))
    run.read_until("ready")
    run.resize(31, 131)
    t.contains(run.read_until("31 131"), "31 131")
    run.process.send_signal(signal.SIGKILL)


@test(seconds=40, peers="runc")
def all_output_arrives_before_run_returns(t):
    run = _foreground(t, _with_terminal(t, shell="seq 1 5000"))
    text = read_all(run.master, "5000", 20)
    run.wait()
    t.equal(text.replace("\r", "").split(), [str(number) for number in range(1, 5001)], "lines")


@test()
def terminal_settings_are_restored_when_run_is_terminated(t):
    run = _foreground(t, _with_terminal(t, shell="trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done"))
    run.read_until("ready")
    run.process.terminate()
    t.equal(run.wait(), 3, "status")
    t.equal(run.settings()[:4], run.settings_before[:4], "settings of the caller's terminal")


@test()
def a_container_with_a_terminal_works_without_one_outside(t):
    bundle = _with_terminal(t, shell="stty size; tty; exit 4").save()
    result = t.call("run", "-b", bundle.path, t.id())
    t.check(result.status in (1, 4), f"status {result.status}")
    if result.status == 4:
        t.contains(result.out, "/dev/pts/0")


@test(peers="")
def the_containers_hangup_ends_run(t):
    run = _foreground(t, _with_terminal(t, shell="sleep 1000 & exit 6"))
    begin = time.monotonic()
    t.equal(run.wait(), 6, "status")
    t.check(time.monotonic() - begin < 8 * wait.SCALE, "run waited for a background process of the container")
