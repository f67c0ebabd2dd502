// SPDX-License-Identifier: Apache-2.0
// From update's options and documents to linux.resources, and the names of
// both in errors.
#include "ops/update_resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "sys/file.hpp"

namespace unitc::ops {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Document : public testing::Test {
protected:
    void SetUp() override {
        char pattern[] = "/tmp/unitc-update-XXXXXX";
        const int fd = mkstemp(pattern);
        ASSERT_GE(fd, 0);
        ::close(fd);
        path_ = pattern;
    }
    void TearDown() override { unlink(path_.c_str()); }

    Result<oci::Resources> read(std::string_view json) const {
        EXPECT_EQ(truncate(path_.c_str(), 0), 0);
        EXPECT_TRUE(sys::write_file(AT_FDCWD, path_.c_str(), json));
        UpdateRequest request;
        request.resources = path_;
        request.memory = 4096;  // ignored beside a document
        return resources_of(request);
    }
    std::string why_not(std::string_view json) const {
        const auto resources = read(json);
        return resources ? "(accepted)" : resources.error().message;
    }

    std::string path_;
};

TEST(UpdateOptions, GiveNothingUnlessGiven) {
    const auto resources = resources_of({});
    ASSERT_TRUE(resources);
    EXPECT_FALSE(resources->memory->limit);
    EXPECT_FALSE(resources->memory->swap);
    EXPECT_FALSE(resources->cpu->quota);
    EXPECT_FALSE(resources->cpu->burst);
    EXPECT_FALSE(resources->cpu->idle);
    EXPECT_FALSE(resources->block_io->weight);
    EXPECT_FALSE(resources->pids_limit);
}

TEST(UpdateOptions, BecomeTheFieldsTheyAreNamedFor) {
    UpdateRequest request;
    request.blkio_weight = 500;
    request.cpu_period = 50'000;
    request.cpu_quota = 20'000;
    request.cpu_burst = 0;
    request.cpu_shares = 512;
    request.cpu_idle = 0;
    request.cpuset_cpus = "0-3";
    request.cpuset_mems = "1";
    request.memory = 1 << 20;
    request.memory_reservation = 2 << 20;
    request.memory_swap = -1;
    request.kernel_memory = 3;
    request.kernel_memory_tcp = 4;
    request.pids_limit = 0;
    const auto resources = resources_of(request);
    ASSERT_TRUE(resources) << resources.error().message;
    EXPECT_EQ(resources->block_io->weight, 500);
    EXPECT_EQ(resources->cpu->period, 50'000u);
    EXPECT_EQ(resources->cpu->quota, 20'000);
    EXPECT_EQ(resources->cpu->burst, 0u);
    EXPECT_EQ(resources->cpu->shares, 512u);
    EXPECT_EQ(resources->cpu->idle, 0);
    EXPECT_EQ(resources->cpu->cpus, "0-3");
    EXPECT_EQ(resources->cpu->mems, "1");
    EXPECT_EQ(resources->memory->limit, 1 << 20);
    EXPECT_EQ(resources->memory->reservation, 2 << 20);
    EXPECT_EQ(resources->memory->swap, -1);
    EXPECT_EQ(resources->memory->kernel, 3);
    EXPECT_EQ(resources->memory->kernel_tcp, 4);
    EXPECT_EQ(resources->pids_limit, 0);
}

TEST(UpdateOptions, AreNamedInErrors) {
    UpdateRequest request;
    request.cpu_quota = 5'000;
    request.cpu_burst = 6'000;
    const auto resources = resources_of(request);
    ASSERT_FALSE(resources);
    EXPECT_EQ(resources.error().message,
              "--cpu-burst: is 6000, must be at most --cpu-quota, which is 5000");
    EXPECT_EQ(in_words_of(request, "linux.resources.memory.kernelTCP: x"),
              "--kernel-memory-tcp: x");
    EXPECT_EQ(
        in_words_of(request, "linux.resources.memory.swap: below linux.resources.memory.limit"),
        "--memory-swap: below --memory");
    EXPECT_EQ(in_words_of(request, "stop unit 'x': linux"), "stop unit 'x': linux");
}

TEST_F(Document, HoldsTheResourcesThemselves) {
    const auto resources = read(R"({"memory": {"limit": 5000, "checkBeforeUpdate": true},
        "pids": {"limit": -1}, "unified": {"memory.high": "6000"}, "other": null})");
    ASSERT_TRUE(resources) << resources.error().message;
    EXPECT_EQ(resources->memory->limit, 5000);
    EXPECT_TRUE(resources->memory->check_before_update.value_or(false));
    EXPECT_EQ(resources->pids_limit, -1);
    EXPECT_EQ(resources->unified.front().second, "6000");
    EXPECT_TRUE(read("{}"));
}

TEST_F(Document, IsNamedInErrorsWithThePath) {
    EXPECT_THAT(why_not("{"), StartsWith("--resources '" + path_ + "': not valid JSON"));
    EXPECT_THAT(why_not("[]"), HasSubstr("is an array"));
    EXPECT_THAT(why_not(R"({"pids": {"limit": "x"}})"),
                StartsWith("--resources '" + path_ + "': pids.limit: is a string"));
    EXPECT_THAT(why_not(R"({"memory": {"swappiness": 1}})"),
                StartsWith("memory.swappiness: does not exist in cgroup v2"));
    UpdateRequest missing;
    missing.resources = path_ + ".none";
    EXPECT_THAT(resources_of(missing).error().message, HasSubstr("no such file or directory"));
}

}  // namespace
}  // namespace unitc::ops
