// SPDX-License-Identifier: Apache-2.0
#include "cgroup/grace.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "sys/file.hpp"
#include "sys/process.hpp"
#include "sys/procfs.hpp"

namespace unitc::cgroup {
namespace {

// __WCLONE is an unsigned constant, the calls take an int.
constexpr int kCloned = static_cast<int>(__WCLONE);

Result<> move_to_where_we_are() {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const std::string path = "/sys/fs/cgroup" + TRY(sys::cgroup_of(proc, "self"));
    const Fd group = TRY(sys::open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY));
    return sys::write_file(group.get(), "cgroup.procs", "0");
}

}  // namespace

// A child without an exit signal wakes no SIGCHLD handler, and nobody but
// __WCLONE finds it: no one takes it for the container's process.

void begin_grace_period() noexcept {
    siginfo_t child{};
    if (::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT | kCloned) == 0)
        return;
    clone_args args{};
    if (::syscall(SYS_clone3, &args, sizeof args) != 0)
        return;
    [[maybe_unused]] const auto moved = move_to_where_we_are();
    ::_exit(0);
}

void end_grace_period() noexcept {
    [[maybe_unused]] const pid_t ended =
        sys::retry_eintr([] { return ::waitpid(-1, nullptr, kCloned); });
}

}  // namespace unitc::cgroup
