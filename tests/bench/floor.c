// SPDX-License-Identifier: Apache-2.0
// The floor that a runtime is measured against: six new namespaces, the default mounts by the new
// mount API, one transient scope whose job is awaited, pivot_root, exec of a program and wait. The
// job runs while the child mounts; nothing is checked beyond what is needed to fail loudly.
// usage: floor ROOTFS UNIT PROGRAM [ARGUMENT...]
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

static void must(long result, const char* what) {
    if (result < 0) {
        fprintf(stderr, "floor: %s: %s\n", what, strerror(result == -1 ? errno : (int)-result));
        _exit(125);
    }
}

static void set(int fs, const char* key, const char* value) {
    must(fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0), key);
}

// Mounts a new file system on a path below `root`; options as name, value pairs.
static void mount_new(int root, const char* type, const char* at, unsigned attributes, const char* const* options) {
    const int fs = fsopen(type, FSOPEN_CLOEXEC);
    must(fs, type);
    for (; options && *options; options += 2)
        set(fs, options[0], options[1]);
    must(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
    const int tree = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
    must(tree, "fsmount");
    must(move_mount(tree, "", root, at, MOVE_MOUNT_F_EMPTY_PATH), at);
    close(tree);
    close(fs);
}

static void node(int root, const char* at, unsigned major, unsigned minor) {
    must(mknodat(root, at, S_IFCHR | 0666, (dev_t)((major << 8) | minor)), at);
}

// What a default bundle asks for, but for masks, capabilities and the like.
static void child(const char* rootfs, int ready, int go, char** program) {
    must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "slave /");
    int root = open_tree(AT_FDCWD, rootfs, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    must(root, "open_tree");
    must(move_mount(root, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH), "move_mount rootfs");
    const unsigned none = 0;
    const unsigned safe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    mount_new(root, "proc", "proc", none, NULL);
    mount_new(root, "tmpfs", "dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, (const char* const[]){"mode", "755", "size", "65536k", NULL});
    umask(0);
    must(mkdirat(root, "dev/pts", 0755) | mkdirat(root, "dev/shm", 0755) | mkdirat(root, "dev/mqueue", 0755), "mkdir");
    mount_new(root, "devpts", "dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
              (const char* const[]){"newinstance", NULL, "ptmxmode", "0666", "mode", "0620", "gid", "5", NULL});
    mount_new(root, "tmpfs", "dev/shm", safe, (const char* const[]){"mode", "1777", "size", "65536k", NULL});
    mount_new(root, "mqueue", "dev/mqueue", safe, NULL);
    mount_new(root, "sysfs", "sys", safe | MOUNT_ATTR_RDONLY, NULL);
    node(root, "dev/null", 1, 3);
    node(root, "dev/zero", 1, 5);
    node(root, "dev/full", 1, 7);
    node(root, "dev/random", 1, 8);
    node(root, "dev/urandom", 1, 9);
    node(root, "dev/tty", 5, 0);
    must(symlinkat("/proc/self/fd", root, "dev/fd") | symlinkat("pts/ptmx", root, "dev/ptmx"), "symlink");
    umask(022);
    must(write(ready, "r", 1), "write");
    char byte;
    if (read(go, &byte, 1) != 1)
        _exit(124);
    must(unshare(CLONE_NEWCGROUP), "unshare");
    mount_new(root, "cgroup2", "sys/fs/cgroup", safe | MOUNT_ATTR_RDONLY, NULL);
    must(sethostname("floor", 5), "sethostname");
    must(fchdir(root), "fchdir");
    must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount2");
    must(chdir("/"), "chdir");
    must(setsid(), "setsid");
    must(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), "close_range");
    execv(program[0], program);
    must(-1, program[0]);
}

static char* awaited;
static char* outcome;

static int on_job_removed(sd_bus_message* message, void* data, sd_bus_error* error) {
    (void)data, (void)error;
    const char *path, *unit, *result;
    uint32_t number;
    must(sd_bus_message_read(message, "uoss", &number, &path, &unit, &result), "JobRemoved");
    if (awaited && strcmp(path, awaited) == 0)
        outcome = strdup(result);
    return 0;
}

static void start_scope(sd_bus* bus, const char* unit, pid_t pid) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    must(sd_bus_match_signal_async(bus, NULL, "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                   "JobRemoved", on_job_removed, NULL, NULL), "match");
    must(sd_bus_message_new_method_call(bus, &call, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                        "org.freedesktop.systemd1.Manager", "StartTransientUnit"), "new call");
    must(sd_bus_message_append(call, "ssa(sv)a(sa(sv))", unit, "fail", 5, "PIDs", "au", 1, (uint32_t)pid, "Slice", "s", "system.slice",
                               "Delegate", "b", 1, "CollectMode", "s", "inactive-or-failed", "DefaultDependencies", "b", 0, 0), "append");
    const int called = sd_bus_call(bus, call, 0, &error, &reply);
    if (called < 0)
        fprintf(stderr, "floor: %s\n", error.message ? error.message : "StartTransientUnit");
    must(called, "StartTransientUnit");
    const char* path;
    must(sd_bus_message_read(reply, "o", &path), "reply");
    awaited = strdup(path);
    // The signal may have come before the reply: it is then still queued, as nothing was processed.
    while (!outcome) {
        const int handled = sd_bus_process(bus, NULL);
        must(handled, "process");
        if (handled == 0)
            must(sd_bus_wait(bus, UINT64_MAX), "wait");
    }
    if (strcmp(outcome, "done") != 0) {
        fprintf(stderr, "floor: job %s\n", outcome);
        _exit(125);
    }
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
}

int main(int count, char** words) {
    if (count < 4) {
        fprintf(stderr, "usage: floor ROOTFS UNIT PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    int ready[2], go[2];
    must(pipe2(ready, O_CLOEXEC) | pipe2(go, O_CLOEXEC), "pipe2");
    struct clone_args how = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET, .exit_signal = SIGCHLD};
    const pid_t pid = (pid_t)syscall(SYS_clone3, &how, sizeof how);
    must(pid, "clone3");
    if (pid == 0)
        child(words[1], ready[1], go[0], words + 3);
    sd_bus* bus = NULL;
    must(sd_bus_open_system(&bus), "open the system bus");
    start_scope(bus, words[2], pid);
    char byte;
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        return 125;
    must(write(go[1], "g", 1), "write");
    sd_bus_flush_close_unref(bus);
    int status;
    must(waitpid(pid, &status, 0), "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
