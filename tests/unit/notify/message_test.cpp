// SPDX-License-Identifier: Apache-2.0
// Every key of sd_notify(3), and what becomes of it.
#include "notify/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failure.hpp"

namespace unitc::notify {
namespace {

using Kind = Verdict::Kind;

constexpr pid_t kInside = 7;
constexpr pid_t kOutside = 4007;
constexpr uint64_t kInode = 99;

Questions answers(bool own_pidfd = true, int64_t ahead = 0) {
    const auto behind = own_pidfd ? std::optional{kOutside} : std::nullopt;
    return {[](pid_t inside) {
                return inside == kInside ? std::optional<pid_t>{kOutside} : std::nullopt;
            },
            [](pid_t host) { return host == kOutside ? kInode : 0; }, [behind] { return behind; },
            [ahead] { return ahead; }};
}

struct Case {
    std::string_view sent;
    std::string_view forwarded;  // empty: dropped
    size_t fds = 0;
    bool with_fds = false;
};

class Keys : public testing::TestWithParam<Case> {};

TEST_P(Keys, GoOnOrEndHere) {
    const Case& row = GetParam();
    const Verdict verdict = judge(row.sent, row.fds, true, {}, answers());
    EXPECT_EQ(verdict.kind, row.forwarded.empty() ? Kind::Drop : Kind::Forward);
    EXPECT_EQ(verdict.text, row.forwarded);
    EXPECT_EQ(verdict.with_fds, row.with_fds);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Keys,
    testing::Values(Case{"READY=1", "READY=1"}, Case{"STOPPING=1", "STOPPING=1"},
                    Case{"RELOADING=1\nMONOTONIC_USEC=5", "RELOADING=1\nMONOTONIC_USEC=5"},
                    Case{"MONOTONIC_USEC=soon", ""}, Case{"MONOTONIC_USEC=-1", ""},
                    Case{"STATUS=a b = c", "STATUS=a b = c"}, Case{"STATUS=", "STATUS="},
                    Case{"ERRNO=2", "ERRNO=2"}, Case{"BUSERROR=org.x.Y", "BUSERROR=org.x.Y"},
                    Case{"VARLINKERROR=org.x.Y", "VARLINKERROR=org.x.Y"},
                    Case{"EXIT_STATUS=3", "EXIT_STATUS=3"}, Case{"WATCHDOG=1", "WATCHDOG=1"},
                    Case{"WATCHDOG=trigger", "WATCHDOG=trigger"},
                    Case{"EXTEND_TIMEOUT_USEC=1000", "EXTEND_TIMEOUT_USEC=1000"},
                    Case{"RESTART_RESET=1", "RESTART_RESET=1"}));

INSTANTIATE_TEST_SUITE_P(
    Processes, Keys,
    testing::Values(Case{"MAINPID=7", "MAINPID=4007"}, Case{"MAINPID=8", ""}, Case{"MAINPID=0", ""},
                    Case{"MAINPID=-7", ""}, Case{"MAINPID=7 ", ""},
                    Case{"READY=1\nMAINPID=8", "READY=1"},
                    Case{"MAINPID=7\nMAINPIDFDID=99", "MAINPID=4007\nMAINPIDFDID=99"},
                    Case{"MAINPID=7\nMAINPIDFDID=98", "MAINPID=4007"}, Case{"MAINPIDFDID=99", ""},
                    Case{"MAINPIDFD=1", "MAINPID=4007\nMAINPIDFD=1", 1, true},
                    Case{"MAINPIDFD=1\nMAINPIDFD=1", "MAINPID=4007\nMAINPIDFD=1", 1, true},
                    Case{"MAINPID=8\nMAINPIDFDID=1\nMAINPIDFD=1", "MAINPID=4007\nMAINPIDFD=1", 1,
                         true},
                    Case{"MAINPIDFD=1", ""}, Case{"MAINPIDFD=1", "", 2}, Case{"MAINPIDFD=2", "", 1},
                    Case{"FDSTORE=1\nMAINPIDFD=1", "FDSTORE=1", 1, true}));

INSTANTIATE_TEST_SUITE_P(
    Descriptors, Keys,
    testing::Values(Case{"FDSTORE=1\nFDNAME=a", "FDSTORE=1\nFDNAME=a", 2, true},
                    Case{"FDSTORE=1\nFDPOLL=0", "FDSTORE=1\nFDPOLL=0", 1, true},
                    Case{"FDSTORE=0", "", 1},
                    Case{"FDSTOREREMOVE=1\nFDNAME=a", "FDSTOREREMOVE=1\nFDNAME=a"},
                    Case{"READY=1", "READY=1", 3}));

INSTANTIATE_TEST_SUITE_P(Unit, Keys,
                         testing::Values(Case{"WATCHDOG_USEC=1", ""}, Case{"NOTIFYACCESS=all", ""},
                                         Case{"X_SYSTEMD_UNIT_ACTIVE=a", ""}, Case{"X_OWN=1", ""},
                                         Case{"NEW=1", ""}, Case{"READY", ""}, Case{"=1", ""},
                                         Case{"READYX=1", ""}, Case{" READY=1", ""}));

TEST(Message, StaysOneDatagramInItsOrder) {
    const auto verdict =
        judge("READY=1\n\nX_A=1\nSTATUS=up\nMAINPID=7\nERRNO=0\n", 0, true, {}, answers());
    EXPECT_EQ(verdict.text, "READY=1\nSTATUS=up\nMAINPID=4007\nERRNO=0");
}

TEST(Message, ChangesTheUnitWhereTheConfigAllowsIt) {
    constexpr auto kBoth = "WATCHDOG_USEC=5\nNOTIFYACCESS=all";
    EXPECT_EQ(judge(kBoth, 0, true, {true, false}, answers()).text, "WATCHDOG_USEC=5");
    EXPECT_EQ(judge(kBoth, 0, true, {false, true}, answers()).text, "NOTIFYACCESS=all");
}

TEST(Message, HasTheHostsTime) {
    constexpr auto kReload = "RELOADING=1\nMONOTONIC_USEC=1000";
    EXPECT_EQ(judge(kReload, 0, true, {}, answers(true, 400)).text,
              "RELOADING=1\nMONOTONIC_USEC=600");
    EXPECT_EQ(judge(kReload, 0, true, {}, answers(true, -400)).text,
              "RELOADING=1\nMONOTONIC_USEC=1400");
    // Before the host was booted: not a time of its clock.
    EXPECT_EQ(judge(kReload, 0, true, {}, answers(true, 2000)).text, "RELOADING=1");
}

TEST(Message, OfASenderThatHasEndedSaysHowTheServiceFaresAlone) {
    EXPECT_EQ(judge("READY=1\nMAINPID=7\nFDSTORE=1\nFDNAME=a\nSTATUS=x", 1, false, {}, answers()),
              (Verdict{Kind::Forward, "READY=1\nSTATUS=x", false}));
    EXPECT_EQ(judge("MAINPIDFD=1", 1, false, {}, answers()), Verdict{});
}

TEST(Message, NamesNoForeignProcessByDescriptor) {
    EXPECT_EQ(judge("MAINPIDFD=1", 1, true, {}, answers(false)), Verdict{});
}

TEST(Message, TellsHowMuchTimeItAsksFor) {
    EXPECT_EQ(extension_of("STATUS=x\nEXTEND_TIMEOUT_USEC=30"), 30U);
    EXPECT_EQ(extension_of("STATUS=x"), 0U);
    EXPECT_EQ(extension_of("EXTEND_TIMEOUT_USEC=x"), 0U);
}

TEST(Barrier, IsAloneWithOneDescriptor) {
    EXPECT_EQ(judge("BARRIER=1", 1, true, {}, answers()).kind, Kind::Barrier);
    EXPECT_EQ(judge("BARRIER=1\n", 1, false, {}, answers()).kind, Kind::Barrier);
    EXPECT_EQ(judge("BARRIER=1", 0, true, {}, answers()).kind, Kind::Drop);
    EXPECT_EQ(judge("BARRIER=1", 2, true, {}, answers()).kind, Kind::Drop);
    EXPECT_EQ(judge("BARRIER=1\nREADY=1", 1, true, {}, answers()).kind, Kind::Drop);
}

TEST(Annotation, NamesTheKeysThatAreAllowed) {
    const auto allowed = [](const char* value) {
        return allowed_by({{"a", "b"}, {kAllowAnnotation, value}});
    };
    EXPECT_FALSE(allowed("")->watchdog_usec || allowed("")->notify_access);
    EXPECT_TRUE(allowed(" WATCHDOG_USEC  NOTIFYACCESS")->watchdog_usec);
    EXPECT_TRUE(allowed("NOTIFYACCESS")->notify_access);
    EXPECT_FALSE(allowed("NOTIFYACCESS")->watchdog_usec);
    EXPECT_THAT(allowed("MAINPID"),
                FailsWith(0,
                          "annotations.org.unitc.notify.allow: 'MAINPID' must be "
                          "WATCHDOG_USEC or NOTIFYACCESS"));
}

}  // namespace
}  // namespace unitc::notify
