// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <ctime>

namespace unitc::text {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;

TEST(ParseInt, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_int<int>("0"), 0);
    EXPECT_EQ(parse_int<int>("-42"), -42);
    EXPECT_EQ(parse_int<uint64_t>("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(parse_int<unsigned>("0777", 8), 0777u);
    EXPECT_EQ(parse_int<uint8_t>("ff", 16), 255);
    // CVE-2026-30892: "1000:" and "+5" are no numbers.
    for (const auto text :
         {""sv, " 1"sv, "1 "sv, "+1"sv, "1x"sv, "0x1"sv, "1000:"sv, "1\0"sv, "-"sv})
        EXPECT_FALSE(parse_int<int>(text)) << text;
    for (const char* text : {"-1", "4294967296", "99999999999999999999999"})
        EXPECT_FALSE(parse_int<uint32_t>(text)) << text;
}

TEST(Split, KeepsEmptyParts) {
    EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
    EXPECT_THAT(split("", ','), ElementsAre(""));
    EXPECT_THAT(split(",", ','), ElementsAre("", ""));
    EXPECT_THAT(split("a", ','), ElementsAre("a"));
}

TEST(Join, IsTheOppositeOfSplit) {
    EXPECT_EQ(join({}, ","), "");
    EXPECT_EQ(join({"a"}, ","), "a");
    EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
}

TEST(Trim, TakesBlanksFromBothEnds) {
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("x"), "x");
}

TEST(Utf8, KnowsWellFormedText) {
    for (const auto text :
         {""sv, "plain"sv, "\0"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv,
          "\xee\x80\x80"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv})
        EXPECT_TRUE(is_utf8(text)) << printable(text);
}

TEST(Utf8, RefusesWhatIsMalformed) {
    for (const auto text : {"\x80"sv, "\xbf"sv, "\xc0\xaf"sv, "\xc1\xbf"sv,  // lone, overlong
                            "\xc2"sv, "\xc2\x41"sv, "\xe0\x9f\xbf"sv,        // cut, wrong, overlong
                            "\xe1\x80"sv, "\xe1\x80\x41"sv, "\xed\xa0\x80"sv,  // surrogate
                            "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv,  // overlong, too large
                            "\xf5\x80\x80\x80"sv, "\xf0\x90\x80"sv, "\xff"sv, "ok\xfe"sv})
        EXPECT_FALSE(is_utf8(text)) << printable(text);
}

TEST(Printable, ShowsWhatATerminalWouldAct) {
    EXPECT_EQ(printable("a\x1b[2Jb\n\t\x7f"), "a\\x1b[2Jb\\x0a\\x09\\x7f");
    EXPECT_EQ(printable("\xc3\xa4\xff"), "\xc3\xa4\\xff");
    EXPECT_EQ(printable("\xe1\x80 x"), "\\xe1\\x80 x");
    EXPECT_EQ(printable("\0"sv), "\\x00");
    EXPECT_EQ(printable(""), "");
}

TEST(CleanPath, IsLexical) {
    struct Case {
        const char* path;
        const char* clean;
    };
    for (const auto& [path, clean] :
         {Case{"/", "/"}, Case{"//", "/"}, Case{"/a//b/./c/", "/a/b/c"}, Case{"/a/../b", "/b"},
          Case{"/../..", "/"}, Case{"/../a", "/a"}, Case{"", "."}, Case{".", "."},
          Case{"a/..", "."}, Case{"./a", "a"}, Case{"../a", "../a"}, Case{"a/../../b", "../b"},
          Case{"../../a/..", "../.."}, Case{"/...", "/..."}, Case{"/a/..b", "/a/..b"}})
        EXPECT_EQ(clean_path(path), clean) << path;
}

TEST(Rfc3339, IsNowInUtcWithNanoseconds) {
    const time_t before = std::time(nullptr);
    const std::string text = rfc3339_now();
    const time_t after = std::time(nullptr);
    ASSERT_EQ(text.size(), 30) << text;
    EXPECT_EQ(text[19], '.');
    EXPECT_EQ(text.back(), 'Z');
    tm parts{};
    ASSERT_NE(::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts), nullptr);
    const time_t read = ::timegm(&parts);
    // The second may turn between the calls; time(2) may lag a tick behind.
    EXPECT_GE(read, before - 1);
    EXPECT_LE(read, after + 1);
}

}  // namespace
}  // namespace unitc::text
