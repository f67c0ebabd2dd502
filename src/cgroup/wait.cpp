// SPDX-License-Identifier: Apache-2.0
// Waiting for a group to become empty or to vanish. Not by inotify: closing
// an inotify descriptor waits for a grace period of the kernel (SRCU), which
// cost more than all the rest of ending a container.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

constexpr int kLookMs = 100;

bool is_gone(const Error& error) {
    // ENODEV: the directory was removed while its descriptor is open.
    return error.code == ENOENT || error.code == ENODEV;
}

Failure late(const std::string& path, const char* what) {
    return fail_code(ETIMEDOUT,
                     std::string{"wait until cgroup '"} + text::printable(path) + "' is " + what);
}

// Longer from one time to the next: systemd mostly needs less than a
// millisecond to remove an empty scope, a busy one is not helped by our looks.
class Pauses {
public:
    void next(Deadline deadline) {
        const timespec pause{0, std::min(pause_us_, deadline.left_us()) * 1000};
        ::clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
        pause_us_ = std::min(pause_us_ * 2, kLongestUs);
    }

private:
    static constexpr int64_t kLongestUs = 10'000;
    int64_t pause_us_ = 100;
};

}  // namespace

Result<> wait_empty(const std::string& path, Deadline deadline) {
    const Result<Fd> group = open(path);
    if (!group)
        return is_gone(group.error()) ? Result<>{} : Failure{group.error()};
    const auto events = sys::open_at(*group, "cgroup.events", O_RDONLY);
    if (!events)
        return is_gone(events.error()) ? Result<>{} : Failure{events.error()};
    for (;;) {
        // Reading by this very descriptor: kernfs tells it by POLLPRI of each
        // change after its last read.
        if (::lseek(events->get(), 0, SEEK_SET) < 0)
            return fail_sys("lseek", "cgroup.events");
        const auto text = sys::read_all(*events, 4096);
        if (!text && !is_gone(text.error()))
            return Failure{text.error()};
        if (!text || text->find("populated 1") == std::string::npos)
            return {};
        if (deadline.passed())
            return late(path, "empty");
        pollfd change{events->get(), POLLPRI, 0};
        // A removal may go unseen, so look again now and then.
        if (sys::retry_eintr(
                [&] { return ::poll(&change, 1, std::min(deadline.left_ms(), kLookMs)); }) < 0)
            return fail_sys("poll", "cgroup.events");
    }
}

Result<> wait_gone(const std::string& path, Deadline deadline) {
    for (Pauses pauses;; pauses.next(deadline)) {
        const Result<Fd> group = open(path);
        if (!group)
            return is_gone(group.error()) ? Result<>{} : Failure{group.error()};
        if (deadline.passed())
            return late(path, "gone");
    }
}

}  // namespace unitc::cgroup
