// SPDX-License-Identifier: Apache-2.0
#include "notify/manager.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "sys/datagram.hpp"
#include "sys/file.hpp"

namespace unitc::notify {
namespace {

// A manager that is busy; another one than systemd may not know barriers.
constexpr int kPatienceMs = 5000;

bool is_gone(int code) {
    return code == ECONNREFUSED || code == ENOTCONN || code == ECONNRESET || code == ENOENT;
}

}  // namespace

bool is_address(std::string_view address) {
    return address.size() > 1 && (address[0] == '/' || address[0] == '@');
}

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0)
        return fail_sys("pipe2");
    return Pipe{Fd{ends[0]}, Fd{ends[1]}};
}

Result<Manager> Manager::connect(std::string address) {
    Fd socket = TRY(sys::connect_datagram(address));
    return Manager{std::move(address), std::move(socket)};
}

Result<> Manager::send(std::string_view text, std::span<const Fd> fds, pid_t sender) {
    auto sent = sys::send_datagram(socket_, text, fds, sender);
    if (!sent && is_gone(sent.error().code)) {
        // It was executed anew, and its socket with it.
        socket_ = TRY(sys::connect_datagram(address_));
        sent = sys::send_datagram(socket_, text, fds, sender);
    }
    if (!sent && sender != 0 && (sent.error().code == EPERM || sent.error().code == ESRCH))
        sent = sys::send_datagram(socket_, text, fds, 0);
    return sent;
}

Result<> Manager::announce_main(pid_t pid, const Fd& pidfd) {
    // systemd before 257 takes the pid and closes the descriptor.
    TRY(send("MAINPID=" + std::to_string(pid) + "\nMAINPIDFD=1", {&pidfd, 1}, 0));
    Pipe barrier = TRY(make_pipe());
    TRY(send("BARRIER=1", {&barrier.write, 1}, 0));
    barrier.write.reset();
    pollfd end{barrier.read.get(), POLLIN, 0};
    const int met = sys::retry_eintr([&] { return ::poll(&end, 1, kPatienceMs); });
    if (met < 0)
        return fail_sys("poll");
    if (met == 0)
        return fail_code(ETIMEDOUT, "wait for the service manager");
    return {};
}

}  // namespace unitc::notify
