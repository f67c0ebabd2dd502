// SPDX-License-Identifier: Apache-2.0
#include "daemon/workers.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace unitc::daemon {
namespace {

// "ESRCH's number, a blank, what went wrong"; "0 " is done.
std::string answer_of(const Result<>& outcome) {
    if (outcome)
        return "0 ";
    std::string text = std::to_string(outcome.error().code) + "," + outcome.error().message;
    return text.substr(0, PIPE_BUF);
}

Result<> outcome_of(const std::string& answer) {
    if (answer == "0 ")
        return {};
    const size_t comma = answer.find(',');
    const auto code = text::parse_int<int>(std::string_view{answer}.substr(0, comma));
    if (!code || comma == std::string::npos)
        return fail("the process of the operation ended without an answer");
    return Failure{Error{*code, answer.substr(comma + 1)}};
}

// No descriptor of the bus may live on in a child, or its end would not be seen.
[[noreturn]] void work(const Workers::Verb& verb, int answer) noexcept {
    if (answer != 3 && ::dup3(answer, 3, O_CLOEXEC) < 0)
        ::_exit(1);
    ::close_range(4, UINT_MAX, 0);
    const Fd out{3};
    if (!sys::reset_signals())
        ::_exit(1);
    const bool said = sys::write_all(out, answer_of(verb())).has_value();
    ::_exit(said ? 0 : 1);
}

}  // namespace

Result<> Workers::run(const Verb& verb, Done done) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return fail_sys("pipe2");
    Fd ours{ends[0]};
    Fd theirs{ends[1]};
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_sys("fork");
    if (pid == 0)
        work(verb, theirs.get());
    const int fd = ours.get();
    running_.emplace(fd, Worker{pid, std::move(ours), {}, std::move(done)});
    auto watched = loop_.watch(fd, EPOLLIN, [this, fd] { hear(fd); });
    if (!watched)
        running_.erase(fd);
    return watched;
}

void Workers::hear(int fd) {
    Worker& worker = running_.at(fd);
    char buffer[PIPE_BUF];
    const ssize_t size = sys::retry_eintr([&] { return ::read(fd, buffer, sizeof buffer); });
    if (size < 0 && errno == EAGAIN)
        return;
    if (size > 0) {
        worker.text.append(buffer, static_cast<size_t>(size));
        return;
    }
    loop_.forget(fd);
    const Worker ended = std::move(worker);
    running_.erase(fd);
    // It has closed its end, so it is ending: this takes no time.
    sys::retry_eintr([&] { return ::waitpid(ended.pid, nullptr, 0); });
    ended.done(outcome_of(ended.text));
}

void Workers::abandon() {
    for (const auto& [fd, worker] : running_)
        loop_.forget(fd);
    running_.clear();
}

}  // namespace unitc::daemon
