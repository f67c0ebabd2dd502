// SPDX-License-Identifier: Apache-2.0
#include "notify/relay.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "notify/container.hpp"
#include "sys/clone.hpp"
#include "sys/datagram.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace unitc::notify {
namespace {

// At a time, so that a flood does not keep us from what else there is.
constexpr int kMostAtOnce = 64;
// Of the container's that wait; more of them wait in the socket.
constexpr size_t kMostBarriers = 16;
// After the service's end was asked for and nothing was heard.
constexpr int kLingerMs = 10'000;

struct Barrier {
    Fd ours;    // meets its end when the manager has read all before it
    Fd theirs;  // what the container waits to be closed
};

// A message on its way; with a barrier, which is then waited for.
struct Outgoing {
    std::string text;
    std::vector<Fd> fds;
    std::optional<Barrier> barrier;
};

// Whatever KillSignal= and WatchdogSignal= are, but for what is no end.
bool means_the_end(int signal) {
    constexpr std::array kOthers{SIGHUP,   SIGCHLD, SIGCONT, SIGPIPE,
                                 SIGWINCH, SIGURG,  SIGUSR1, SIGUSR2};
    return std::find(kOthers.begin(), kOthers.end(), signal) == kOthers.end();
}

class Relay {
public:
    Relay(Job job, Container container, Fd signals)
        : job_(std::move(job)),
          container_(std::move(container)),
          signals_(std::move(signals)),
          parent_(::getppid()) {}

    void run() {
        while (!wait() && !is_over())
            work();
        // What was sent before the end counts; what cannot go now never will.
        for (int i = 0; i < kMostAtOnce && !pending_ && receive(); ++i) {
        }
    }

private:
    // True once the container's first process has ended, or the service with a
    // main process that the container has named.
    bool wait() {
        const bool takes_more = !pending_ && barriers_.size() < kMostBarriers;
        std::vector<pollfd> files{
            {signals_.get(), POLLIN, 0},
            {job_.init_pidfd.get(), POLLIN, 0},
            {takes_more ? job_.socket.get() : -1, POLLIN, 0},
            {pending_ ? job_.manager.fd().get() : -1, POLLOUT, 0},
            {until_ && main_pidfd_ ? main_pidfd_.get() : -1, POLLIN, 0},
        };
        const size_t first_barrier = files.size();
        for (const Barrier& barrier : barriers_)
            files.push_back({barrier.ours.get(), POLLIN, 0});
        const int patience = until_ ? until_->left_ms() : -1;
        if (sys::retry_eintr([&] { return ::poll(files.data(), files.size(), patience); }) < 0)
            return true;
        for (size_t i = barriers_.size(); i-- > 0;)
            if (files[first_barrier + i].revents != 0)
                barriers_.erase(barriers_.begin() + static_cast<ptrdiff_t>(i));
        if (files[0].revents != 0)
            hear_signal();
        return files[1].revents != 0 || files[4].revents != 0;
    }

    void work() {
        flush();
        for (int i = 0; i < kMostAtOnce && !pending_ && barriers_.size() < kMostBarriers; ++i)
            if (!receive())
                return;
    }

    // The service is to end. Who speaks of that is heard until it has: the
    // container has been told as well where its first process is the service's
    // main one. Where it is not (NotifyAccess=main and a shell around us), the
    // service must not wait for us.
    void hear_signal() {
        signalfd_siginfo info{};
        if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info))
            return;
        const auto signal = static_cast<int>(info.ssi_signo);
        if (!job_.foreground && means_the_end(signal))
            linger(0);
    }

    void linger(uint64_t extension_us) {
        const uint64_t asked = std::min<uint64_t>(extension_us / 1000, INT_MAX);
        until_ = Deadline::in_ms(std::max(kLingerMs, static_cast<int>(asked)));
    }

    bool is_over() const { return until_ && until_->left_ms() == 0; }

    // False: there was nothing.
    bool receive() {
        auto got = sys::receive_datagram(job_.socket, buffer_);
        if (!got || !*got)
            return false;
        pass_on(std::move(**got));
        return true;
    }

    void pass_on(sys::Datagram datagram) {
        const std::optional<bool> held =
            container_.holds(datagram.sender, std::exchange(datagram.pidfd, {}));
        if (!datagram.complete || (held && !*held))
            return;  // and its descriptors are closed
        const pid_t sender = datagram.sender;
        const Questions ask{
            [&](pid_t inside) { return container_.host_pid(sender, inside); },
            [&](pid_t host) {
                const auto pidfd = sys::pidfd_open(host);
                return pidfd ? sys::pidfd_inode(*pidfd) : 0;
            },
            [&] { return container_.pidfd_pid(datagram.fds.front()); },
            [&] { return container_.clock_ahead(sender); },
        };
        Verdict verdict = judge({buffer_.data(), datagram.size}, datagram.fds.size(),
                                held.has_value(), job_.allowed, ask);
        if (verdict.kind == Verdict::Kind::Drop)
            return;
        if (verdict.kind == Verdict::Kind::Barrier)
            return begin_barrier(std::move(datagram.fds.front()));
        if (until_)
            linger(extension_of(verdict.text));
        if (!verdict.with_fds)
            datagram.fds.clear();
        pending_ = Outgoing{std::move(verdict.text), std::move(datagram.fds), std::nullopt};
        flush();
    }

    // The manager gets a pipe of ours, never the container's descriptor: what
    // that is, and how long closing it takes, is the container's choice.
    void begin_barrier(Fd theirs) {
        auto made = make_pipe();
        if (!made)
            return;
        Outgoing outgoing{"BARRIER=1", {}, Barrier{std::move(made->read), std::move(theirs)}};
        outgoing.fds.push_back(std::move(made->write));
        pending_ = std::move(outgoing);
        flush();
    }

    void flush() {
        if (!pending_)
            return;
        auto sent = job_.manager.send(pending_->text, pending_->fds, speaker());
        if (!sent && sent.error().code == EAGAIN)
            return;
        if (sent && pending_->barrier)
            barriers_.push_back(*std::move(pending_->barrier));
        if (const pid_t named = sent ? main_pid_of(pending_->text) : 0; named != 0)
            follow(named);
        pending_.reset();
    }

    // With NotifyAccess=main nobody else is heard from now on.
    void follow(pid_t main) {
        if (auto pidfd = sys::pidfd_open(main)) {
            main_ = main;
            main_pidfd_ = *std::move(pidfd);
        }
    }

    // As whom: a pid is not used once it may be another's.
    pid_t speaker() const {
        if (main_pidfd_) {
            const auto ended = sys::wait_ended(main_pidfd_, 0);
            return ended && !*ended ? main_ : 0;
        }
        if (job_.foreground)
            return ::getppid() == parent_ ? parent_ : 0;
        const auto ended = sys::wait_ended(job_.init_pidfd, 0);
        return ended && !*ended ? job_.init : 0;
    }

    Job job_;
    Container container_;
    Fd signals_;
    pid_t parent_;
    pid_t main_ = 0;  // another one than at first, as the container has it
    Fd main_pidfd_;
    std::array<char, kMostBytes + 2> buffer_{};
    std::optional<Outgoing> pending_;
    std::vector<Barrier> barriers_;
    std::optional<Deadline> until_;
};

// Only the job's descriptors: nothing of the caller's is held open by us, no
// pipe that somebody reads to its end, no lock.
Result<> close_others(const Job& job) {
    const Fd null = TRY(sys::open_at(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY));
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
        if (::dup2(null.get(), fd) < 0)
            return fail_sys("dup2");
    std::array kept{job.manager.fd().get(), job.socket.get(), job.init_pidfd.get()};
    std::sort(kept.begin(), kept.end());
    unsigned first = STDERR_FILENO + 1;
    for (const int fd : kept) {
        const auto last = static_cast<unsigned>(fd);
        if (last > first && ::close_range(first, last - 1, 0) < 0)
            return fail_sys("close_range");
        first = last + 1;
    }
    if (::close_range(first, ~0U, 0) < 0)
        return fail_sys("close_range");
    return {};
}

// For ps and systemctl status: over the caller's words, which lie in one piece
// in front of the environment (prctl(2)'s PR_SET_MM is not in every kernel).
void set_title(const std::string& id) {
    constexpr ptrdiff_t kMostWords = 128L * 1024;  // the kernel's MAX_ARG_STRLEN
    ::prctl(PR_SET_NAME, "unitc-notify", 0, 0, 0);
    char* const begin = ::program_invocation_name;
    const ptrdiff_t room = environ[0] == nullptr ? 0 : environ[0] - begin;
    if (room <= 0 || room > kMostWords)
        return;
    const std::string title = "unitc: notifications of " + id;
    const size_t length = std::min(title.size(), static_cast<size_t>(room) - 1);
    std::memset(begin, 0, static_cast<size_t>(room));
    std::memcpy(begin, title.data(), length);
}

Result<Fd> settle(const Job& job) {
    TRY(close_others(job));
    // Neither the caller's terminal nor its directory's file system is held.
    if (::setsid() < 0)
        return fail_sys("setsid");
    if (::chdir("/") < 0)
        return fail_sys("chdir", "/");
    set_title(job.id);
    ::malloc_trim(0);
    sigset_t all;
    sigfillset(&all);
    Fd signals{::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals)
        return fail_sys("signalfd");
    return signals;
}

[[noreturn]] void relay_main(Job job) noexcept {
    auto signals = settle(job);
    auto container = Container::open(job.cgroup);
    if (signals && container)
        Relay{std::move(job), *std::move(container), *std::move(signals)}.run();
    ::_exit(0);
}

}  // namespace

Result<Fd> bind_socket(const Fd& dir) {
    // Every user of the container; its directory keeps the host's away.
    return sys::bind_datagram_at(dir, kSocketName, 0777);
}

Result<Fd> start_relay(Job job) {
    TRY(sys::check_single_threaded());
    // The service may be told to end before the relay listens to that.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    if (::sigprocmask(SIG_BLOCK, &all, &before) < 0)
        return fail_sys("sigprocmask");
    auto cloned = sys::clone_process(0);
    if (cloned && cloned->pid == 0)
        relay_main(std::move(job));
    if (::sigprocmask(SIG_SETMASK, &before, nullptr) < 0)
        return fail_sys("sigprocmask");
    return std::move(TRY(std::move(cloned)).pidfd);
}

}  // namespace unitc::notify
