// SPDX-License-Identifier: Apache-2.0
#include "wire/channel.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace unitc::wire {
namespace {

struct Ends {
    Channel parent;
    Channel child;
};

Ends make_ends() {
    auto pair = make_pair();
    EXPECT_TRUE(pair) << pair.error().message;
    return {std::move(pair->first), std::move(pair->second)};
}

TEST(Channel, CarriesAMessageWithItsPayload) {
    const Ends ends = make_ends();
    ASSERT_TRUE(ends.child.send(Message::Ready, "mount 12\n"));
    const auto packet = ends.parent.expect(Message::Ready);
    ASSERT_TRUE(packet) << packet.error().message;
    EXPECT_EQ(packet->payload, "mount 12\n");
    EXPECT_TRUE(packet->fds.empty());
}

TEST(Channel, CarriesADescriptorThatClosesOnExec) {
    const Ends ends = make_ends();
    int pipe_ends[2];
    ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
    const Fd reader{pipe_ends[0]};
    {
        const Fd writer{pipe_ends[1]};
        ASSERT_TRUE(ends.child.send(Message::Terminal, {}, {writer.get()}));
    }
    const auto packet = ends.parent.expect(Message::Terminal);
    ASSERT_TRUE(packet) << packet.error().message;
    ASSERT_EQ(packet->fds.size(), 1U);
    EXPECT_EQ(::fcntl(packet->fds[0].get(), F_GETFD), FD_CLOEXEC);
    ASSERT_EQ(::write(packet->fds[0].get(), "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(::read(reader.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
}

TEST(Channel, HearsTheLastWordsOfAPeerThatDidNotListen) {
    Ends ends = make_ends();
    ASSERT_TRUE(ends.parent.send(Message::Start));
    ASSERT_TRUE(ends.child.send_failure(Error{ENOENT, "not found"}));
    ends.child.close();
    const auto packet = ends.parent.receive();
    ASSERT_FALSE(packet);
    EXPECT_EQ(packet.error().message, "not found");
    EXPECT_EQ(ends.parent.receive().error().code, EPIPE);
}

TEST(Channel, TurnsAFailureIntoTheErrorItCarries) {
    const Ends ends = make_ends();
    ASSERT_TRUE(ends.child.send_failure(Error{ENOENT, "exec: \"x y\": not found"}));
    const auto packet = ends.parent.expect(Message::Ready);
    ASSERT_FALSE(packet);
    EXPECT_EQ(packet.error().code, ENOENT);
    EXPECT_EQ(packet.error().message, "exec: \"x y\": not found");
}

TEST(Channel, TellsAClosedPeerFromAMessage) {
    Ends ends = make_ends();
    ends.child.close();
    const auto packet = ends.parent.receive();
    ASSERT_FALSE(packet);
    EXPECT_EQ(packet.error().code, EPIPE);
}

TEST(Channel, RefusesAnotherMessageThanTheExpected) {
    const Ends ends = make_ends();
    ASSERT_TRUE(ends.parent.send(Message::Detach));
    const auto packet = ends.child.expect(Message::InCgroup);
    ASSERT_FALSE(packet);
    EXPECT_EQ(packet.error().message, "expected message 'g', got 'd'");
}

TEST(Channel, SendingToAClosedPeerIsAnErrorAndNoSignal) {
    Ends ends = make_ends();
    ends.parent.close();
    const auto sent = ends.child.send(Message::Ready);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, EPIPE);
}

}  // namespace
}  // namespace unitc::wire
