// SPDX-License-Identifier: Apache-2.0
#include "base/signal.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace unitc {
namespace {

struct Spelling {
    const char* text;
    int signal;
};
void PrintTo(const Spelling& row, std::ostream* out) {
    *out << row.text;
}
class SignalName : public testing::TestWithParam<Spelling> {};

TEST_P(SignalName, is_known) {
    const auto signal = parse_signal(GetParam().text);
    ASSERT_TRUE(signal) << signal.error().message;
    EXPECT_EQ(*signal, GetParam().signal) << GetParam().text;
}

// Numbers of the generic Linux table (signal(7)), those of RTMIN as
// `kill -l` shows them.
INSTANTIATE_TEST_SUITE_P(
    All, SignalName,
    testing::Values(Spelling{"TERM", 15}, Spelling{"SIGTERM", 15}, Spelling{"sigterm", 15},
                    Spelling{"Term", 15}, Spelling{"KILL", 9}, Spelling{"9", 9}, Spelling{"0", 0},
                    Spelling{"HUP", 1}, Spelling{"INT", 2}, Spelling{"USR1", SIGUSR1},
                    Spelling{"WINCH", SIGWINCH}, Spelling{"CHLD", SIGCHLD},
                    Spelling{"CLD", SIGCHLD}, Spelling{"IOT", SIGABRT}, Spelling{"ABRT", SIGABRT},
                    Spelling{"POLL", SIGPOLL}, Spelling{"IO", SIGIO}, Spelling{"PWR", SIGPWR},
                    Spelling{"SYS", SIGSYS}, Spelling{"STKFLT", 16}, Spelling{"RTMIN", 34},
                    Spelling{"SIGRTMIN+3", 37}, Spelling{"rtmin+30", 64}, Spelling{"RTMAX", 64},
                    Spelling{"RTMAX-2", 62}, Spelling{"64", 64}, Spelling{"32", 32}));

TEST(ParseSignal, refuses_what_is_no_signal) {
    for (const char* text : {"",        "SIG",    "NOPE",     "SIGNOPE",  "SIGSIGTERM",
                             "-1",      "65",     "99999",    "9x",       " 9",
                             "9 ",      "KILL ",  "+9",       "RTMIN+31", "RTMAX+1",
                             "RTMIN-1", "RTMIN+", "RTMIN+-1", "RTMAX-31", "99999999999999999999"}) {
        const auto signal = parse_signal(text);
        ASSERT_FALSE(signal) << text;
        EXPECT_EQ(signal.error().message, std::string{"unknown signal \""} + text + "\"");
    }
}

}  // namespace
}  // namespace unitc
