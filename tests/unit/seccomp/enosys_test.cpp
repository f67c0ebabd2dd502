// SPDX-License-Identifier: Apache-2.0
#include "seccomp/enosys.hpp"

#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/failure.hpp"
#include "seccomp/outcome.hpp"

namespace unitc::seccomp {
namespace {

using oci::SeccompAction;
using testing::ElementsAre;
using testing::IsEmpty;

oci::Seccomp profile_of(SeccompAction action) {
    oci::Seccomp profile;
    profile.default_action = action;
    profile.syscalls = {rule({"close", "pidfd_open"}, SeccompAction::Allow)};
    return profile;
}

std::string number(int value) {
    return std::to_string(value);
}

TEST(SeccompEnosys, AnswersCallsNewerThanTheProfile) {
    const int newest = seccomp_syscall_resolve_name("pidfd_open");
    const std::vector<std::string> calls{number(newest - 1), number(newest), number(newest + 1),
                                         "9999"};
    oci::Seccomp profile = profile_of(SeccompAction::Errno);
    profile.default_errno_ret = 13;
    EXPECT_THAT(outcomes(profile, calls), ElementsAre("-13", "-22", "-38", "-38"));
    EXPECT_THAT(outcomes(profile_of(SeccompAction::KillProcess), calls),
                ElementsAre("SIGSYS", "-22", "-38", "-38"));
    EXPECT_THAT(outcomes(profile_of(SeccompAction::Trap), calls),
                ElementsAre("SIGSYS", "-22", "-38", "-38"));
}

TEST(SeccompEnosys, CountsRulesWhateverTheirAction) {
    // A profile that refuses a call knows it.
    oci::Seccomp profile = profile_of(SeccompAction::Errno);
    profile.syscalls.push_back(rule({"openat2"}, SeccompAction::Errno));
    const int newest = seccomp_syscall_resolve_name("openat2");
    EXPECT_THAT(outcomes(profile, {number(newest), number(newest + 1)}), ElementsAre("-1", "-38"));
}

TEST(SeccompEnosys, LeavesDefaultsThatLetPassAlone) {
    for (const auto action : {SeccompAction::Allow, SeccompAction::Log, SeccompAction::Trace})
        EXPECT_THAT(*newest_calls(profile_of(action)), IsEmpty()) << static_cast<int>(action);
}

TEST(SeccompEnosys, HasNothingToAddToADefaultOfEnosys) {
    oci::Seccomp profile = profile_of(SeccompAction::Errno);
    profile.default_errno_ret = 38;
    EXPECT_THAT(*newest_calls(profile), IsEmpty());
    EXPECT_THAT(outcomes(profile, {"9999"}), ElementsAre("-38"));
}

TEST(SeccompEnosys, AddsNothingWhereTheProfileNamesNoCall) {
    oci::Seccomp profile;
    profile.default_action = SeccompAction::Errno;
    EXPECT_THAT(*newest_calls(profile), IsEmpty());
    EXPECT_THAT(enosys_prologue({}), IsEmpty());
    EXPECT_THAT(outcomes(profile, {"9999"}), ElementsAre("-1"));
}

#if defined(__x86_64__)
constexpr int kX32 = 0x40000000;

TEST(SeccompEnosys, KnowsTheNumbersOfEachArchitecture) {
    oci::Seccomp profile = profile_of(SeccompAction::Errno);
    profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
    // Newest on i386 is another one than on x86_64.
    profile.syscalls.push_back(rule({"semtimedop_time64"}, SeccompAction::Allow));
    const auto calls = newest_calls(profile);
    ASSERT_THAT(calls, Succeeds());
    ASSERT_EQ(calls->size(), 2);
    EXPECT_EQ((*calls)[0].own, 434u);
    EXPECT_EQ((*calls)[0].x32, unsigned{kX32 + 434});
    EXPECT_EQ((*calls)[1].own, 434u);
    EXPECT_THAT(outcomes(profile, {"434", "435", number(kX32 + 433), number(kX32 + 435), "i386:433",
                                   "i386:435", "i386:6:999"}),
                ElementsAre("-22", "-38", "-1", "-38", "-1", "-38", "-9"));
}

TEST(SeccompEnosys, TellsApartArchitecturesWithOtherNumbers) {
    oci::Seccomp profile;
    profile.default_action = SeccompAction::Errno;
    profile.architectures = {"SCMP_ARCH_X86"};
    profile.syscalls = {rule({"umask"}, SeccompAction::Allow)};  // 95, and 60 on i386
    EXPECT_THAT(outcomes(profile, {"96", "94", "i386:61", "i386:59"}),
                ElementsAre("-38", "-1", "-38", "-1"));
}

TEST(SeccompEnosys, PassesByArchitecturesInAnyOrder) {
    // A host whose own architecture is not the first in the list.
    auto program = enosys_prologue({{SCMP_ARCH_AARCH64, 1, std::nullopt},
                                    {SCMP_ARCH_X86, 63, std::nullopt},
                                    {SCMP_ARCH_ARM, 1, std::nullopt},
                                    {SCMP_ARCH_X86_64, 109, std::nullopt}});
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 7));
    const Filter filter{
        {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)}, 0};
    EXPECT_THAT(outcomes(filter, {"109", "110", "i386:63", "i386:64", number(kX32 + 110)}),
                ElementsAre("-7", "-38", "-7", "-38", "-7"));
}

TEST(SeccompEnosys, LeavesX32ToTheFilterWhereTheProfileDoesNotNameIt) {
    EXPECT_THAT(outcomes(profile_of(SeccompAction::Errno), {number(kX32 + 9999)}),
                ElementsAre("SIGSYS"));
}
#endif

}  // namespace
}  // namespace unitc::seccomp
