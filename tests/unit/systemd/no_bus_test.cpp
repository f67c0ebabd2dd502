// SPDX-License-Identifier: Apache-2.0
// Buses that are not there, do not answer, or hang up: an error in time that
// says so. What a real manager does is tested in tests/system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "sys/process.hpp"
#include "systemd/manager.hpp"

namespace unitc::systemd {
namespace {

using ::testing::HasSubstr;

class NoBus : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(::mkdtemp(directory_), nullptr);
        socket_ = std::string{directory_} + "/bus";
        ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket_).c_str(), 1);
        plan_.name = "unitc-web.scope";
        plan_.slice = "system.slice";
    }
    void TearDown() override {
        ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
        ::unlink(socket_.c_str());
        ::rmdir(directory_);
    }

    sockaddr_un address() const {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        std::memcpy(to.sun_path, socket_.c_str(), socket_.size());
        return to;
    }
    Fd listening(int backlog) const {
        Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        const sockaddr_un at = address();
        EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
        EXPECT_EQ(::listen(fd.get(), backlog), 0);
        return fd;
    }

    char directory_[32] = "/tmp/unitc-bus-XXXXXX";
    std::string socket_;
    unit::UnitPlan plan_;
};

TEST_F(NoBus, IsToldAtOnceWhenThereIsNoSocket) {
    const int64_t before = monotonic_us();
    const auto manager = Manager::connect(Deadline::in_ms(30'000));
    ASSERT_FALSE(manager);
    EXPECT_THAT(manager.error().message, HasSubstr("no D-Bus system bus at"));
    EXPECT_THAT(manager.error().message, HasSubstr("is dbus running?: no such file"));
    EXPECT_LT(monotonic_us() - before, 1'000'000);
}

TEST_F(NoBus, IsToldAtOnceWhenNobodyListens) {
    listening(1).reset();  // the file stays
    const auto manager = Manager::connect(Deadline::in_ms(30'000));
    ASSERT_FALSE(manager);
    EXPECT_THAT(manager.error().message, HasSubstr("connection refused"));
}

TEST_F(NoBus, IsTriedAgainWhileTheBacklogIsFull) {
    const Fd listener = listening(0);
    const sockaddr_un at = address();
    std::vector<Fd> waiting;
    for (;;) {
        Fd client{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) < 0)
            break;
        waiting.push_back(std::move(client));
    }
    ASSERT_FALSE(waiting.empty());
    const int64_t before = monotonic_us();
    const auto manager = Manager::connect(Deadline::in_ms(200));
    ASSERT_FALSE(manager);
    EXPECT_EQ(manager.error().code, EAGAIN);
    EXPECT_GT(monotonic_us() - before, 20'000) << "it was not tried again";
    EXPECT_LT(monotonic_us() - before, 1'000'000);
}

TEST_F(NoBus, FailsAtTheDeadlineWhenNothingAnswers) {
    const Fd listener = listening(16);
    auto manager = Manager::connect(Deadline::in_ms(100));
    ASSERT_TRUE(manager) << manager.error().message;
    EXPECT_GE(manager->fd(), 0);
    const Fd self = *sys::pidfd_open(::getpid());
    const int64_t before = monotonic_us();
    const auto begun = manager->begin_start(plan_, ::getpid(), self);
    const bool failed = !begun || !manager->finish_start();
    EXPECT_TRUE(failed);
    EXPECT_LT(monotonic_us() - before, 8'000'000);
}

TEST_F(NoBus, RefusesBadNamesBeforeAnythingIsSent) {
    const Fd listener = listening(16);
    auto manager = Manager::connect(Deadline::in_ms(1'000));
    ASSERT_TRUE(manager);
    const Fd self = *sys::pidfd_open(::getpid());
    for (const char* name : {"", "../x.scope", "a\n.scope", "a.unknown"}) {
        plan_.name = name;
        const auto begun = manager->begin_start(plan_, ::getpid(), self);
        ASSERT_FALSE(begun) << name;
        EXPECT_THAT(begun.error().message, HasSubstr("unit name"));
        EXPECT_FALSE(manager->unit_state(name));
        EXPECT_FALSE(manager->stop_unit(name));
        EXPECT_FALSE(manager->reset_failed(name));
    }
    plan_.name = "a.scope";
    plan_.slice = "a--b.slice";
    EXPECT_FALSE(manager->begin_start(plan_, ::getpid(), self));
}

}  // namespace
}  // namespace unitc::systemd
