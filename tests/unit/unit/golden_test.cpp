// SPDX-License-Identifier: Apache-2.0
// tests/golden/unit/<case>/{config.json,expected.txt}: the whole unit plan as
// text. UPDATE_GOLDEN=1 rewrites expected.txt; the diff is reviewed as code.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "oci/parse.hpp"
#include "sys/file.hpp"
#include "unit/support.hpp"

namespace unitc::unit {
namespace {

constexpr const char* kCases = UNITC_TESTS_DIR "/golden/unit";

std::vector<std::string> cases() {
    std::vector<std::string> names;
    DIR* const directory = ::opendir(kCases);
    if (directory == nullptr)
        return names;
    while (const dirent* entry = ::readdir(directory))
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
    ::closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
}

std::string read(const std::string& path) {
    const auto text = sys::read_file(AT_FDCWD, path.c_str());
    return text ? *text : "cannot read " + path + ": " + text.error().message;
}

void show_files(std::string& text, const char* title, const Files& files) {
    for (const auto& [name, content] : files) {
        std::string line = content;
        for (size_t at = 0; (at = line.find('\n', at)) != std::string::npos; at += 2)
            line.replace(at, 1, "\\n");
        text.append(title).append(" ").append(name).append(" = ").append(line).append("\n");
    }
}

std::string shown(const std::string& json) {
    const auto config = oci::parse(json);
    if (!config)
        return "error: " + config.error().message + "\n";
    const auto plan = translate(*config, web(), machine());
    if (!plan)
        return "error: " + plan.error().message + "\n";
    std::string text = "unit " + plan->name + "\nslice " + plan->slice + "\n";
    for (const Property& one : plan->properties)
        text += to_text(one) + "\n";
    show_files(text, "write", plan->cgroup_files);
    for (const Fallback& one : plan->fallbacks)
        text += "fallback " + one.property + ": " + one.file + " = " + one.content + "\n";
    show_files(text, "expect", plan->expected_files);
    for (const std::string& warning : plan->warnings)
        text += "warning " + warning + "\n";
    return text;
}

TEST(GoldenUnit, EveryConfigGivesItsRecordedPlan) {
    const auto names = cases();
    ASSERT_GE(names.size(), 5u);
    for (const std::string& name : names) {
        const std::string directory = std::string{kCases} + "/" + name;
        const std::string plan = shown(read(directory + "/config.json"));
        const std::string expected = directory + "/expected.txt";
        if (std::getenv("UPDATE_GOLDEN") != nullptr) {
            const auto fd =
                sys::open_at(AT_FDCWD, expected.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
            ASSERT_TRUE(fd && sys::write_all(*fd, plan)) << expected;
        }
        EXPECT_EQ(plan, read(expected)) << name;
    }
}

}  // namespace
}  // namespace unitc::unit
