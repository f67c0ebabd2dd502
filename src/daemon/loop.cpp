// SPDX-License-Identifier: Apache-2.0
#include "daemon/loop.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <iterator>

namespace unitc::daemon {

Result<Loop> Loop::open() {
    Fd epoll{::epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll)
        return fail_sys("epoll_create1");
    return Loop{std::move(epoll)};
}

Result<> Loop::watch(int fd, uint32_t events, std::function<void()> ready) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    const int operation = watched_.contains(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) < 0)
        return fail_sys("epoll_ctl");
    if (ready)
        watched_[fd] = std::move(ready);
    return {};
}

void Loop::forget(int fd) {
    if (watched_.erase(fd) != 0)
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Result<> Loop::turn(int timeout_ms) {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll_.get(), events, std::size(events), timeout_ms);
    if (count < 0 && errno != EINTR)
        return fail_sys("epoll_wait");
    for (int i = 0; i < count; ++i) {
        // One of those before may have forgotten it.
        const auto found = watched_.find(events[i].data.fd);
        if (found == watched_.end())
            continue;
        const auto ready = found->second;  // it may forget itself
        ready();
    }
    return {};
}

}  // namespace unitc::daemon
