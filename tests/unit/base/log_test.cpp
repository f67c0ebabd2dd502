// SPDX-License-Identifier: Apache-2.0
// The lines that containerd, cri-o and podman parse.
#include "base/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/fd.hpp"
#include "base/scope_exit.hpp"
#include "base/stopwatch.hpp"

namespace unitc::log {
namespace {

constexpr const char* kTime = "2026-01-02T03:04:05.000000006Z";

TEST(LogFormat, IsLogrusTextLineByLine) {
    EXPECT_EQ(format_entry(Format::Text, Level::Error, kTime, "no such file"),
              "time=\"2026-01-02T03:04:05.000000006Z\" level=error msg=\"no such file\"\n");
    EXPECT_EQ(
        format_entry(Format::Text, Level::Warning, kTime, "a\tb\r\n\"c\\"),
        "time=\"2026-01-02T03:04:05.000000006Z\" level=warning msg=\"a\\tb\\r\\n\\\"c\\\\\"\n");
}

TEST(LogFormat, IsLogrusJsonObjectByObject) {
    EXPECT_EQ(format_entry(Format::Json, Level::Error, kTime, "no such file"),
              "{\"level\":\"error\",\"msg\":\"no such file\","
              "\"time\":\"2026-01-02T03:04:05.000000006Z\"}\n");
    EXPECT_EQ(format_entry(Format::Json, Level::Debug, kTime, "q\"b\\n\nt\t\x01\x7f"),
              "{\"level\":\"debug\",\"msg\":\"q\\\"b\\\\n\\nt\\t\\u0001\\u007f\","
              "\"time\":\"2026-01-02T03:04:05.000000006Z\"}\n");
    EXPECT_EQ(format_entry(Format::Json, Level::Info, kTime, "").find("{\"level\":\"info\""), 0);
}

TEST(LogFormat, IsUtf8WhateverTheMessage) {
    EXPECT_EQ(format_entry(Format::Json, Level::Error, "t", "\xc3\xa4 \xff"),
              "{\"level\":\"error\",\"msg\":\"\xc3\xa4 \\\\xff\",\"time\":\"t\"}\n");
    EXPECT_EQ(format_entry(Format::Json, Level::Error, "t", "\xc3\xa4"),
              "{\"level\":\"error\",\"msg\":\"\xc3\xa4\",\"time\":\"t\"}\n");
}

class LogTest : public testing::Test {
protected:
    LogTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
        reader_ = Fd{ends[0]};
        writer_ = Fd{ends[1]};
    }
    ~LogTest() override { configure(STDERR_FILENO, Format::Text, Level::Info); }
    std::string read() const {
        std::string text(65536, '\0');
        const ssize_t got = ::read(reader_.get(), text.data(), text.size());
        text.resize(got > 0 ? static_cast<size_t>(got) : 0);
        return text;
    }
    Fd reader_;
    Fd writer_;
};

TEST_F(LogTest, WritesWhatIsImportantEnough) {
    configure(writer_.get(), Format::Json, Level::Warning);
    debug("quiet");
    write(Level::Info, "quiet");
    EXPECT_EQ(read(), "");
    warning("loud");
    EXPECT_NE(read().find("\"msg\":\"loud\""), std::string::npos);
    error("louder");
    EXPECT_NE(read().find("{\"level\":\"error\",\"msg\":\"louder\",\"time\":\"20"),
              std::string::npos);
    EXPECT_FALSE(enabled(Level::Info));
    EXPECT_TRUE(enabled(Level::Warning));
}

TEST_F(LogTest, NeverWaitsForAReaderThatStopped) {
    // Filled to the brim, and writes would block.
    const std::string much(4096, 'x');
    while (::write(writer_.get(), much.data(), much.size()) > 0)
        continue;
    ASSERT_EQ(::fcntl(writer_.get(), F_SETFL, 0), 0);
    configure(writer_.get(), Format::Text, Level::Info);
    const int64_t before = monotonic_us();
    error("lost");
    EXPECT_LT(monotonic_us() - before, 5'000'000);
}

TEST_F(LogTest, WritesNothingWithoutADescriptor) {
    configure(-1, Format::Text, Level::Debug);
    error("nowhere");
    EXPECT_EQ(read(), "");
}

}  // namespace
}  // namespace unitc::log
