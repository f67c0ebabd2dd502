// SPDX-License-Identifier: Apache-2.0
#include "cli/process.hpp"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/file.hpp"

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
    // Engines close the read end of our pipes early; a write then fails
    // instead of ending us half-way.
    ::signal(SIGPIPE, SIG_IGN);
    return {};
}

Result<> guard_descriptors(int preserve) {
    for (int fd = 3; fd < 3 + preserve; ++fd)
        if (::fcntl(fd, F_GETFD) < 0)
            return fail("unable to stat preserved-fd " + std::to_string(fd - 3) + " (of " +
                        std::to_string(preserve) + "): descriptor " + std::to_string(fd) +
                        " is not open");
    if (::close_range(static_cast<unsigned>(3 + preserve), ~0U, CLOSE_RANGE_CLOEXEC) < 0)
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
