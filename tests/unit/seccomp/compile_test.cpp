// SPDX-License-Identifier: Apache-2.0
// Profiles as the running kernel enforces them. Every process here makes
// calls that are harmless if they get through: getppid, or invalid
// descriptors, whose answer EBADF (-9) tells that the kernel was reached.
#include "seccomp/compile.hpp"

#include <linux/seccomp.h>

#include "base/failure.hpp"
#include "seccomp/outcome.hpp"

namespace unitc::seccomp {
namespace {

using oci::SeccompAction;
using oci::SeccompOperator;
using testing::ElementsAre;
using testing::Not;

constexpr uint64_t kNoFd = 999;
constexpr uint64_t kHigh = uint64_t{1} << 32;

oci::Seccomp allow_all_but(std::vector<oci::SeccompSyscalls> rules) {
    oci::Seccomp profile;
    profile.syscalls = std::move(rules);
    return profile;
}

oci::Seccomp deny_all_but(std::vector<std::string> names) {
    oci::Seccomp profile;
    profile.default_action = SeccompAction::Errno;
    profile.syscalls = {rule(std::move(names), SeccompAction::Allow)};
    return profile;
}

// What close(kNoFd) of such a first argument does: -1 where the rule matches.
std::vector<std::string> compared(SeccompOperator op, uint64_t value, uint64_t value_two,
                                  const std::vector<uint64_t>& arguments) {
    const auto profile =
        allow_all_but({rule({"close"}, SeccompAction::Errno, {{0, value, value_two, op}})});
    std::vector<std::string> calls;
    for (const uint64_t argument : arguments)
        calls.push_back(call("close", {argument}));
    return outcomes(profile, calls);
}

TEST(SeccompCompile, EachActionDoesWhatItSays) {
    struct Case {
        SeccompAction action;
        const char* outcome;
    };
    for (const auto& [action, outcome] :
         {Case{SeccompAction::KillThread, "SIGSYS"}, Case{SeccompAction::KillProcess, "SIGSYS"},
          Case{SeccompAction::Trap, "SIGSYS"}, Case{SeccompAction::Errno, "-1"},
          Case{SeccompAction::Trace, "-38"},  // no tracer: ENOSYS
          Case{SeccompAction::Log, "-9"}, Case{SeccompAction::Allow, "-9"}})
        EXPECT_THAT(outcomes(allow_all_but({rule({"close"}, action)}), {call("close", {kNoFd})}),
                    ElementsAre(outcome))
            << static_cast<int>(action);
}

TEST(SeccompCompile, AnswersTheRulesErrnoOrEperm) {
    auto profile =
        allow_all_but({rule({"close"}, SeccompAction::Errno), rule({"dup"}, SeccompAction::Errno),
                       rule({"fsync"}, SeccompAction::Errno)});
    profile.syscalls[1].errno_ret = 100;
    profile.syscalls[2].errno_ret = 0;
    EXPECT_THAT(
        outcomes(profile, {call("close", {kNoFd}), call("dup", {kNoFd}), call("fsync", {kNoFd})}),
        ElementsAre("-1", "-100", "0"));
}

TEST(SeccompCompile, AnswersTheDefaultErrnoToWhatNoRuleNames) {
    oci::Seccomp profile = deny_all_but({"close", "pidfd_open"});
    EXPECT_THAT(outcomes(profile, {call("close", {kNoFd}), call("dup", {kNoFd})}),
                ElementsAre("-9", "-1"));
    profile.default_errno_ret = 6;
    EXPECT_THAT(outcomes(profile, {call("close", {kNoFd}), call("dup", {kNoFd})}),
                ElementsAre("-9", "-6"));
}

TEST(SeccompCompile, RefusesErrnosThatTheKernelWouldCut) {
    auto profile = allow_all_but({rule({"close"}, SeccompAction::Errno)});
    profile.syscalls[0].errno_ret = 4094;
    EXPECT_THAT(compile(profile), Succeeds());
    profile.syscalls[0].errno_ret = 4095;
    EXPECT_THAT(compile(profile),
                FailsWith(0, "linux.seccomp.syscalls.errnoRet: 4095 is too large"));
    profile.syscalls[0].errno_ret = 1;
    profile.default_errno_ret = 70000;
    EXPECT_THAT(compile(profile), Succeeds());  // the default action takes none
    profile.default_action = SeccompAction::Trace;
    EXPECT_THAT(compile(profile),
                FailsWith(0, "linux.seccomp.defaultErrnoRet: 70000 is too large"));
}

TEST(SeccompCompile, SkipsUnknownNamesAndRulesThatSayTheDefault) {
    const auto profile = allow_all_but({rule({"no_such_call", "close"}, SeccompAction::Errno),
                                        rule({"dup"}, SeccompAction::Allow)});
    EXPECT_THAT(outcomes(profile, {call("close", {kNoFd}), call("dup", {kNoFd})}),
                ElementsAre("-1", "-9"));
}

TEST(SeccompCompile, TakesTheSameRuleTwice) {
    const auto profile = allow_all_but(
        {rule({"close", "close"}, SeccompAction::Errno), rule({"close"}, SeccompAction::Errno)});
    EXPECT_THAT(outcomes(profile, {call("close", {kNoFd})}), ElementsAre("-1"));
}

// CVE-2019-9893: comparisons that look at half of the argument.
TEST(SeccompCompile, ComparesAll64Bits) {
    using Op = SeccompOperator;
    const std::vector<uint64_t> arguments{kNoFd - 1,         kNoFd,         kNoFd + 1,
                                          kHigh + kNoFd - 1, kHigh + kNoFd, kHigh + kNoFd + 1};
    const std::string no = "-9";
    const std::string yes = "-1";
    EXPECT_THAT(compared(Op::EqualTo, kNoFd, 0, arguments), ElementsAre(no, yes, no, no, no, no));
    EXPECT_THAT(compared(Op::NotEqual, kNoFd, 0, arguments),
                ElementsAre(yes, no, yes, yes, yes, yes));
    EXPECT_THAT(compared(Op::LessThan, kNoFd, 0, arguments), ElementsAre(yes, no, no, no, no, no));
    EXPECT_THAT(compared(Op::LessEqual, kNoFd, 0, arguments),
                ElementsAre(yes, yes, no, no, no, no));
    EXPECT_THAT(compared(Op::GreaterThan, kNoFd, 0, arguments),
                ElementsAre(no, no, yes, yes, yes, yes));
    EXPECT_THAT(compared(Op::GreaterEqual, kNoFd, 0, arguments),
                ElementsAre(no, yes, yes, yes, yes, yes));
}

TEST(SeccompCompile, ComparesWithLargeValues) {
    using Op = SeccompOperator;
    const uint64_t value = kHigh + kNoFd;
    const std::vector<uint64_t> arguments{kNoFd + 1, value - 1, value, value + 1,
                                          2 * kHigh + kNoFd - 1};
    const std::string no = "-9";
    const std::string yes = "-1";
    EXPECT_THAT(compared(Op::EqualTo, value, 0, arguments), ElementsAre(no, no, yes, no, no));
    EXPECT_THAT(compared(Op::NotEqual, value, 0, arguments), ElementsAre(yes, yes, no, yes, yes));
    EXPECT_THAT(compared(Op::LessThan, value, 0, arguments), ElementsAre(yes, yes, no, no, no));
    EXPECT_THAT(compared(Op::LessEqual, value, 0, arguments), ElementsAre(yes, yes, yes, no, no));
    EXPECT_THAT(compared(Op::GreaterThan, value, 0, arguments), ElementsAre(no, no, no, yes, yes));
    EXPECT_THAT(compared(Op::GreaterEqual, value, 0, arguments),
                ElementsAre(no, no, yes, yes, yes));
}

TEST(SeccompCompile, ComparesTheMaskedArgumentWithTheSecondValue) {
    const auto op = SeccompOperator::MaskedEqual;
    // value is the mask, valueTwo what must remain: config-linux.md.
    EXPECT_THAT(compared(op, 0xff00, 0x0300, {0x0399, 0x0499, kHigh + 0x0399}),
                ElementsAre("-1", "-9", "-1"));
    const uint64_t mask = (kHigh * 0xf) | 0xff00;
    EXPECT_THAT(compared(op, mask, kHigh | 0x0300, {0x0399, kHigh + 0x0399, 2 * kHigh + 0x0399}),
                ElementsAre("-9", "-1", "-9"));
}

// TIOCSTI by a number whose upper half a 32-bit comparison would not see
// (CVE-2019-10063): the kernel itself cuts it to TIOCSTI.
TEST(SeccompCompile, CanCatchAnIoctlWithHighBitsByItsLowerHalf) {
    constexpr uint64_t kTiocsti = 0x5412;
    const auto profile =
        allow_all_but({rule({"ioctl"}, SeccompAction::Errno,
                            {{1, 0xffffffff, kTiocsti, SeccompOperator::MaskedEqual}})});
    EXPECT_THAT(outcomes(profile, {call("ioctl", {kNoFd, kTiocsti}),
                                   call("ioctl", {kNoFd, kHigh | kTiocsti}),
                                   call("ioctl", {kNoFd, kTiocsti + 1})}),
                ElementsAre("-1", "-1", "-9"));
}

TEST(SeccompCompile, NeedsAllConditionsOnDifferentArguments) {
    const auto profile = allow_all_but(
        {rule({"dup2"}, SeccompAction::Errno,
              {{0, kNoFd, 0, SeccompOperator::EqualTo}, {1, 7, 0, SeccompOperator::EqualTo}})});
    EXPECT_THAT(outcomes(profile, {call("dup2", {kNoFd, 7}), call("dup2", {kNoFd, 8}),
                                   call("dup2", {kNoFd - 1, 7})}),
                ElementsAre("-1", "-9", "-9"));
}

TEST(SeccompCompile, NeedsOneOfTheConditionsOnTheSameArgument) {
    const auto profile = allow_all_but({rule({"dup2"}, SeccompAction::Errno,
                                             {{0, kNoFd, 0, SeccompOperator::EqualTo},
                                              {0, kNoFd + 1, 0, SeccompOperator::EqualTo},
                                              {1, 7, 0, SeccompOperator::EqualTo}})});
    EXPECT_THAT(outcomes(profile, {call("dup2", {kNoFd, 8}), call("dup2", {kNoFd + 1, 8}),
                                   call("dup2", {kNoFd + 2, 7}), call("dup2", {kNoFd + 2, 8})}),
                ElementsAre("-1", "-1", "-1", "-9"));
}

TEST(SeccompCompile, RefusesAnArgumentThatNoCallHas) {
    const auto profile = allow_all_but(
        {rule({"close"}, SeccompAction::Errno, {{6, 0, 0, SeccompOperator::EqualTo}})});
    EXPECT_THAT(compile(profile), FailsWith(0, "linux.seccomp.syscalls.args.index: 6"));
}

TEST(SeccompCompile, SetsSpecAllowUnlessThereIsAListOfFlags) {
    oci::Seccomp profile = allow_all_but({rule({"close"}, SeccompAction::Errno)});
    const auto flags = [&] { return compile(profile)->flags; };
    EXPECT_EQ(flags(), SECCOMP_FILTER_FLAG_SPEC_ALLOW);
    profile.flags.emplace();
    EXPECT_EQ(flags(), 0);
    profile.flags = {"SECCOMP_FILTER_FLAG_TSYNC"};
    EXPECT_EQ(flags(), 0);  // as runc: the loader has one thread
    profile.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
    EXPECT_EQ(flags(), SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
    EXPECT_THAT(outcomes(profile, {call("close", {kNoFd})}), ElementsAre("-1"));
    profile.flags = {"SECCOMP_FILTER_FLAG_NEWER"};
    EXPECT_THAT(compile(profile), FailsWith(0, "linux.seccomp.flags: 'SECCOMP_FILTER_FLAG_NEWER'"));
}

TEST(SeccompCompile, AsksForAListenerWhereARuleNotifies) {
    constexpr uint32_t kWaitKillable = 1 << 5;
    oci::Seccomp profile = allow_all_but({rule({"close"}, SeccompAction::Notify)});
    profile.flags = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
    EXPECT_EQ(compile(profile)->flags, SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable);
    // Answered with the filter in place and the listener open in the child itself.
    EXPECT_THAT(outcomes(profile, {call("dup", {kNoFd})}), ElementsAre("-9"));
    profile.syscalls[0].action = SeccompAction::Errno;
    EXPECT_THAT(compile(profile), FailsWith(0, "needs a rule with SCMP_ACT_NOTIFY"));
}

TEST(SeccompCompile, RefusesNotifyWhereNobodyCouldAnswer) {
    EXPECT_THAT(compile(allow_all_but({rule({"read", "write"}, SeccompAction::Notify)})),
                FailsWith(0, "SCMP_ACT_NOTIFY cannot be used for the write syscall"));
    oci::Seccomp profile;
    profile.default_action = SeccompAction::Notify;
    EXPECT_THAT(compile(profile), FailsWith(0, "cannot be used as default action"));
}

TEST(SeccompCompile, RefusesAnUnknownArchitecture) {
    oci::Seccomp profile;
    profile.architectures = {"SCMP_ARCH_Z80"};
    EXPECT_THAT(compile(profile), FailsWith(0, "linux.seccomp.architectures: 'SCMP_ARCH_Z80'"));
}

TEST(SeccompCompile, RefusesAProgramThatTheKernelWouldNotTake) {
    oci::Seccomp profile;
    for (uint64_t i = 0; i < 800; ++i)
        profile.syscalls.push_back(rule({"dup2"}, SeccompAction::Errno,
                                        {{0, i * kHigh + i, 0, SeccompOperator::EqualTo},
                                         {1, i * kHigh + i, 0, SeccompOperator::NotEqual}}));
    EXPECT_THAT(compile(profile), FailsWith(0, "instructions, the kernel takes at most 4096"));
}

#if defined(__x86_64__)
TEST(SeccompCompile, KillsOtherArchitecturesUnlessTheProfileNamesThem) {
    constexpr const char* kGetppid = "i386:64";
    constexpr const char* kClose = "i386:6:999";
    oci::Seccomp profile = allow_all_but({rule({"close"}, SeccompAction::Errno)});
    EXPECT_THAT(outcomes(profile, {kClose}), ElementsAre("SIGSYS"));
    profile.architectures = {"SCMP_ARCH_X86"};
    const auto both = outcomes(profile, {kClose, call("close", {kNoFd}), kGetppid});
    ASSERT_EQ(both.size(), 3);
    EXPECT_EQ(both[0], "-1");
    EXPECT_EQ(both[1], "-1");
    EXPECT_THAT(both[2], Not(testing::StartsWith("-")));
}
#endif

TEST(SeccompCompile, DecidesTheSameWithManyRules) {
    // More than 32 rules are searched as a tree.
    oci::Seccomp profile = deny_all_but(
        {"read",   "write",   "open",   "stat",    "fstat",  "lstat",  "poll",    "lseek",
         "mmap",   "brk",     "ioctl",  "pipe",    "select", "dup",    "dup2",    "pause",
         "alarm",  "getpid",  "socket", "connect", "accept", "sendto", "clone",   "fork",
         "vfork",  "execve",  "exit",   "wait4",   "kill",   "uname",  "fcntl",   "flock",
         "fsync",  "getcwd",  "chdir",  "rename",  "mkdir",  "rmdir",  "creat",   "link",
         "unlink", "symlink", "chmod",  "chown",   "umask",  "getuid", "getppid", "statfs",
         "prctl",  "sync",    "acct",   "mount",   "reboot", "gettid", "close",   "exit_group"});
    EXPECT_THAT(
        outcomes(profile, {call("close", {kNoFd}), call("dup", {kNoFd}), call("fsync", {kNoFd}),
                           call("fchdir", {kNoFd}), call("getegid"), call("fdatasync", {kNoFd})}),
        ElementsAre("-9", "-9", "-9", "-1", "-1", "-1"));
}

}  // namespace
}  // namespace unitc::seccomp
