// SPDX-License-Identifier: Apache-2.0
#include "sys/process.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::sys {
namespace {

constexpr long kPidfsMagic = 0x50494446;  // linux/magic.h, since Linux 6.9

// Fields 3 (state) and 22 (starttime) of /proc/PID/stat. The command name in
// field 2 may hold anything, so counting starts behind its last ')'.
struct Stat {
    char state;
    uint64_t start_time;
};

Result<Stat> read_stat(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const std::string text = TRY(read_file(AT_FDCWD, path.c_str()));
    const size_t close = text.rfind(')');
    if (close == std::string::npos || close + 2 >= text.size())
        return fail(path + ": no command name");
    const auto fields = text::split(std::string_view{text}.substr(close + 2), ' ');
    constexpr size_t kStartTime = 22 - 3;
    if (fields.size() <= kStartTime)
        return fail(path + ": too few fields");
    const auto start = text::parse_int<uint64_t>(fields[kStartTime]);
    if (!start || fields[0].empty())
        return fail(path + ": no start time");
    return Stat{fields[0].front(), *start};
}

}  // namespace

uint64_t pidfd_inode(const Fd& pidfd) {
    struct statfs fs {};
    struct stat status {};
    // Before pidfs all pidfds share one anonymous inode, which tells nothing.
    if (::fstatfs(pidfd.get(), &fs) < 0 || fs.f_type != kPidfsMagic ||
        ::fstat(pidfd.get(), &status) < 0)
        return 0;
    return status.st_ino;
}

Result<> reset_signals() {
    sigset_t none;
    sigemptyset(&none);
    for (int signal = 1; signal < NSIG; ++signal)
        if (signal != SIGKILL && signal != SIGSTOP)
            ::signal(signal, SIG_DFL);  // fails for the two of glibc's own only
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) < 0)
        return fail_sys("sigprocmask");
    return {};
}

Result<Fd> pidfd_open(pid_t pid) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    // The number is still that of a session or process group whose leader is no
    // more; kernels before 6.16 say it so.
    if (fd < 0 && errno == EINVAL)
        errno = ESRCH;
    if (fd < 0)
        return fail_sys("pidfd_open", std::to_string(pid));
    return Fd{fd};
}

Result<ProcessIdentity> identify(const Fd& pidfd, pid_t pid) {
    const Stat stat = TRY(read_stat(pid));
    // The stat file was read by pid: it is this process's only if the pidfd's
    // process still exists now (its pid cannot have been reused before).
    TRY(send_signal(pidfd, 0));
    return ProcessIdentity{pid, stat.start_time, pidfd_inode(pidfd)};
}

Result<Fd> find(const ProcessIdentity& identity) {
    if (identity.pid <= 0)
        return fail_code(ESRCH, "find process");
    Fd pidfd = TRY(pidfd_open(identity.pid));
    const uint64_t inode = pidfd_inode(pidfd);
    if (identity.pidfd_inode != 0 && inode != 0) {
        // No two processes of a boot have the same; that says all.
        const bool ended = TRY(wait_ended(pidfd, 0));
        if (ended || inode != identity.pidfd_inode)
            return fail_code(ESRCH, "find process", std::to_string(identity.pid));
        return pidfd;
    }
    const auto stat = read_stat(identity.pid);
    if (!stat || stat->state == 'Z' || stat->state == 'X' ||
        stat->start_time != identity.start_time || !send_signal(pidfd, 0))
        return fail_code(ESRCH, "find process", std::to_string(identity.pid));
    return pidfd;
}

Result<> send_signal(const Fd& pidfd, int signal) {
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) < 0)
        return fail_sys("pidfd_send_signal");
    return {};
}

Result<bool> wait_ended(const Fd& pidfd, int timeout_ms) {
    pollfd ended{pidfd.get(), POLLIN, 0};
    const int ready = retry_eintr([&] { return ::poll(&ended, 1, timeout_ms); });
    if (ready < 0)
        return fail_sys("poll");
    return ready == 1;
}

Result<int> reap(const Fd& pidfd) {
    siginfo_t info{};
    constexpr auto kPidfd = static_cast<idtype_t>(3);  // P_PIDFD
    if (retry_eintr([&] {
            return ::waitid(kPidfd, static_cast<id_t>(pidfd.get()), &info, WEXITED | __WALL);
        }) < 0)
        return fail_sys("waitid");
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

}  // namespace unitc::sys
