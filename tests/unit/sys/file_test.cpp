// SPDX-License-Identifier: Apache-2.0
#include "sys/file.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/failure.hpp"
#include "base/temporary.hpp"

namespace unitc::sys {
namespace {

bool closes_on_exec(const Fd& fd) {
    return (::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0;
}

class FileTest : public testing::Test {
protected:
    std::string content(const std::string& name) const {
        const auto text = read_file(directory_.fd().get(), name.c_str());
        return text ? *text : text.error().message;
    }
    void make(const char* name, std::string_view bytes) const {
        const Fd fd = *open_at(directory_.fd(), name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ASSERT_THAT(write_all(fd, bytes), Succeeds());
    }
    TemporaryDirectory directory_;
};

TEST_F(FileTest, OpensCloseOnExecAndNamesWhatIsMissing) {
    make("a", "x");
    EXPECT_TRUE(closes_on_exec(*open_at(directory_.fd(), "a", O_RDONLY)));
    EXPECT_THAT(open_at(directory_.fd(), "no", O_RDONLY),
                FailsWith(ENOENT, "openat 'no': no such file or directory"));
}

TEST_F(FileTest, ReadsUpToTheLimitAndNoFurther) {
    for (const size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 100'000UL}) {
        make("a", std::string(size, 'x'));
        const Fd fd = *open_at(directory_.fd(), "a", O_RDONLY);
        const auto text = read_all(fd, size);
        ASSERT_THAT(text, Succeeds()) << size;
        EXPECT_EQ(*text, std::string(size, 'x'));
        if (size == 0)
            continue;
        EXPECT_THAT(read_file(directory_.fd().get(), "a", size - 1), FailsWith(EFBIG, "a: read"));
    }
}

TEST_F(FileTest, ReadsProcfs) {
    const auto text = read_file(AT_FDCWD, "/proc/self/stat");
    ASSERT_THAT(text, Succeeds());
    EXPECT_EQ(text->find(std::to_string(::getpid())), 0);
}

TEST_F(FileTest, WritesAllOfIt) {
    // More than a pipe takes at once, to a reader that keeps up: a file here,
    // the loop is what a signal or a full pipe would need.
    const std::string much(300'000, 'y');
    make("a", much);
    EXPECT_EQ(content("a"), much);
    EXPECT_THAT(write_all(Fd{}, "x"), FailsWith(EBADF, "write"));
}

TEST_F(FileTest, WritesOnlyExistingFilesAsProcfsNeeds) {
    make("a", "0123456789");
    ASSERT_THAT(write_file(directory_.fd().get(), "a", "ab"), Succeeds());
    EXPECT_EQ(content("a"), "ab23456789") << "procfs files are not truncated";
    EXPECT_THAT(write_file(directory_.fd().get(), "no", "x"), FailsWith(ENOENT, "no"));
}

TEST_F(FileTest, ReplacesAsAWhole) {
    ASSERT_THAT(replace_file(directory_.fd(), "a", "one", 0600), Succeeds());
    const Fd old = *open_at(directory_.fd(), "a", O_RDONLY);
    ASSERT_THAT(replace_file(directory_.fd(), "a", "second", 0640), Succeeds());
    EXPECT_EQ(content("a"), "second");
    EXPECT_EQ(*read_all(old, 100), "one") << "who had it open keeps the old one";
    EXPECT_EQ(stat_fd(*open_at(directory_.fd(), "a", O_RDONLY))->st_mode & 07777, 0640u);
    EXPECT_EQ(::faccessat(directory_.fd().get(), ".a.new", F_OK, 0), -1);
}

TEST_F(FileTest, ReplacesWhatAKilledPredecessorLeft) {
    make(".a.new", "half");
    ASSERT_EQ(::symlinkat("/etc/passwd", directory_.fd().get(), "a"), 0);
    ASSERT_THAT(replace_file(directory_.fd(), "a", "whole", 0600), Succeeds());
    EXPECT_EQ(content("a"), "whole");
}

TEST_F(FileTest, LeavesNothingWhenReplacingFails) {
    ASSERT_EQ(::mkdirat(directory_.fd().get(), "a", 0700), 0);
    EXPECT_THAT(replace_file(directory_.fd(), "a", "x", 0600), FailsWith(EISDIR, "renameat 'a'"));
    EXPECT_EQ(::faccessat(directory_.fd().get(), ".a.new", F_OK, 0), -1);
}

TEST_F(FileTest, DuplicatesCloseOnExecAndAboveStandardOutput) {
    const auto copy = duplicate(0);
    ASSERT_THAT(copy, Succeeds());
    EXPECT_GE(copy->get(), 3);
    EXPECT_TRUE(closes_on_exec(*copy));
    EXPECT_THAT(duplicate(-1), FailsWith(EBADF, "F_DUPFD_CLOEXEC"));
}

TEST_F(FileTest, LocksAreHeldByOneOrShared) {
    const Fd a = *open_at(directory_.fd(), ".", O_RDONLY);
    const Fd b = *open_at(directory_.fd(), ".", O_RDONLY);
    ASSERT_THAT(lock(a, Lock::Exclusive, Wait::No), Succeeds());
    EXPECT_THAT(lock(b, Lock::Exclusive, Wait::No), FailsWith(EWOULDBLOCK, "flock"));
    EXPECT_THAT(lock(b, Lock::Shared, Wait::No), FailsWith(EWOULDBLOCK, "flock"));
    ASSERT_THAT(lock(a, Lock::Shared, Wait::No), Succeeds());
    EXPECT_THAT(lock(b, Lock::Shared, Wait::Yes), Succeeds());
}

}  // namespace
}  // namespace unitc::sys
