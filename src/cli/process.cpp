// SPDX-License-Identifier: Apache-2.0
#include "cli/process.hpp"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace unitc::cli {

Result<> settle() {
    if (::getauxval(AT_SECURE) != 0)
        return fail("unitc must not be installed set-user-ID or with file capabilities");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        // The lowest free number is `fd`: all below are open by now. Not
        // close-on-exec, as no standard descriptor is.
        const int null = ::open("/dev/null", O_RDWR | O_NOCTTY);
        if (null != fd)
            return fail_sys("open", "/dev/null");
    }
    // Engines close the read end of our pipes early, and a caller may have
    // limited its files; a write then fails instead of ending us half-way.
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
    // A caller's that is ignored would be inherited, and with it no child of
    // ours could be waited for (wait(2), ECHILD).
    ::signal(SIGCHLD, SIG_DFL);
    return {};
}

int passed_sockets() {
    const char* pid = std::getenv("LISTEN_PID");
    const char* count = std::getenv("LISTEN_FDS");
    if (pid == nullptr || count == nullptr || text::parse_int<pid_t>(pid) != ::getpid())
        return 0;
    // The same for longer than a pid says it, where the sender knew it.
    if (const char* id = std::getenv("LISTEN_PIDFDID")) {
        const auto self = sys::pidfd_open(::getpid());
        const uint64_t own = self ? sys::pidfd_inode(*self) : 0;
        if (own != 0 && text::parse_int<uint64_t>(id) != own)
            return 0;
    }
    const int sockets = text::parse_int<int>(count).value_or(0);
    return std::clamp(sockets, 0, kMostDescriptors);
}

Result<> guard_descriptors(int count) {
    for (int fd = 3; fd < 3 + count; ++fd)
        if (::fcntl(fd, F_GETFD) < 0)
            return fail("unable to stat preserved-fd " + std::to_string(fd - 3) + " (of " +
                        std::to_string(count) + "): descriptor " + std::to_string(fd) +
                        " is not open");
    if (::close_range(static_cast<unsigned>(3 + count), ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        return fail_sys("close_range");
    return {};
}

Result<> hide_memory() {
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_DUMPABLE");
    return {};
}

Result<Fd> open_log(const std::string& path) {
    // Not blocking: a named pipe without a reader must not hold us up.
    return TRY_IN("--log",
                  sys::open_at(AT_FDCWD, path.c_str(),
                               O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0644));
}

}  // namespace unitc::cli
