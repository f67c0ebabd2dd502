// SPDX-License-Identifier: Apache-2.0
// What a container may send that no honest service would.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "notify/message.hpp"

namespace unitc::notify {
namespace {

using namespace std::string_view_literals;

Questions no_answers() {
    return {[](pid_t) -> std::optional<pid_t> { return std::nullopt; }, [](pid_t) { return 0U; },
            []() -> std::optional<pid_t> { return std::nullopt; }, [] { return INT64_MIN; }};
}

std::string forwarded(std::string_view bytes, size_t fds = 0) {
    return judge(bytes, fds, true, {}, no_answers()).text;
}

TEST(Hostile, BytesThatAreNoTextAreDropped) {
    EXPECT_EQ(forwarded(""), "");
    EXPECT_EQ(forwarded("\0"sv), "");
    EXPECT_EQ(forwarded("READY=1\0"sv), "READY=1");
    EXPECT_EQ(forwarded("READY=1\0\0"sv), "");
    EXPECT_EQ(forwarded("READY=1\0STATUS=x"sv), "");
    EXPECT_EQ(forwarded("\0READY=1"sv), "");
    EXPECT_EQ(forwarded("\n\n\n"), "");
    EXPECT_EQ(forwarded("STATUS=\xff\xfe"), "");
    EXPECT_EQ(forwarded("STATUS=\xff\nREADY=1"), "READY=1");
}

TEST(Hostile, TerminalsAreNotSpokenTo) {
    EXPECT_EQ(forwarded("STATUS=\x1b[2J\tred\x7f"), "STATUS=?[2J?red?");
    EXPECT_EQ(forwarded("BUSERROR=\x1b"), "BUSERROR=?");
}

TEST(Hostile, NoMoreBytesThanTheManagerTakes) {
    EXPECT_EQ(forwarded("STATUS=" + std::string(kMostBytes - 7, 'a')).size(), kMostBytes);
    EXPECT_EQ(forwarded("STATUS=" + std::string(kMostBytes - 6, 'a')), "");
    // What grows on the way does not pass the limit either.
    Questions ask = no_answers();
    ask.host_pid = [](pid_t) { return std::optional<pid_t>{4194303}; };
    std::string pids = "MAINPID=1";
    while (pids.size() < kMostBytes - 10)
        pids += "\nMAINPID=1";
    EXPECT_EQ(judge(pids, 0, true, {}, ask), Verdict{});
}

TEST(Hostile, NumbersOutOfRangeAreDropped) {
    for (const auto* value : {"99999999999999999999", "18446744073709551615", "1e3", "0x1", ""}) {
        EXPECT_EQ(forwarded(std::string{"MAINPID="} + value), "");
        EXPECT_EQ(forwarded(std::string{"MONOTONIC_USEC="} + value), "");
        EXPECT_EQ(forwarded(std::string{"MAINPIDFDID="} + value), "");
    }
    EXPECT_EQ(forwarded("MONOTONIC_USEC=5"), "");
}

TEST(Hostile, DescriptorsWithoutAPurposeDoNotGoAlong) {
    EXPECT_FALSE(judge("STATUS=x", 253, true, {}, no_answers()).with_fds);
    EXPECT_FALSE(judge("FDNAME=a\nFDSTOREREMOVE=1", 253, true, {}, no_answers()).with_fds);
}

// Every message of two bytes, and every key with every byte in its middle.
TEST(Hostile, NothingUnknownPasses) {
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            const char bytes[] = {static_cast<char>(a), static_cast<char>(b)};
            ASSERT_EQ(forwarded({bytes, 2}), "") << a << " " << b;
        }
    for (int byte = 0; byte < 256; ++byte) {
        std::string text = "READY=1";
        text[2] = static_cast<char>(byte);
        ASSERT_EQ(forwarded(text), byte == 'A' ? "READY=1" : "") << byte;
    }
}

}  // namespace
}  // namespace unitc::notify
