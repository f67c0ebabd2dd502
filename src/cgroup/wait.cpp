// SPDX-License-Identifier: Apache-2.0
// Waiting for a group to vanish. Not by inotify: closing an inotify
// descriptor waits for a grace period of the kernel (SRCU), which cost more
// than all the rest of ending a container.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"

namespace unitc::cgroup {
namespace {

void rest(Pauses& pauses, Deadline deadline) {
    const timespec pause{0, std::min(pauses.next_us(), deadline.left_us()) * 1000};
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
}

// Makes systemd read cgroup.events now. It waits for inotify's IN_MODIFY, and
// the kernel tells a change at most every 10 ms (CGROUP_FILE_NOTIFY_MIN_INTV):
// the end of a short-lived container comes that much later, so does the freeze
// soon after a thaw, and the end of a process that died before it was moved
// into the group comes never. A new mtime alone is IN_MODIFY, too
// (fsnotify_change() in the kernel).
void announce(const Fd& group) {
    const timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    // Where it is not allowed, systemd learns it in its own time.
    [[maybe_unused]] const int told = ::utimensat(group.get(), "cgroup.events", times, 0);
}

}  // namespace

Result<> wait_gone(const std::string& path, Deadline deadline) {
    for (Pauses pauses;; rest(pauses, deadline)) {
        const Result<Fd> group = open(path);
        if (!group)
            // ENODEV: the directory was removed while its descriptor is open.
            return group.error().code == ENOENT || group.error().code == ENODEV
                       ? Result<>{}
                       : Failure{group.error()};
        if (deadline.passed())
            return fail_code(ETIMEDOUT,
                             "wait until cgroup '" + text::printable(path) + "' is gone");
        if (const auto lives = populated(*group); lives && !*lives)
            announce(*group);
    }
}

Result<> wait_empty(const Fd& cgroup, Deadline deadline) {
    for (Pauses pauses;; rest(pauses, deadline)) {
        const auto lives = populated(cgroup);
        if (!lives && (lives.error().code == ENODEV || lives.error().code == ENOENT))
            return {};
        if (!lives)
            return Failure{lives.error()};
        if (!*lives)
            return {};
        if (deadline.passed())
            return fail_code(ETIMEDOUT, "its processes do not end");
    }
}

Result<> wait_frozen(const Fd& cgroup, bool wanted, Deadline deadline) {
    for (Pauses pauses;; rest(pauses, deadline)) {
        const bool is_frozen = TRY(frozen(cgroup));
        if (is_frozen == wanted)
            return {};
        if (deadline.passed())
            return fail_code(ETIMEDOUT, wanted ? "some of its processes do not freeze"
                                               : "it is still frozen: is a slice above it?");
    }
}

bool announce_frozen(const Fd& cgroup, bool wanted) {
    const auto is_frozen = frozen(cgroup);
    if (!is_frozen || *is_frozen != wanted)
        return false;
    announce(cgroup);
    return true;
}

}  // namespace unitc::cgroup
