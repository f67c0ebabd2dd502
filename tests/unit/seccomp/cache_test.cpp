// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/failure.hpp"
#include "base/temporary.hpp"
#include "seccomp/compile.hpp"
#include "seccomp/digest.hpp"
#include "seccomp/outcome.hpp"
#include "sys/file.hpp"

namespace unitc::seccomp {
namespace {

using oci::SeccompAction;
using oci::SeccompOperator;

oci::Seccomp sample() {
    oci::Seccomp profile;
    profile.default_action = SeccompAction::Errno;
    profile.default_errno_ret = 1;
    profile.architectures = {"SCMP_ARCH_X86_64"};
    profile.flags = {"SECCOMP_FILTER_FLAG_LOG"};
    profile.syscalls = {
        rule({"close", "dup"}, SeccompAction::Allow),
        rule({"read"}, SeccompAction::Errno, {{0, 7, 8, SeccompOperator::EqualTo}})};
    profile.syscalls[1].errno_ret = 5;
    return profile;
}

class SeccompCache : public testing::Test {
protected:
    std::string directory() const { return directory_ / "cache"; }
    std::string file() const { return directory() + "/" + digest(sample()); }
    std::string content() const { return *sys::read_file(AT_FDCWD, file().c_str()); }
    void replace(const std::string& bytes) const {
        const auto dir = sys::open_at(AT_FDCWD, directory().c_str(), O_RDONLY | O_DIRECTORY);
        ASSERT_TRUE(sys::replace_file(*dir, digest(sample()), bytes, 0600));
    }
    // A file for the sample whose filter is another's: who loads it, read it.
    void plant() const {
        oci::Seccomp other = sample();
        other.flags = {"SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
        ASSERT_THAT(compile_cached(other, directory()), Succeeds());
        const std::string path = directory() + "/" + digest(other);
        std::string bytes = *sys::read_file(AT_FDCWD, path.c_str());
        // The key is checked: give it the sample's.
        const std::string key = cache_key(other);
        const std::string ours = cache_key(sample());
        const size_t at = bytes.find(key);
        ASSERT_NE(at, std::string::npos);
        bytes.replace(at, key.size(), ours);
        const uint64_t size = ours.size();
        bytes.replace(56, sizeof size, reinterpret_cast<const char*>(&size), sizeof size);
        replace(bytes);
    }
    bool reads_planted() const { return compile_cached(sample(), directory())->flags == 4; }

    TemporaryDirectory directory_;
};

TEST_F(SeccompCache, GivesTheSameFilterTheSecondTime) {
    const auto compiled = compile(sample());
    const auto first = compile_cached(sample(), directory());
    const auto second = compile_cached(sample(), directory());
    for (const auto* filter : {&*first, &*second}) {
        EXPECT_EQ(filter->bpf, compiled->bpf);
        EXPECT_EQ(filter->flags, 2);
    }
}

TEST_F(SeccompCache, ReadsWhatItWrote) {
    ASSERT_THAT(compile_cached(sample(), directory()), Succeeds());
    plant();
    EXPECT_TRUE(reads_planted());
}

TEST_F(SeccompCache, MakesTheDirectoryAndFilesForItsOwnerOnly) {
    ASSERT_THAT(compile_cached(sample(), directory()), Succeeds());
    struct stat status {};
    ASSERT_EQ(::stat(directory().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700);
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600);
}

TEST_F(SeccompCache, IgnoresAFileThatIsCutAnywhere) {
    const auto compiled = compile(sample());
    ASSERT_THAT(compile_cached(sample(), directory()), Succeeds());
    const std::string whole = content();
    for (size_t size = 0; size < whole.size(); ++size) {
        replace(whole.substr(0, size));
        const auto filter = compile_cached(sample(), directory());
        ASSERT_TRUE(filter && filter->bpf == compiled->bpf && filter->flags == 2) << size;
        ASSERT_EQ(content(), whole) << "not repaired after " << size << " bytes";
    }
}

TEST_F(SeccompCache, IgnoresAFileWithAWrongByteAnywhere) {
    const auto compiled = compile(sample());
    ASSERT_THAT(compile_cached(sample(), directory()), Succeeds());
    const std::string whole = content();
    for (size_t at = 0; at < whole.size(); ++at) {
        std::string wrong = whole;
        wrong[at] = static_cast<char>(wrong[at] ^ 1);
        replace(wrong);
        const auto filter = compile_cached(sample(), directory());
        ASSERT_TRUE(filter && filter->bpf == compiled->bpf && filter->flags == 2) << at;
        ASSERT_EQ(content(), whole) << at;
    }
}

TEST_F(SeccompCache, IgnoresADirectoryOpenToOthers) {
    plant();
    ASSERT_EQ(::chmod(directory().c_str(), 0750), 0);
    EXPECT_FALSE(reads_planted());
    ASSERT_EQ(::chmod(directory().c_str(), 0700), 0);
    EXPECT_TRUE(reads_planted());
}

TEST_F(SeccompCache, IgnoresFilesThatOthersCanWrite) {
    plant();
    ASSERT_EQ(::chmod(file().c_str(), 0620), 0);
    EXPECT_FALSE(reads_planted());
}

TEST_F(SeccompCache, IgnoresForeignFilesAndDirectories) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root to give files away";
    plant();
    ASSERT_EQ(::chown(directory().c_str(), 1, 1), 0);
    EXPECT_FALSE(reads_planted());
    ASSERT_EQ(::chown(directory().c_str(), 0, 0), 0);
    EXPECT_TRUE(reads_planted());
    ASSERT_EQ(::chown(file().c_str(), 1, 1), 0);
    EXPECT_FALSE(reads_planted());
}

TEST_F(SeccompCache, FollowsNoSymlink) {
    plant();
    const std::string elsewhere = directory_ / "elsewhere";
    ASSERT_EQ(::rename(file().c_str(), elsewhere.c_str()), 0);
    ASSERT_EQ(::symlink(elsewhere.c_str(), file().c_str()), 0);
    EXPECT_FALSE(reads_planted());
}

TEST_F(SeccompCache, CompilesWithoutACache) {
    for (const std::string& place : {directory_ / "no/such/parent", std::string{"/dev/null"}}) {
        const auto filter = compile_cached(sample(), place);
        ASSERT_THAT(filter, Succeeds()) << place;
        EXPECT_EQ(filter->bpf, compile(sample())->bpf);
    }
}

TEST_F(SeccompCache, StaysSmall) {
    oci::Seccomp profile;
    for (uint64_t i = 0; i < 300; ++i) {
        profile.syscalls = {
            rule({"close"}, SeccompAction::Errno, {{0, i, 0, SeccompOperator::EqualTo}})};
        ASSERT_THAT(compile_cached(profile, directory()), Succeeds());
    }
    const auto dir = sys::open_at(AT_FDCWD, directory().c_str(), O_RDONLY | O_DIRECTORY);
    struct stat status {};
    int files = 0;
    for (uint64_t i = 0; i < 300; ++i) {
        profile.syscalls[0].args[0].value = i;
        files += ::fstatat(dir->get(), digest(profile).c_str(), &status, 0) == 0 ? 1 : 0;
    }
    EXPECT_LE(files, 128);
    EXPECT_GT(files, 0);
}

TEST(SeccompDigest, IsAnotherForEveryFieldThatCompileReads) {
    using Change = void (*)(oci::Seccomp&);
    constexpr Change kChanges[] = {
        [](oci::Seccomp&) {},
        [](oci::Seccomp& p) { p.default_action = SeccompAction::Trap; },
        [](oci::Seccomp& p) { p.default_errno_ret = 2; },
        [](oci::Seccomp& p) { p.default_errno_ret.reset(); },
        [](oci::Seccomp& p) { p.architectures = {"SCMP_ARCH_X86"}; },
        [](oci::Seccomp& p) { p.architectures = {}; },
        [](oci::Seccomp& p) { p.flags.emplace(); },
        [](oci::Seccomp& p) { p.flags.reset(); },
        [](oci::Seccomp& p) { p.syscalls[0].names = {"close"}; },
        [](oci::Seccomp& p) {
            p.syscalls[0].names = {"closed", "up"};
        },
        [](oci::Seccomp& p) { p.syscalls[0].action = SeccompAction::Log; },
        [](oci::Seccomp& p) { p.syscalls[0].errno_ret = 5; },
        [](oci::Seccomp& p) { p.syscalls[1].errno_ret.reset(); },
        [](oci::Seccomp& p) { p.syscalls[1].args[0].index = 1; },
        [](oci::Seccomp& p) { p.syscalls[1].args[0].value = 6; },
        [](oci::Seccomp& p) { p.syscalls[1].args[0].value_two = 6; },
        [](oci::Seccomp& p) { p.syscalls[1].args[0].op = SeccompOperator::LessThan; },
        [](oci::Seccomp& p) { p.syscalls[1].args.clear(); },
        [](oci::Seccomp& p) { p.syscalls.pop_back(); },
    };
    std::set<std::string> digests;
    for (const Change& change : kChanges) {
        oci::Seccomp profile = sample();
        change(profile);
        const std::string text = digest(profile);
        EXPECT_EQ(text.size(), 32);
        EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
        EXPECT_TRUE(digests.insert(text).second) << &change - kChanges;
    }
}

TEST(SeccompDigest, IgnoresWhatHasNoPartInTheProgram) {
    oci::Seccomp profile = sample();
    profile.listener_path = "/run/agent";
    profile.listener_metadata = "x";
    EXPECT_EQ(digest(profile), digest(sample()));
}

}  // namespace
}  // namespace unitc::seccomp
