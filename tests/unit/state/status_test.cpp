// SPDX-License-Identifier: Apache-2.0
// A real process in a real cgroup, and what is said of it.
#include "state/status.hpp"

#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/failure.hpp"
#include "base/temporary.hpp"
#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "state/claimer.hpp"
#include "state/sample.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"
#include "sys/socket.hpp"

namespace unitc::state {
namespace {

bool is_cgroup2() {
    struct statfs fs {};
    return ::statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

class StatusTest : public testing::Test {
protected:
    // Where the build machine has cgroup v1 there, cgroup2 goes over it, for
    // this process alone.
    static void SetUpTestSuite() {
        if (!is_cgroup2() && ::unshare(CLONE_NEWNS) == 0 &&
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0)
            (void)::mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, nullptr);
    }
    // Everything else needs a cgroup that is not the root.
    void SetUp() override {
        if (!is_cgroup2())
            GTEST_SKIP() << "/sys/fs/cgroup is not cgroup2, and only root can mount it";
        const std::string own = *sys::cgroup_of(*sys::Procfs::host(), "self");
        path_ = (own == "/" ? "" : own) + "/unitc-test-" + std::to_string(::getpid());
        if (::mkdir(directory().c_str(), 0755) < 0)
            GTEST_SKIP() << "no cgroup can be made below " << own;
        if (!sys::write_file(AT_FDCWD, (directory() + "/cgroup.procs").c_str(),
                             std::to_string(process_.pid())))
            GTEST_SKIP() << "no process can be moved into " << path_;
    }
    void TearDown() override {
        freeze("0");
        process_.kill();
        ::rmdir((directory() + "/below").c_str());
        ::rmdir(directory().c_str());
    }
    StatusTest() : store_(*Store::open(directory_ / "root", Store::Make::Yes)) {}

    std::string directory() const { return "/sys/fs/cgroup" + path_; }
    void freeze(const char* value) const {
        (void)sys::write_file(AT_FDCWD, (directory() + "/cgroup.freeze").c_str(), value);
    }
    // cgroup.events tells when it has happened.
    bool wait_frozen() const {
        const Deadline deadline = Deadline::in_ms(5000);
        const Fd events =
            *sys::open_at(AT_FDCWD, (directory() + "/cgroup.events").c_str(), O_RDONLY);
        for (;;) {
            char text[256]{};
            if (::pread(events.get(), text, sizeof text - 1, 0) > 0 &&
                std::string_view{text}.find("frozen 1") != std::string_view::npos)
                return true;
            pollfd changed{events.get(), POLLPRI, 0};
            if (deadline.passed() || ::poll(&changed, 1, deadline.left_ms()) < 0)
                return false;
        }
    }

    // A living process of the container "web", and its true record.
    Record living() {
        Record record = sample_record();
        const auto pidfd = sys::pidfd_open(process_.pid());
        record.init = *sys::identify(*pidfd, process_.pid());
        record.boot_id = text::trim(*sys::read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id"));
        record.cgroup = *sys::cgroup_of(*sys::Procfs::host(), std::to_string(process_.pid()));
        return record;
    }
    Status status(const Record& record) const {
        const auto truth = ask(store_, record);
        EXPECT_THAT(truth, Succeeds());
        EXPECT_EQ(bool{truth->init}, truth->status == Status::Created ||
                                         truth->status == Status::Running ||
                                         truth->status == Status::Paused);
        return truth->status;
    }

    TemporaryDirectory directory_;
    Store store_;
    const ContainerId web_ = *ContainerId::parse("web");
    Entry entry_ = *store_.claim(web_);
    Process process_{{"/bin/cat"}};
    std::string path_;  // of its cgroup
};

TEST_F(StatusTest, IsRunningWhenNothingListens) {
    EXPECT_EQ(status(living()), Status::Running);
}

TEST_F(StatusTest, IsCreatedWhileTheStartSocketListens) {
    auto listening = sys::listen_unix_at(entry_.dir(), kStartSocket, SOCK_SEQPACKET, 0600);
    ASSERT_THAT(listening, Succeeds());
    // Also when many ask and nobody accepts.
    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(status(living()), Status::Created) << i;
    const auto truth = ask(entry_, living());
    EXPECT_EQ(truth->status, Status::Created);
    listening->reset();
    EXPECT_EQ(status(living()), Status::Running) << "the name is still there";
}

TEST_F(StatusTest, GivesAPidfdOfTheProcess) {
    auto truth = ask(store_, living());
    ASSERT_TRUE(truth && truth->init);
    ASSERT_THAT(sys::send_signal(truth->init, SIGKILL), Succeeds());
    EXPECT_TRUE(*sys::wait_ended(truth->init, 5000));
}

TEST_F(StatusTest, IsStoppedAsSoonAsTheProcessEnded) {
    const Record record = living();
    auto truth = ask(store_, record);
    ASSERT_THAT(sys::send_signal(truth->init, SIGKILL), Succeeds());
    ASSERT_TRUE(*sys::wait_ended(truth->init, 5000));
    EXPECT_EQ(status(record), Status::Stopped) << "a zombie";
    process_.kill();
    EXPECT_EQ(status(record), Status::Stopped);
}

// The first process of a pid namespace ends when all others are reaped, one of
// them by a tracer here; nobody lives in the unit any more.
TEST_F(StatusTest, IsStoppedWhileTheProcessIsEnding) {
    int gate[2];
    ASSERT_EQ(::pipe2(gate, O_CLOEXEC), 0);
    const auto init = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, 0, 0, 0, 0));
    if (init == 0) {
        char byte = 0;
        (void)!::read(gate[0], &byte, 1);
        (void)!::fork();
        for (;;)
            ::pause();
    }
    if (init < 0)
        GTEST_SKIP() << "no pid namespace can be made here";
    ASSERT_THAT(
        sys::write_file(AT_FDCWD, (directory() + "/cgroup.procs").c_str(), std::to_string(init)),
        Succeeds());
    ASSERT_EQ(::write(gate[1], "x", 1), 1);
    const std::string children =
        "/proc/" + std::to_string(init) + "/task/" + std::to_string(init) + "/children";
    std::optional<pid_t> child;
    for (const Deadline deadline = Deadline::in_ms(5000); !child && !deadline.passed();)
        if (const auto text = sys::read_file(AT_FDCWD, children.c_str()))
            child = text::parse_int<pid_t>(text::trim(*text));
    ASSERT_TRUE(child);
    ASSERT_EQ(::ptrace(PTRACE_SEIZE, *child, nullptr, nullptr), 0);
    Record record = living();
    const auto pidfd = sys::pidfd_open(init);
    record.init = *sys::identify(*pidfd, init);
    EXPECT_EQ(status(record), Status::Running);
    process_.kill();
    ::kill(init, SIGKILL);
    const Fd group = *cgroup::open(record.cgroup);
    for (const Deadline deadline = Deadline::in_ms(5000);
         *cgroup::populated(group) && !deadline.passed();)
        ::usleep(1000);
    EXPECT_FALSE(*sys::wait_ended(*pidfd, 0)) << "it has ended already";
    const auto truth = ask(store_, record);
    ASSERT_THAT(truth, Succeeds());
    EXPECT_EQ(truth->status, Status::Stopped);
    EXPECT_TRUE(truth->init) << "nobody could wait for its end";
    ::waitpid(*child, nullptr, __WALL);
    ::waitpid(init, nullptr, 0);
    EXPECT_EQ(status(record), Status::Stopped);
    for (const int fd : gate)
        ::close(fd);
}

TEST_F(StatusTest, IsNotFooledByARecycledPid) {
    Record record = living();
    record.init.pidfd_inode = 0;  // which says all where there is one
    ++record.init.start_time;
    record.init.pidfd_inode = 0;  // with one the start time is not looked at
    EXPECT_EQ(status(record), Status::Stopped);
    record = living();
    if (record.init.pidfd_inode == 0)
        GTEST_SKIP() << "this kernel's pidfds have no inodes of their own";
    ++record.init.pidfd_inode;
    EXPECT_EQ(status(record), Status::Stopped);
}

TEST_F(StatusTest, IsStoppedAfterAnotherBoot) {
    Record record = living();
    record.boot_id = "00000000-0000-0000-0000-000000000000";
    EXPECT_EQ(status(record), Status::Stopped);
}

TEST_F(StatusTest, StaysRunningOutsideOfTheUnitWhenTheInodeProvesIt) {
    Record record = living();
    if (record.init.pidfd_inode == 0)
        GTEST_SKIP() << "this kernel has no pidfs";
    record.cgroup = "/elsewhere.scope";
    EXPECT_EQ(status(record), Status::Running);
    record.init.pidfd_inode += 1;
    EXPECT_EQ(status(record), Status::Stopped);
}

TEST_F(StatusTest, IsStoppedWhenTheProcessLeftTheCgroupWithoutProof) {
    Record record = living();
    record.init.pidfd_inode = 0;
    record.cgroup += "/elsewhere.scope";
    EXPECT_EQ(status(record), Status::Stopped);
    record.cgroup = "/elsewhere.scope";
    EXPECT_EQ(status(record), Status::Stopped);
}

TEST_F(StatusTest, IsCreatingWhileTheClaimerHoldsTheLock) {
    EXPECT_EQ(status(sample_record(Phase::Intent)), Status::Creating);
    // Whoever asks with the lock in hand knows that nobody else creates.
    EXPECT_EQ(ask(entry_, sample_record(Phase::Intent))->status, Status::Stopped);
    { const Entry ends = std::move(entry_); }
    EXPECT_EQ(status(sample_record(Phase::Intent)), Status::Stopped);
}

TEST_F(StatusTest, IsStoppedWhenTheClaimerWasKilled) {
    Process claims = claimer("claim", store_.root(), "db");
    ASSERT_EQ(claims.line(), "claimed");
    Record record = sample_record(Phase::Intent);
    record.id = "db";
    EXPECT_EQ(status(record), Status::Creating);
    claims.kill();
    EXPECT_EQ(status(record), Status::Stopped);
}

TEST_F(StatusTest, LeavesTheLockAlone) {
    { const Entry ends = std::move(entry_); }
    EXPECT_EQ(status(sample_record(Phase::Intent)), Status::Stopped);
    EXPECT_THAT(store_.find(web_, Deadline::in_ms(0)), Succeeds());
}

TEST_F(StatusTest, IsStoppedWhenTheContainerVanished) {
    const Record record = living();
    ASSERT_THAT(entry_.remove(), Succeeds());
    EXPECT_EQ(status(record), Status::Stopped);
    EXPECT_EQ(status(sample_record(Phase::Intent)), Status::Stopped);
}

TEST_F(StatusTest, HasTheSpecsNames) {
    EXPECT_STREQ(to_string(Status::Creating), "creating");
    EXPECT_STREQ(to_string(Status::Created), "created");
    EXPECT_STREQ(to_string(Status::Running), "running");
    EXPECT_STREQ(to_string(Status::Paused), "paused");
    EXPECT_STREQ(to_string(Status::Stopped), "stopped");
}

TEST_F(StatusTest, IsPausedWhenFrozen) {
    const Record record = living();
    EXPECT_EQ(record.cgroup, path_);
    EXPECT_EQ(status(record), Status::Running);
    const auto listening = sys::listen_unix_at(entry_.dir(), kStartSocket, SOCK_SEQPACKET, 0600);
    freeze("1");
    ASSERT_TRUE(wait_frozen());
    EXPECT_EQ(status(record), Status::Paused) << "also when not yet started, as runc has it";
    freeze("0");
    EXPECT_EQ(status(record), Status::Created);
}

TEST_F(StatusTest, StaysRunningWhenInitSortsItselfBelow) {
    const Record record = living();
    ASSERT_EQ(::mkdir((directory() + "/below").c_str(), 0755), 0);
    ASSERT_TRUE(sys::write_file(AT_FDCWD, (directory() + "/below/cgroup.procs").c_str(),
                                std::to_string(process_.pid())));
    EXPECT_EQ(status(record), Status::Running);
    // A neighbour whose name only begins like ours is not below us.
    Record neighbour = record;
    neighbour.init.pidfd_inode = 0;  // would prove it
    neighbour.cgroup.pop_back();
    EXPECT_EQ(status(neighbour), Status::Stopped);
}

}  // namespace
}  // namespace unitc::state
