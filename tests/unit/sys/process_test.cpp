// SPDX-License-Identifier: Apache-2.0
#include "sys/process.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "base/failure.hpp"
#include "sys/file.hpp"

namespace unitc::sys {
namespace {

// A child of /bin/sh, ended and reaped with the object.
class Child {
public:
    explicit Child(std::string script) {
        std::string shell = "/bin/sh";
        std::string option = "-c";
        char* argv[] = {shell.data(), option.data(), script.data(), nullptr};
        EXPECT_EQ(::posix_spawn(&pid_, shell.c_str(), nullptr, nullptr, argv, environ), 0);
        pidfd_ = *pidfd_open(pid_);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        (void)send_signal(pidfd_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    pid_t pid() const { return pid_; }
    const Fd& pidfd() const { return pidfd_; }

private:
    pid_t pid_ = -1;
    Fd pidfd_;
};

constexpr int kLongEnough = 10'000;  // ms

TEST(Process, IsFoundByItsIdentity) {
    const Child child{"exec sleep 100"};
    const auto identity = identify(child.pidfd(), child.pid());
    ASSERT_THAT(identity, Succeeds());
    EXPECT_EQ(identity->pid, child.pid());
    EXPECT_GT(identity->start_time, 0u);
    const auto found = find(*identity);
    ASSERT_THAT(found, Succeeds());
    EXPECT_FALSE(*wait_ended(*found, 0));
    ASSERT_THAT(send_signal(*found, SIGKILL), Succeeds());
    EXPECT_TRUE(*wait_ended(child.pidfd(), kLongEnough));
}

TEST(Process, IsNotFoundUnderARecycledPid) {
    const Child child{"exec sleep 100"};
    const ProcessIdentity identity = *identify(child.pidfd(), child.pid());
    ProcessIdentity earlier = identity;
    --earlier.start_time;
    earlier.pidfd_inode = 0;  // with one the start time is not looked at
    EXPECT_THAT(find(earlier), FailsWith(ESRCH, "find process"));
    ProcessIdentity other = identity;
    other.pidfd_inode += 1;
    // Before Linux 6.9 there is none, and nothing to compare.
    if (identity.pidfd_inode != 0) {
        EXPECT_THAT(find(other), FailsWith(ESRCH, "find process"));
    }
    other.pidfd_inode = 0;
    EXPECT_THAT(find(other), Succeeds()) << "recorded by an older kernel";
}

TEST(Process, IsGoneWhereItsNumberIsStillThatOfItsSession) {
    int others[2];
    ASSERT_EQ(::pipe(others), 0);
    const pid_t leader = ::fork();
    if (leader == 0) {
        ::setsid();
        ::close(others[1]);
        char byte;
        if (::fork() == 0)  // stays in the session until we close the pipe
            [[maybe_unused]]
            const auto end = ::read(others[0], &byte, 1);
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(leader, nullptr, 0), leader);
    EXPECT_THAT(pidfd_open(leader), FailsWith(ESRCH, "pidfd_open"));
    ::close(others[1]);
    ::close(others[0]);
}

TEST(Process, IsGoneAsAZombieAndAfter) {
    ProcessIdentity identity;
    {
        const Child child{"exec sleep 100"};
        identity = *identify(child.pidfd(), child.pid());
        ASSERT_THAT(send_signal(child.pidfd(), SIGKILL), Succeeds());
        ASSERT_TRUE(*wait_ended(child.pidfd(), kLongEnough));
        EXPECT_THAT(find(identity), FailsWith(ESRCH, "find process"));
    }
    EXPECT_THAT(find(identity), FailsWith(ESRCH, ""));
    EXPECT_THAT(find(ProcessIdentity{}), FailsWith(ESRCH, "find process"));
    EXPECT_THAT(find(ProcessIdentity{-1, 0, 0}), FailsWith(ESRCH, "find process"));
}

TEST(Process, IsReadWhateverItsName) {
    // A name that looks like the end of the stat line's own name field.
    const Child child{"printf '%s' ') R 1 1' > /proc/$$/comm; kill -STOP $$; exec sleep 100"};
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED), 0);
    const std::string path = "/proc/" + std::to_string(child.pid()) + "/stat";
    ASSERT_NE(read_file(AT_FDCWD, path.c_str())->find("() R 1 1)"), std::string::npos);
    const auto identity = identify(child.pidfd(), child.pid());
    ASSERT_THAT(identity, Succeeds());
    const auto own = identify(*pidfd_open(::getpid()), ::getpid());
    EXPECT_GE(identity->start_time, own->start_time);
    EXPECT_LE(identity->start_time - own->start_time, 60u * 100);
    EXPECT_THAT(find(*identity), Succeeds());
}

TEST(Process, OpensCloseOnExecAndReportsWhatIsGone) {
    const Fd own = *pidfd_open(::getpid());
    EXPECT_NE(::fcntl(own.get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_THAT(pidfd_open(0x3fffffff), FailsWith(ESRCH, "pidfd_open '1073741823'"));
}

TEST(Process, IsReapedWithTheStatusAShellShows) {
    struct Case {
        const char* script;
        int status;
    };
    for (const auto& [script, status] : {Case{"exit 0", 0}, Case{"exit 42", 42},
                                         Case{"kill -KILL $$", 137}, Case{"kill -TERM $$", 143}}) {
        const Child child{script};
        ASSERT_TRUE(*wait_ended(child.pidfd(), kLongEnough));
        const auto reaped = reap(child.pidfd());
        ASSERT_THAT(reaped, Succeeds());
        EXPECT_EQ(*reaped, status) << script;
        EXPECT_THAT(reap(child.pidfd()), FailsWith(ECHILD, "waitid"));
    }
}

TEST(Process, IsWaitedForNoLongerThanAsked) {
    const Child child{"exec sleep 100"};
    EXPECT_FALSE(*wait_ended(child.pidfd(), 0));
    EXPECT_FALSE(*wait_ended(child.pidfd(), 20));
}

}  // namespace
}  // namespace unitc::sys
