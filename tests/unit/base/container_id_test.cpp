// SPDX-License-Identifier: Apache-2.0
#include "base/container_id.hpp"

#include "base/failure.hpp"

namespace unitc {
namespace {

TEST(ContainerId, AcceptsWhatRuncAccepts) {
    for (const char* text : {"a", "web", "Web_1", "a+b", "a.b-c", "-x", "0"})
        EXPECT_THAT(ContainerId::parse(text), Succeeds()) << text;
    EXPECT_EQ(ContainerId::parse("web")->str(), "web");
}

TEST(ContainerId, RefusesADotInFrontWhichNamesOfOurOwnHave) {
    EXPECT_THAT(ContainerId::parse(".hidden"),
                FailsWith(0, "invalid id format: '.hidden' must not begin with '.'"));
}

TEST(ContainerId, RefusesTheEmptyOne) {
    EXPECT_THAT(ContainerId::parse(""), FailsWith(0, "container id cannot be empty"));
}

TEST(ContainerId, RefusesWhatWouldBeAnotherPath) {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {"."sv, ".."sv, "/"sv, "a/b"sv, "../x"sv, "a b"sv, "a\nb"sv, "a\0b"sv, "\xc3\xa4"sv,
          "a:b"sv, "a@b"sv, "a\\b"sv, "a%b"sv, "a~"sv})
        EXPECT_THAT(ContainerId::parse(text), FailsWith(0, "invalid id format"));
}

TEST(ContainerId, HasRoomInAFileName) {
    EXPECT_THAT(ContainerId::parse(std::string(255, 'x')), Succeeds());
    EXPECT_THAT(ContainerId::parse(std::string(256, 'x')), FailsWith(0, "longer than 255 bytes"));
}

TEST(ContainerId, ShowsControlBytesInItsErrors) {
    EXPECT_THAT(ContainerId::parse("a\x1b[31m"), FailsWith(0, "'a\\x1b[31m'"));
}

}  // namespace
}  // namespace unitc
