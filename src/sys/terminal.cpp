// SPDX-License-Identifier: Apache-2.0
#include "sys/terminal.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <termios.h>

#include "sys/file.hpp"

namespace unitc::sys {

Result<Pty> open_pty(const Fd& devpts) {
    Pty pty;
    pty.master = TRY(open_at(devpts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW));
    struct statfs fs {};
    if (::fstatfs(pty.master.get(), &fs) < 0)
        return fail_sys("fstatfs", "ptmx");
    if (fs.f_type != DEVPTS_SUPER_MAGIC)
        return fail("ptmx is not on a devpts file system");
    int unlocked = 0;
    if (::ioctl(pty.master.get(), TIOCSPTLCK, &unlocked) < 0)
        return fail_sys("ioctl TIOCSPTLCK");
    const int peer = ::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (peer < 0)
        return fail_sys("ioctl TIOCGPTPEER");
    pty.peer = Fd{peer};

    termios settings{};
    if (::tcgetattr(pty.peer.get(), &settings) < 0)
        return fail_sys("tcgetattr");
    settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
    if (::tcsetattr(pty.peer.get(), TCSANOW, &settings) < 0)
        return fail_sys("tcsetattr");
    return pty;
}

Result<> set_window(const Fd& terminal, uint16_t rows, uint16_t columns) {
    winsize size{};
    size.ws_row = rows;
    size.ws_col = columns;
    if (::ioctl(terminal.get(), TIOCSWINSZ, &size) < 0)
        return fail_sys("ioctl TIOCSWINSZ");
    return {};
}

Result<> copy_window(int from, const Fd& to) {
    winsize size{};
    if (::ioctl(from, TIOCGWINSZ, &size) < 0)
        return fail_sys("ioctl TIOCGWINSZ");
    if (::ioctl(to.get(), TIOCSWINSZ, &size) < 0)
        return fail_sys("ioctl TIOCSWINSZ");
    return {};
}

}  // namespace unitc::sys
