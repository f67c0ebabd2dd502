// SPDX-License-Identifier: Apache-2.0
// Writing what systemd has no property for, and reading back all that was
// asked for.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "cgroup/compare.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

Result<bool> has_controller(const Fd& group, std::string_view controller) {
    const std::string content = TRY(sys::read_file(group.get(), "cgroup.controllers"));
    const auto names = text::split(text::trim(content), ' ');
    return std::find(names.begin(), names.end(), controller) != names.end();
}

// systemd enables the controllers it knows; hugetlb, rdma and misc are not
// among them, and each level above must hand them down. In the levels above,
// systemd switches on and off only what it knows, so this stays.
Result<> enable_controller(const Fd& group, const std::string& controller, int depth) {
    constexpr int kDeepest = 64;
    if (TRY(has_controller(group, controller)))
        return {};
    if (depth == kDeepest)
        return fail("no group above has the controller '" + controller + "'");
    // Groups cannot be renamed or moved, so ".." is where it was.
    const Fd parent = TRY(sys::open_at(group, "..", O_PATH | O_DIRECTORY));
    const auto here = TRY(sys::stat_fd(group));
    const auto above = TRY(sys::stat_fd(parent));
    if (here.st_dev != above.st_dev || here.st_ino == above.st_ino)
        return fail("this machine has no controller '" + controller + "'");
    TRY(enable_controller(parent, controller, depth + 1));
    return sys::write_file(parent.get(), "cgroup.subtree_control", "+" + controller);
}

Result<> write_one(const Fd& group, const std::string& name, const std::string& content) {
    if (name.empty() || name.find('/') != std::string::npos)
        return fail("is no file name");
    if (!name.starts_with("cgroup."))
        TRY(enable_controller(group, name.substr(0, name.find('.')), 0));
    // One line, one write: that is what nested-keyed files take.
    for (const std::string_view line : text::split(text::trim(content), '\n'))
        TRY(sys::write_file(group.get(), name.c_str(), line));
    return {};
}

}  // namespace

Result<> write_files(const Fd& cgroup,
                     const std::vector<std::pair<std::string, std::string>>& files) {
    for (const auto& [name, content] : files)
        TRY_IN("cgroup file '" + text::printable(name) + "'", write_one(cgroup, name, content));
    return {};
}

std::vector<std::pair<std::string, std::string>> read_files(
    const Fd& cgroup, const std::vector<std::pair<std::string, std::string>>& files) {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& file : files)
        if (auto content = sys::read_file(cgroup.get(), file.first.c_str()))
            found.emplace_back(file.first, *std::move(content));
    return found;
}

Result<uint64_t> read_number(const Fd& cgroup, const char* name) {
    const std::string content = TRY(sys::read_file(cgroup.get(), name));
    const std::string_view word = text::trim(content);
    if (word == "max")
        return UINT64_MAX;
    const auto number = text::parse_int<uint64_t>(word);
    if (!number)
        return fail("cgroup file '" + std::string{name} + "' holds '" + text::printable(word) +
                    "', no number");
    return *number;
}

Result<> hand_over(const Fd& cgroup, uid_t uid) {
    const auto chown = [&](const std::string& name) -> Result<> {
        // What a controller that is off here would have is not there.
        if (::fchownat(cgroup.get(), name.c_str(), uid, static_cast<gid_t>(-1),
                       name.empty() ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW) < 0 &&
            errno != ENOENT)
            return fail_sys("fchownat", "cgroup/" + name);
        return {};
    };
    TRY(chown(""));
    const std::string list = TRY(sys::read_file(AT_FDCWD, "/sys/kernel/cgroup/delegate"));
    for (const std::string_view name : text::split(text::trim(list), '\n'))
        // Names of the kernel's own, in this directory.
        if (!name.empty() && name.find('/') == std::string_view::npos)
            TRY(chown(std::string{name}));
    return {};
}

Result<> verify_files(const Fd& cgroup,
                      const std::vector<std::pair<std::string, std::string>>& expected) {
    for (const auto& [name, wanted] : expected) {
        const Result<std::string> content = sys::read_file(cgroup.get(), name.c_str());
        if (!content) {
            // Without swap accounting there is no swap to limit.
            if (name == "memory.swap.max" && content.error().code == ENOENT &&
                (wanted == "0" || wanted == "max"))
                continue;
            return Failure{Error{content.error()}.in("cgroup file '" + name + "'")};
        }
        if (!matches(*content, wanted))
            return fail("cgroup file '" + name + "' holds '" +
                        text::printable(text::trim(*content)) + "' where '" +
                        text::printable(wanted) + "' was asked for");
    }
    return {};
}

}  // namespace unitc::cgroup
