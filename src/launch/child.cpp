// SPDX-License-Identifier: Apache-2.0
#include "launch/child.hpp"

#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "init/child.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace unitc::launch {
namespace {

// clone3 copies one thread: a lock another one holds would stay locked in the
// child for ever.
Result<> check_single_threaded() {
    const Fd task = TRY(sys::open_at(AT_FDCWD, "/proc/self/task", O_PATH | O_DIRECTORY));
    const struct stat tasks = TRY(sys::stat_fd(task));
    // "." and ".." and one directory.
    if (tasks.st_nlink != 3)
        return fail("cannot clone: more than one thread is running");
    return {};
}

}  // namespace

Child::Child(pid_t pid, Fd pidfd, wire::Channel channel)
    : pid_(pid), pidfd_(std::move(pidfd)), channel_(std::move(channel)) {}

Child::Child(Child&& other) noexcept
    : pid_(other.pid_),
      pidfd_(std::move(other.pidfd_)),
      channel_(std::move(other.channel_)),
      released_(std::exchange(other.released_, true)) {}

Child::~Child() {
    kill();
}

void Child::kill() {
    if (released_ || !pidfd_)
        return;
    released_ = true;
    // Gone already is as good.
    [[maybe_unused]] const auto killed = sys::send_signal(pidfd_, SIGKILL);
    [[maybe_unused]] const auto reaped = sys::reap(pidfd_);
}

Result<Child> spawn(const plan::InitPlan& plan, Fd start_listener) {
    TRY(check_single_threaded());
    auto [ours, theirs] = TRY(wire::make_pair());
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_PIDFD | plan.new_namespaces;
    args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
    args.exit_signal = SIGCHLD;
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0)
        return fail_sys("clone3");
    if (pid == 0)
        init::child_main(plan, {std::move(theirs), std::move(start_listener)});
    return Child{static_cast<pid_t>(pid), Fd{pidfd}, std::move(ours)};
}

}  // namespace unitc::launch
