// SPDX-License-Identifier: Apache-2.0
#include "cgroup/watch.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

// The number behind `key`; reading also tells the kernel that what happened so
// far is known. Nothing: the file is not open, or its group is gone.
std::optional<uint64_t> read_event(const Fd& file, std::string_view key) {
    char content[1024];
    if (!file)
        return std::nullopt;
    const ssize_t size =
        sys::retry_eintr([&] { return ::pread(file.get(), content, sizeof content, 0); });
    if (size < 0)
        return std::nullopt;
    for (const auto line : text::split({content, static_cast<size_t>(size)}, '\n'))
        if (line.starts_with(key) && line.substr(key.size()).starts_with(' '))
            return text::parse_int<uint64_t>(line.substr(key.size() + 1));
    return std::nullopt;
}

}  // namespace

Watch::Watch(Fd events, Fd memory, Fd init)
    : events_(std::move(events)), memory_(std::move(memory)), init_(std::move(init)) {}

Result<Watch> Watch::begin(const Fd& cgroup, Fd init) {
    Fd events = TRY(sys::open_at(cgroup, "cgroup.events", O_RDONLY));
    auto memory = sys::open_at(cgroup, "memory.events", O_RDONLY);
    if (!memory && memory.error().code != ENOENT)
        return Failure{std::move(memory).error()};
    Watch watch{std::move(events), memory ? *std::move(memory) : Fd{}, std::move(init)};
    watch.new_oom_kills();
    return watch;
}

Result<> Watch::wait(Deadline until) {
    // The kernel tells a change at most every 10 ms, a later one by a timer,
    // and forgets that timer when the group is removed before: so a look now
    // and then, often when the end is near.
    constexpr int kSeldomMs = 1'000;
    constexpr int kOftenMs = 10;
    pollfd files[] = {{events_.get(), POLLPRI, 0},
                      {memory_ ? memory_.get() : -1, POLLPRI, 0},
                      {init_ ? init_.get() : -1, POLLIN, 0}};
    const int patience = std::min(until.left_ms(), init_ ? kSeldomMs : kOftenMs);
    if (sys::retry_eintr([&] { return ::poll(files, std::size(files), patience); }) < 0)
        return fail_sys("poll");
    if (files[2].revents != 0)
        init_.reset();
    return {};
}

uint64_t Watch::new_oom_kills() {
    const uint64_t now = read_event(memory_, "oom_kill").value_or(oom_kills_);
    const uint64_t fresh = now > oom_kills_ ? now - oom_kills_ : 0;
    oom_kills_ = now;
    return fresh;
}

bool Watch::lives() const {
    return read_event(events_, "populated").value_or(0) != 0;
}

}  // namespace unitc::cgroup
