// SPDX-License-Identifier: Apache-2.0
// The relay itself, between a socket that plays the manager and this process,
// which plays a container's.
#include "notify/relay.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/failure.hpp"
#include "base/temporary.hpp"
#include "sys/clone.hpp"
#include "sys/datagram.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"
#include "sys/procfs.hpp"

namespace unitc::notify {
namespace {

constexpr int kPatienceMs = 10'000;

int count_descriptors(pid_t pid) {
    DIR* dir = ::opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
    if (dir == nullptr)
        return -1;
    int count = 0;
    while (::readdir(dir) != nullptr)
        ++count;
    ::closedir(dir);
    return count;
}

bool readable(const Fd& fd, int patience = kPatienceMs) {
    pollfd one{fd.get(), POLLIN, 0};
    return ::poll(&one, 1, patience) == 1;
}

class RelayTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_FALSE(cgroup_.empty());
        manager_ = *sys::bind_datagram_at(directory_.fd(), "manager", 0600);
        init_ = *sys::clone_process(0);
        if (init_.pid == 0) {
            ::pause();
            ::_exit(0);
        }
        start(cgroup_);
    }

    void TearDown() override {
        end_init();
        EXPECT_TRUE(*sys::wait_ended(relay_, kPatienceMs));
        EXPECT_THAT(sys::reap(relay_), Succeeds());
    }

    void start(const std::string& cgroup) {
        Job job{"test",
                cgroup,
                {},
                *Manager::connect(directory_ / "manager"),
                *bind_socket(directory_.fd()),
                init_.pid,
                *sys::duplicate(init_.pidfd.get()),
                false};
        relay_ = *start_relay(std::move(job));
        sender_ = *sys::connect_datagram(directory_ / kSocketName);
    }

    void end_init() {
        if (init_.pid == 0)
            return;
        ::kill(init_.pid, SIGKILL);
        ::waitpid(init_.pid, nullptr, 0);
        init_.pid = 0;
    }

    void send(std::string_view text, size_t fds = 0) {
        std::vector<Fd> some;
        for (size_t i = 0; i < fds; ++i)
            some.push_back(*sys::open_at(AT_FDCWD, "/dev/null", O_RDONLY));
        auto sent = sys::send_datagram(sender_, text, some, 0);
        while (!sent && sent.error().code == EAGAIN) {
            ::usleep(1000);
            sent = sys::send_datagram(sender_, text, some, 0);
        }
        ASSERT_THAT(sent, Succeeds());
    }

    // The next message to the manager, of which `last_` has the rest.
    std::string heard(int patience = kPatienceMs) {
        std::array<char, kMostBytes> buffer;
        if (!readable(manager_, patience))
            return "(nothing)";
        last_ = **sys::receive_datagram(manager_, buffer);
        return {buffer.data(), last_.size};
    }

    pid_t relay_pid() const {
        const auto info = *sys::Procfs::host()->read("self/fdinfo/" + std::to_string(relay_.get()));
        return std::stoi(info.substr(info.find("Pid:") + 4));
    }

    std::string cgroup_ = sys::cgroup_of(*sys::Procfs::host(), "self").value_or("");
    TemporaryDirectory directory_;
    Fd manager_;
    sys::Clone init_;
    Fd relay_;
    Fd sender_;
    sys::Datagram last_;
};

TEST_F(RelayTest, ForwardsWholeDatagramsInOrder) {
    send("READY=1\nSTATUS=up");
    send("X_NOTHING=1");
    send("STATUS=later");
    EXPECT_EQ(heard(), "READY=1\nSTATUS=up");
    EXPECT_EQ(heard(), "STATUS=later");
}

TEST_F(RelayTest, TranslatesAPidThatIsTheSendersOwn) {
    send("MAINPID=" + std::to_string(::getpid()));
    EXPECT_EQ(heard(), "MAINPID=" + std::to_string(::getpid()));
    send("MAINPID=1\nSTATUS=x");
    EXPECT_EQ(heard(), "STATUS=x");
}

TEST_F(RelayTest, PassesOnOnlyDescriptorsToBeStored) {
    send("STATUS=x", 3);
    EXPECT_EQ(heard(), "STATUS=x");
    EXPECT_EQ(last_.fds.size(), 0U);
    send("FDSTORE=1\nFDNAME=a", 3);
    EXPECT_EQ(heard(), "FDSTORE=1\nFDNAME=a");
    EXPECT_EQ(last_.fds.size(), 3U);
}

TEST_F(RelayTest, ClosesABarrierWhenTheManagerHasClosedIts) {
    Pipe pipe = *make_pipe();
    ASSERT_THAT(sys::send_datagram(sender_, "BARRIER=1", {&pipe.write, 1}, 0), Succeeds());
    pipe.write.reset();
    EXPECT_EQ(heard(), "BARRIER=1");
    EXPECT_FALSE(readable(pipe.read, 50));
    last_.fds.clear();
    EXPECT_TRUE(readable(pipe.read));
}

TEST_F(RelayTest, LosesNothingWhenTheManagerIsBusy) {
    constexpr int kMany = 2000;
    const pid_t flood = ::fork();
    if (flood == 0) {
        for (int i = 0; i < kMany; ++i)
            send("STATUS=" + std::to_string(i));
        ::_exit(0);
    }
    for (int i = 0; i < kMany; ++i)
        ASSERT_EQ(heard(), "STATUS=" + std::to_string(i));
    ::waitpid(flood, nullptr, 0);
}

TEST_F(RelayTest, HoldsNoDescriptorOfAHostileSender) {
    send("STATUS=before");
    EXPECT_EQ(heard(), "STATUS=before");
    const int before = count_descriptors(relay_pid());
    for (int i = 0; i < 20; ++i)
        send("MAINPIDFD=1\nX=1", 253);
    send(std::string(10'000, 'A'), 253);
    send("BARRIER=1", 253);
    send(std::string("READY=1\0X", 9), 253);
    send("STATUS=after");
    EXPECT_EQ(heard(), "STATUS=after");
    EXPECT_EQ(count_descriptors(relay_pid()), before);
}

TEST_F(RelayTest, TakesNoMoreBarriersThanItCanHold) {
    std::array<char, 64> buffer;
    // More than it holds wait in its socket, which holds no more than a few.
    for (int i = 0; i < 10; ++i)
        send("BARRIER=1", 1);
    int count = 0;
    std::vector<sys::Datagram> held;
    while (readable(manager_, 200)) {
        held.push_back(*std::move(*sys::receive_datagram(manager_, buffer)));
        ++count;
    }
    EXPECT_EQ(count, 10);
    EXPECT_LT(count_descriptors(relay_pid()), 50);
}

TEST_F(RelayTest, HearsTheLastWordsOfAContainer) {
    ::kill(relay_pid(), SIGSTOP);
    send("STATUS=last");
    end_init();
    ::kill(relay_pid(), SIGCONT);
    EXPECT_EQ(heard(), "STATUS=last");
}

// By the kernel's word on who it was; where there is none, its lines count.
TEST_F(RelayTest, HearsASenderThatHasEnded) {
    ::kill(relay_pid(), SIGSTOP);
    const pid_t child = ::fork();
    if (child == 0) {
        send("STATUS=ended");
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    ::kill(relay_pid(), SIGCONT);
    EXPECT_EQ(heard(), "STATUS=ended");
}

TEST_F(RelayTest, StaysForTheContainersWordsWhenItsServiceEnds) {
    ::kill(relay_pid(), SIGTERM);
    send("STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
    EXPECT_EQ(heard(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
    EXPECT_FALSE(*sys::wait_ended(relay_, 0));
}

TEST_F(RelayTest, DoesNotHearStrangers) {
    end_init();
    ASSERT_TRUE(*sys::wait_ended(relay_, kPatienceMs));
    ASSERT_THAT(sys::reap(relay_), Succeeds());
    init_ = *sys::clone_process(0);
    if (init_.pid == 0) {
        ::pause();
        ::_exit(0);
    }
    start("/elsewhere");
    send("READY=1");
    EXPECT_EQ(heard(200), "(nothing)");
}

}  // namespace
}  // namespace unitc::notify
