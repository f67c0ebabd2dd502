// SPDX-License-Identifier: Apache-2.0
// The filter code of small profiles as text. UPDATE_GOLDEN=1 rewrites the
// files in tests/golden/seccomp. The text is libseccomp's for x86_64.
#include <cstdlib>

#include "base/failure.hpp"
#include "seccomp/compile.hpp"
#include "seccomp/outcome.hpp"
#include "sys/file.hpp"

namespace unitc::seccomp {
namespace {

using oci::SeccompAction;
using oci::SeccompOperator;

void expect_golden(const std::string& name, const oci::Seccomp& profile) {
#if !defined(__x86_64__)
    GTEST_SKIP() << "the files hold x86_64's numbers";
#endif
    const auto text = describe(profile);
    ASSERT_THAT(text, Succeeds());
    const std::string path = UNITC_TESTS_DIR "/golden/seccomp/" + name + ".txt";
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        const auto file = sys::open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        ASSERT_THAT(file, Succeeds());
        ASSERT_TRUE(sys::write_all(*file, *text));
        return;
    }
    const auto expected = sys::read_file(AT_FDCWD, path.c_str());
    ASSERT_THAT(expected, Succeeds());
    EXPECT_EQ(*text, *expected);
}

TEST(SeccompDescribe, ShowsADenyList) {
    oci::Seccomp profile;
    profile.syscalls = {rule({"mount", "umount2"}, SeccompAction::Errno),
                        rule({"reboot"}, SeccompAction::KillProcess)};
    expect_golden("deny-list", profile);
}

TEST(SeccompDescribe, ShowsAnAllowListOfTwoArchitectures) {
    oci::Seccomp profile;
    profile.default_action = SeccompAction::Errno;
    profile.default_errno_ret = 1;
    profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
    profile.flags = {"SECCOMP_FILTER_FLAG_LOG"};
    profile.syscalls = {rule({"read", "write", "exit_group", "pidfd_open"}, SeccompAction::Allow)};
    expect_golden("allow-list", profile);
}

TEST(SeccompDescribe, ShowsComparisons) {
    oci::Seccomp profile;
    profile.default_action = SeccompAction::KillThread;
    profile.syscalls = {
        // As engines allow personality(2): each value is a rule.
        rule({"personality"}, SeccompAction::Allow,
             {{0, 0, 0, SeccompOperator::EqualTo}, {0, 8, 0, SeccompOperator::EqualTo}}),
        rule({"clone"}, SeccompAction::Allow, {{0, 0x7e020000, 0, SeccompOperator::MaskedEqual}}),
        rule({"socket"}, SeccompAction::Trace,
             {{0, 40, 0, SeccompOperator::NotEqual},
              {1, 0x100000000, 0, SeccompOperator::GreaterThan}})};
    expect_golden("comparisons", profile);
}

}  // namespace
}  // namespace unitc::seccomp
