// SPDX-License-Identifier: Apache-2.0
#include "sys/clone.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/file.hpp"

namespace unitc::sys {

Result<Clone> clone_process(uint64_t flags, const Fd* cgroup) {
    int pidfd = -1;
    clone_args args{};
    args.flags = flags | CLONE_PIDFD;
    args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
    args.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
    if (cgroup != nullptr) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<uint64_t>(cgroup->get());
    }
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0 && errno == ENOSPC)
        return fail_sys("clone3", "a namespace beyond the limits in /proc/sys/user");
    if (pid < 0)
        return fail_sys("clone3");
    if (pid == 0)
        return Clone{};
    return Clone{static_cast<pid_t>(pid), Fd{pidfd}};
}

Result<> check_single_threaded() {
    const Fd task = TRY(open_at(AT_FDCWD, "/proc/self/task", O_PATH | O_DIRECTORY));
    const struct stat tasks = TRY(stat_fd(task));
    // "." and ".." and one directory.
    if (tasks.st_nlink != 3)
        return fail("cannot clone: more than one thread is running");
    return {};
}

}  // namespace unitc::sys
