// SPDX-License-Identifier: Apache-2.0
#include "daemon/workers.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace unitc::daemon {
namespace {

// What comes of a verb, in a process of its own.
Result<> outcome(const Workers::Verb& verb) {
    auto loop = Loop::open();
    EXPECT_TRUE(loop);
    Workers workers{*loop};
    std::optional<Result<>> told;
    EXPECT_TRUE(workers.run(verb, [&told](Result<> result) { told = std::move(result); }));
    EXPECT_EQ(workers.count(), 1U);
    for (int turns = 0; !told && turns < 100; ++turns)
        EXPECT_TRUE(loop->turn(1000));
    EXPECT_EQ(workers.count(), 0U);
    return told ? *std::move(told) : fail("nothing was told");
}

TEST(Workers, SayWhenItIsDone) {
    EXPECT_TRUE(outcome([]() -> Result<> { return {}; }));
}

TEST(Workers, SayWhatWentWrong) {
    const auto failed = outcome([]() -> Result<> {
        return Failure{Error{ESRCH, "container not running, or so"}};
    });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ESRCH);
    EXPECT_EQ(failed.error().message, "container not running, or so");
}

TEST(Workers, SayNothingGoodWhenTheyDie) {
    const auto failed = outcome([]() -> Result<> { ::_exit(0); });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "the process of the operation ended without an answer");
}

TEST(Workers, HaveNoneOfOurDescriptors) {
    const Fd ours{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 50)};
    ASSERT_TRUE(ours);
    EXPECT_TRUE(outcome([&ours]() -> Result<> {
        if (::fcntl(ours.get(), F_GETFD) >= 0)
            return fail("it is open");
        return {};
    }));
}

}  // namespace
}  // namespace unitc::daemon
