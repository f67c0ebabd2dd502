// SPDX-License-Identifier: Apache-2.0
// tests/golden/plan/<case>/{config.json,expected.txt}: the whole plan as
// text. UPDATE_GOLDEN=1 rewrites expected.txt; the diff is reviewed as code.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "oci/parse.hpp"
#include "oci/validate.hpp"
#include "plan/make.hpp"
#include "sys/file.hpp"

namespace unitc::plan {
namespace {

constexpr const char* kCases = UNITC_TESTS_DIR "/golden/plan";

std::vector<std::string> cases() {
    std::vector<std::string> names;
    DIR* directory = ::opendir(kCases);
    if (directory == nullptr)
        return names;
    while (const dirent* entry = ::readdir(directory))
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
    ::closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
}

host::Facts golden_facts() {
    host::Facts facts;
    facts.cgroup2 = true;
    facts.systemd = true;
    facts.cgroup_controllers = {"cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc"};
    facts.boot_id = "00000000-0000-0000-0000-000000000000";
    facts.char_majors = {{"mem", 1}, {"pts", 136}, {"misc", 10}};
    facts.block_majors = {{"sd", 8}};
    facts.last_capability = 40;
    facts.kernel_major = 6;
    facts.kernel_minor = 12;
    return facts;
}

std::string read(const std::string& path) {
    auto text = sys::read_file(AT_FDCWD, path.c_str());
    return text ? *text : "cannot read " + path + ": " + text.error().message;
}

std::string shown(const std::string& config_json, const std::string& notify_directory = {}) {
    const auto config = oci::parse(config_json);
    if (!config)
        return "error: " + config.error().message + "\n";
    if (const auto valid = oci::validate(*config); !valid)
        return "error: " + valid.error().message + "\n";
    Request request;
    request.bundle = "/bundle";
    request.notify_directory = notify_directory;
    const auto plan = make(*config, *ContainerId::parse("web"), request, golden_facts());
    return plan ? show(*plan) : "error: " + plan.error().message + "\n";
}

TEST(GoldenPlan, LooksAsExpected) {
    ASSERT_FALSE(cases().empty());
    for (const std::string& name : cases()) {
        const std::string directory = std::string{kCases} + "/" + name;
        const std::string seen = shown(read(directory + "/config.json"));
        const std::string path = directory + "/expected.txt";
        if (std::getenv("UPDATE_GOLDEN") != nullptr) {
            const auto file =
                sys::open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
            ASSERT_TRUE(file);
            ASSERT_TRUE(sys::write_all(*file, seen));
        }
        EXPECT_EQ(seen, read(path)) << name;
    }
}

// Nothing else of the plan depends on it.
TEST(GoldenPlan, ShowsTheSocketForNotificationsLast) {
    const std::string config = read(std::string{kCases} + "/default/config.json");
    std::string without = shown(config);
    std::string with = shown(config, "/run/unitc/web/notify");
    for (const std::string_view line :
         {"mount /run/notify bind from /run/unitc/web/notify ro,nosuid,nodev,noexec\n",
          "env NOTIFY_SOCKET=/run/notify/notify.sock\n"}) {
        const size_t at = with.find(line);
        ASSERT_NE(at, std::string::npos) << with;
        with.erase(at, line.size());
    }
    EXPECT_EQ(with, without);
}

}  // namespace
}  // namespace unitc::plan
