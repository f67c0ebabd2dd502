// SPDX-License-Identifier: Apache-2.0
#include "ops/foreground.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "ops/terminal_relay.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace unitc::ops {
namespace {

// Every child that has ended, ours and, as a subreaper, the container's
// orphans; the status of `pid` when it was among them.
std::optional<int> reap_all(pid_t pid) {
    std::optional<int> status;
    int raw = 0;
    for (;;) {
        const pid_t ended = ::waitpid(-1, &raw, WNOHANG | __WALL);
        if (ended <= 0)
            return status;
        if (ended == pid)
            status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    }
}

// What concerns us alone, or tells the container nothing: as with runc.
bool is_forwarded(uint32_t signal) {
    return signal != SIGCHLD && signal != SIGWINCH && signal != SIGURG && signal != SIGPIPE;
}

std::optional<signalfd_siginfo> next_signal(const Fd& signals) {
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info))
        return std::nullopt;
    return info;
}

}  // namespace

Result<Foreground> Foreground::begin() {
    sigset_t all;
    sigfillset(&all);
    if (::sigprocmask(SIG_BLOCK, &all, nullptr) < 0)
        return fail_sys("sigprocmask");
    const int fd = ::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return fail_sys("signalfd");
    return Foreground{Fd{fd}};
}

Result<int> Foreground::wait(const launch::Child& child, Fd master) {
    const auto reaped = [&]() -> Result<std::optional<int>> { return reap_all(child.pid()); };
    return wait(child.pidfd(), reaped, std::move(master));
}

Result<int> Foreground::wait(const Fd& pidfd, const Ask& ask, Fd master) {
    std::optional<TerminalRelay> relay;
    if (master)
        relay.emplace(TRY(TerminalRelay::begin(std::move(master))));
    std::optional<int> status;
    std::vector<pollfd> polled;
    while (!status) {
        polled.assign({{signals_.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}});
        if (relay)
            relay->add_to(polled);
        if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR)
            return fail_sys("poll");
        while (const auto signal = next_signal(signals_)) {
            if (signal->ssi_signo == SIGWINCH && relay)
                relay->resize();
            // A process that has just ended needs no signal any more.
            if (is_forwarded(signal->ssi_signo)) [[maybe_unused]]
                const auto sent = sys::send_signal(pidfd, static_cast<int>(signal->ssi_signo));
        }
        if (relay)
            relay->advance();
        status = TRY(ask());
    }
    if (relay)
        relay->drain();
    return *status;
}

void warn_of_victims(const cgroup::VictimLog& log) {
    for (const cgroup::Victim& victim : log.fresh())
        log::warning("out of memory: the kernel has killed process " + std::to_string(victim.pid) +
                     " ('" + victim.name + "') of the container");
}

}  // namespace unitc::ops
