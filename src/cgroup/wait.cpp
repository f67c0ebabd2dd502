// SPDX-License-Identifier: Apache-2.0
// Waiting for a group to become empty or to vanish, by inotify: the kernel
// reports each change of cgroup.events, and the removal of a directory.
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

bool is_gone(const Error& error) {
    // ENODEV: the directory was removed while its descriptor is open.
    return error.code == ENOENT || error.code == ENODEV;
}

Result<Fd> watch(const Fd& group, const char* name, uint32_t events, bool* gone) {
    Fd inotify{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    if (!inotify)
        return fail_sys("inotify_init1");
    // By the open descriptor, so that no path is walked a second time.
    const std::string path = "/proc/self/fd/" + std::to_string(group.get()) + name;
    if (::inotify_add_watch(inotify.get(), path.c_str(), events) < 0) {
        *gone = errno == ENOENT || errno == ENODEV;
        if (!*gone)
            return fail_sys("inotify_add_watch");
    }
    return inotify;
}

// True when something happened, false at the deadline.
Result<bool> wait_event(const Fd& inotify, int timeout_ms) {
    pollfd ready{inotify.get(), POLLIN, 0};
    const int count = sys::retry_eintr([&] { return ::poll(&ready, 1, timeout_ms); });
    if (count < 0)
        return fail_sys("poll");
    // What it was does not matter: the state is read again.
    alignas(inotify_event) char events[4096];
    while (::read(inotify.get(), events, sizeof events) > 0) {
    }
    return count > 0;
}

Failure late(const std::string& path, const char* what) {
    return fail_code(ETIMEDOUT,
                     std::string{"wait until cgroup '"} + text::printable(path) + "' is " + what);
}

}  // namespace

Result<> wait_empty(const std::string& path, Deadline deadline) {
    const Result<Fd> group = open(path);
    if (!group)
        return is_gone(group.error()) ? Result<>{} : Failure{group.error()};
    bool gone = false;
    // First the watch, then the look: no change falls between.
    const Fd inotify = TRY(watch(*group, "/cgroup.events", IN_MODIFY, &gone));
    while (!gone) {
        const Result<bool> alive = populated(*group);
        if (!alive && !is_gone(alive.error()))
            return Failure{alive.error()};
        if (!alive || !*alive)
            return {};
        if (deadline.passed())
            return late(path, "empty");
        TRY(wait_event(inotify, deadline.left_ms()));
    }
    return {};
}

Result<> wait_gone(const std::string& path, Deadline deadline) {
    // Removal reaches who watches the parent, in the same cgroup namespace as
    // the remover; elsewhere it is looked for now and then.
    constexpr int kLookMs = 100;
    for (;;) {
        const Result<Fd> group = open(path);
        if (!group)
            return is_gone(group.error()) ? Result<>{} : Failure{group.error()};
        const Fd parent = TRY(sys::open_at(*group, "..", O_PATH | O_DIRECTORY));
        bool gone = false;
        const Fd inotify = TRY(watch(parent, "", IN_DELETE | IN_ONLYDIR, &gone));
        // First the watch, then the look.
        if (gone || !open(path))
            continue;
        if (deadline.passed())
            return late(path, "gone");
        TRY(wait_event(inotify, std::min(deadline.left_ms(), kLookMs)));
    }
}

}  // namespace unitc::cgroup
