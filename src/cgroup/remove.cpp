// SPDX-License-Identifier: Apache-2.0
// Removing groups that systemd has left: it looks no deeper than 100 levels
// (recurse_dir()), and a payload that may write its cgroup nests as it likes.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/scope_exit.hpp"
#include "cgroup/cgroup.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

// The name of any group in it; empty: there is none. Not of all, which are as
// many as a payload likes, for each that goes.
Result<std::string> any_child(const Fd& group) {
    Fd listing = TRY(sys::open_at(group, ".", O_RDONLY | O_DIRECTORY));
    DIR* const dir = ::fdopendir(listing.get());
    if (dir == nullptr)
        return fail_sys("fdopendir");
    listing.release();
    const ScopeExit close_dir{[&] { ::closedir(dir); }};
    while (const dirent* entry = ::readdir(dir))
        if (entry->d_type == DT_DIR && std::strcmp(entry->d_name, ".") != 0 &&
            std::strcmp(entry->d_name, "..") != 0)
            return std::string{entry->d_name};
    return std::string{};
}

Result<> remove_one(const Fd& parent, const std::string& name) {
    if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT)
        return fail_sys("rmdir", name);
    return {};
}

}  // namespace

Result<> remove_tree(const std::string& path, Deadline deadline) {
    auto top = open(path);
    if (!top)
        return top.error().code == ENOENT ? Result<>{} : Failure{std::move(top).error()};
    // One descriptor whatever the depth: down to a group without groups, which
    // goes, and up again. Groups are never moved, so ".." is where it was.
    Fd here = *std::move(top);
    std::vector<std::string> below{path.substr(path.rfind('/') + 1)};
    while (!below.empty()) {
        if (deadline.passed())
            return fail_code(ETIMEDOUT, "remove cgroup '" + path + "'");
        std::string child = TRY(any_child(here));
        const bool is_leaf = child.empty();
        Fd next = TRY(sys::open_at(here, is_leaf ? ".." : child.c_str(), O_PATH | O_DIRECTORY));
        if (is_leaf) {
            TRY_IN("cgroup '" + path + "'", remove_one(next, below.back()));
            below.pop_back();
        } else {
            below.push_back(std::move(child));
        }
        here = std::move(next);
    }
    return {};
}

}  // namespace unitc::cgroup
