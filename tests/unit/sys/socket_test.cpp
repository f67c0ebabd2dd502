// SPDX-License-Identifier: Apache-2.0
#include "sys/socket.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/failure.hpp"
#include "base/temporary.hpp"
#include "sys/file.hpp"

namespace unitc::sys {
namespace {

int count_open() {
    DIR* dir = ::opendir("/proc/self/fd");
    int count = 0;
    while (::readdir(dir) != nullptr)
        ++count;
    ::closedir(dir);
    return count;
}

bool closes_on_exec(const Fd& fd) {
    return (::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0;
}

std::pair<Fd, Fd> make_pair() {
    return *socket_pair();
}

TEST(Packet, ArrivesAsItWasSent) {
    const auto [a, b] = make_pair();
    EXPECT_TRUE(closes_on_exec(a) && closes_on_exec(b));
    using namespace std::string_view_literals;
    ASSERT_THAT(send_packet(a, "one\0two"sv), Succeeds());
    ASSERT_THAT(send_packet(a, "three"), Succeeds());
    EXPECT_EQ(receive_packet(b, 100)->bytes, "one\0two"sv);
    EXPECT_EQ(receive_packet(b, 5)->bytes, "three");
}

TEST(Packet, CarriesDescriptorsThatCloseOnExec) {
    const auto [a, b] = make_pair();
    TemporaryDirectory directory;
    const Fd file = *open_at(directory.fd(), "x", O_RDWR | O_CREAT, 0600);
    ASSERT_THAT(write_all(file, "content"), Succeeds());
    ASSERT_THAT(send_packet(a, "fds", {file.get(), directory.fd().get()}), Succeeds());
    const auto packet = receive_packet(b, 100);
    ASSERT_THAT(packet, Succeeds());
    ASSERT_EQ(packet->fds.size(), 2);
    EXPECT_TRUE(closes_on_exec(packet->fds[0]) && closes_on_exec(packet->fds[1]));
    EXPECT_EQ(stat_fd(packet->fds[0])->st_ino, stat_fd(file)->st_ino);
    EXPECT_EQ(stat_fd(packet->fds[1])->st_ino, stat_fd(directory.fd())->st_ino);
}

TEST(Packet, IsAnErrorWhenCutAndLeaksNothing) {
    const auto [a, b] = make_pair();
    const int before = count_open();
    ASSERT_THAT(send_packet(a, "too long", {a.get(), b.get()}), Succeeds());
    EXPECT_THAT(receive_packet(b, 7), FailsWith(EMSGSIZE, "recvmsg"));
    EXPECT_EQ(count_open(), before);
    ASSERT_THAT(send_packet(a, "next"), Succeeds());
    EXPECT_EQ(receive_packet(b, 100)->bytes, "next");
}

TEST(Packet, CarriesAsManyDescriptorsAsTheKernelTakes) {
    const auto [a, b] = make_pair();
    const std::vector<int> most(253, a.get());
    ASSERT_THAT(send_packet(a, "x", most), Succeeds());
    EXPECT_EQ(receive_packet(b, 1)->fds.size(), 253);
    EXPECT_THAT(send_packet(a, "x", std::vector<int>(254, a.get())), FailsWith(EINVAL, "sendmsg"));
}

TEST(Packet, IsEmptyWhenThePeerClosed) {
    auto [a, b] = make_pair();
    // An empty packet would look the same.
    EXPECT_THAT(send_packet(a, ""), FailsWith(EINVAL, "sendmsg"));
    a.reset();
    const auto packet = receive_packet(b, 100);
    ASSERT_THAT(packet, Succeeds());
    EXPECT_EQ(packet->bytes, "");
    EXPECT_THAT(send_packet(b, "x"), FailsWith(EPIPE, "sendmsg"));
}

TEST(Packet, RaisesNoSigpipe) {
    // Only streams would; the console socket is one. The signal would end this test.
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const Fd ours{ends[0]};
    Fd{ends[1]}.reset();
    EXPECT_THAT(send_packet(ours, "x"), FailsWith(EPIPE, "sendmsg"));
}

class UnixSocket : public testing::Test {
protected:
    bool talks(const Fd& listening, const Fd& client) const {
        const Fd server{::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        const auto sent = send_packet(client, "hello");
        const auto received = receive_packet(server, 100);
        return sent && received && received->bytes == "hello";
    }
    TemporaryDirectory directory_;
};

TEST_F(UnixSocket, ListensAndConnectsByDirectory) {
    const mode_t old = ::umask(077);
    const auto listening = listen_unix_at(directory_.fd(), "start", SOCK_SEQPACKET, 0622);
    ::umask(old);
    ASSERT_THAT(listening, Succeeds());
    EXPECT_TRUE(closes_on_exec(*listening));
    struct stat status {};
    ASSERT_EQ(::fstatat(directory_.fd().get(), "start", &status, 0), 0);
    EXPECT_EQ(status.st_mode, S_IFSOCK | 0622u);
    const auto client = connect_unix_at(directory_.fd(), "start", SOCK_SEQPACKET);
    ASSERT_THAT(client, Succeeds());
    EXPECT_TRUE(closes_on_exec(*client));
    EXPECT_TRUE(talks(*listening, *client));
}

TEST_F(UnixSocket, ConnectsToNamesLongerThanAnAddress) {
    // sockaddr_un holds 108 bytes.
    std::string path = directory_.path();
    Fd dir = *duplicate(directory_.fd().get());
    for (int i = 0; i < 3; ++i) {
        const std::string part(100, static_cast<char>('a' + i));
        ASSERT_EQ(::mkdirat(dir.get(), part.c_str(), 0700), 0);
        dir = *open_at(dir, part.c_str(), O_RDONLY | O_DIRECTORY);
        path += "/" + part;
    }
    const auto listening = listen_unix_at(dir, "console.sock", SOCK_STREAM, 0600);
    ASSERT_THAT(listening, Succeeds());
    const auto client = connect_unix(path + "/console.sock", SOCK_STREAM);
    ASSERT_THAT(client, Succeeds());
    EXPECT_TRUE(talks(*listening, *client));
}

TEST_F(UnixSocket, TellsWhyItCannotConnect) {
    EXPECT_THAT(connect_unix(directory_ / "no", SOCK_STREAM), FailsWith(ENOENT, "/no'"));
    EXPECT_THAT(connect_unix_at(directory_.fd(), "no", SOCK_STREAM), FailsWith(ENOENT, "'no'"));
    const Fd file = *open_at(directory_.fd(), "file", O_WRONLY | O_CREAT, 0600);
    EXPECT_THAT(connect_unix_at(directory_.fd(), "file", SOCK_STREAM),
                FailsWith(ENOTSOCK, "connect 'file'"));
    listen_unix_at(directory_.fd(), "left", SOCK_SEQPACKET, 0600)->reset();
    EXPECT_THAT(connect_unix_at(directory_.fd(), "left", SOCK_SEQPACKET),
                FailsWith(ECONNREFUSED, "connect 'left'"));
    const auto listening = listen_unix_at(directory_.fd(), "type", SOCK_SEQPACKET, 0600);
    EXPECT_THAT(connect_unix_at(directory_.fd(), "type", SOCK_STREAM), FailsWith(EPROTOTYPE, ""));
}

TEST_F(UnixSocket, FollowsSymlinksOnlyInPathsOfTheHost) {
    const auto listening = listen_unix_at(directory_.fd(), "real", SOCK_SEQPACKET, 0600);
    ASSERT_EQ(::symlinkat("real", directory_.fd().get(), "link"), 0);
    EXPECT_THAT(connect_unix(directory_ / "link", SOCK_SEQPACKET), Succeeds());
    EXPECT_THAT(connect_unix_at(directory_.fd(), "link", SOCK_SEQPACKET),
                FailsWith(ENOTSOCK, "connect 'link'"));
}

TEST_F(UnixSocket, DoesNotTakeANameThatIsInUse) {
    const auto first = listen_unix_at(directory_.fd(), "x", SOCK_SEQPACKET, 0600);
    ASSERT_THAT(first, Succeeds());
    EXPECT_THAT(listen_unix_at(directory_.fd(), "x", SOCK_SEQPACKET, 0600),
                FailsWith(EADDRINUSE, "bind 'x'"));
    EXPECT_THAT(connect_unix_at(directory_.fd(), "x", SOCK_SEQPACKET), Succeeds());
    EXPECT_THAT(listen_unix_at(directory_.fd(), std::string(120, 'n'), SOCK_STREAM, 0600),
                FailsWith(ENAMETOOLONG, "socket name"));
}

TEST_F(UnixSocket, DoesNotWaitWhenToldNotTo) {
    const auto listening = listen_unix_at(directory_.fd(), "x", SOCK_SEQPACKET, 0600);
    std::vector<Fd> waiting;
    for (int i = 0; i < 1000; ++i) {
        auto client = connect_unix_at(directory_.fd(), "x", SOCK_SEQPACKET | SOCK_NONBLOCK);
        if (!client) {
            EXPECT_EQ(client.error().code, EAGAIN);
            return;
        }
        waiting.push_back(*std::move(client));
    }
    FAIL() << "the queue has no end";
}

}  // namespace
}  // namespace unitc::sys
