// SPDX-License-Identifier: Apache-2.0
// The container's terminal: a pty of its own devpts, its peer on 0, 1, 2 and
// on /dev/console, its master sent to the parent.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/path.hpp"
#include "sys/terminal.hpp"

namespace unitc::init {
namespace {

Result<> bind_console(Context& context, const Fd& peer) {
    const Fd dev = TRY(sys::open_in_root(context.root, "/dev", O_PATH | O_DIRECTORY | O_NOFOLLOW));
    // O_NOFOLLOW and never O_TRUNC: an image's symlink of that name would
    // otherwise create or empty a file elsewhere (CVE-2025-52565).
    const Fd target =
        TRY(sys::open_below(dev, "console", O_CREAT | O_NOFOLLOW | O_RDONLY | O_NONBLOCK | O_NOCTTY,
                            sys::kBelowNoLinks, 0600));
    const Fd copy = TRY(sys::open_tree_clone(peer.get(), "", false));
    return sys::move_mount_onto(copy, target);
}

Result<> apply_size(Context& context, const Fd& master) {
    const auto& size = context.plan.process.console_size;
    if (!size)
        return {};
    return sys::set_window(master, size->height, size->width);
}

}  // namespace

Result<> open_console(Context& context) {
    const Fd devpts =
        TRY_IN("terminal", sys::open_in_root(context.root, "/dev/pts", O_PATH | O_DIRECTORY));
    sys::Pty pty = TRY_IN("terminal", sys::open_pty(devpts));
    TRY_IN("process.consoleSize", apply_size(context, pty.master));
    if (context.plan.set_up_dev)
        TRY_IN("/dev/console", bind_console(context, pty.peer));
    if (::fchown(pty.peer.get(), context.plan.process.uid, static_cast<gid_t>(-1)) < 0)
        return fail_sys("fchown", "terminal");
    TRY(context.channel.send(wire::Message::Terminal, {}, {pty.master.get()}));
    if (::ioctl(pty.peer.get(), TIOCSCTTY, 0) < 0)
        return fail_sys("ioctl TIOCSCTTY");
    for (int fd = 0; fd <= 2; ++fd)
        if (::dup2(pty.peer.get(), fd) < 0)
            return fail_sys("dup2");
    return {};
}

}  // namespace unitc::init
