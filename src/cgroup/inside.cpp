// SPDX-License-Identifier: Apache-2.0
#include "cgroup/inside.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace unitc::cgroup {
namespace {

// Of whoever makes containers in a service.
constexpr const char* kOwnGroup = "unitc";

// A group with processes hands no controller down (cgroups(7), "no internal
// processes").
Result<> leave(const Fd& parent, const std::string& path) {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const std::string own = TRY(sys::cgroup_of(proc, "self"));
    if (own != path)
        return {};
    if (::mkdirat(parent.get(), kOwnGroup, 0755) < 0 && errno != EEXIST)
        return fail_sys("mkdir", path + "/" + kOwnGroup);
    const Fd group = TRY(sys::open_at(parent, kOwnGroup, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    return sys::write_file(group.get(), "cgroup.procs", "0");
}

Result<> hand_down_controllers(const Fd& parent) {
    const std::string all = TRY(sys::read_file(parent.get(), "cgroup.controllers"));
    std::string words;
    for (const std::string_view name : text::split(text::trim(all), ' '))
        if (!name.empty())
            words.append(words.empty() ? "+" : " +").append(name);
    return words.empty() ? Result<>{}
                         : sys::write_file(parent.get(), "cgroup.subtree_control", words);
}

}  // namespace

bool is_delegated(const Fd& group) {
    char value = 0;
    return ::fgetxattr(group.get(), "trusted.delegate", &value, 1) == 1 && value == '1';
}

Result<Fd> make_inside(const std::string& parent, const std::string& name,
                       const std::string& mark) {
    const Fd above = TRY(open(parent));
    TRY(leave(above, parent));
    const auto handed = hand_down_controllers(above);
    if (!handed && handed.error().code == EBUSY)
        return fail_code(EBUSY, "other processes live in '" + parent +
                                    "' itself: DelegateSubgroup= keeps them out");
    TRY_IN("'" + parent + "'", handed);
    if (::mkdirat(above.get(), name.c_str(), 0755) < 0)
        return fail_sys("mkdir", parent + "/" + name);
    Fd group = TRY(sys::open_at(above, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (::fsetxattr(group.get(), "trusted.invocation_id", mark.data(), mark.size(), 0) == 0)
        return group;
    const int problem = errno;
    ::unlinkat(above.get(), name.c_str(), AT_REMOVEDIR);
    errno = problem;
    return fail_sys("setxattr", parent + "/" + name);
}

Result<> add_process(const Fd& group, pid_t pid) {
    return sys::write_file(group.get(), "cgroup.procs", std::to_string(pid));
}

Result<> set_frozen(const Fd& group, bool wanted) {
    return sys::write_file(group.get(), "cgroup.freeze", wanted ? "1" : "0");
}

}  // namespace unitc::cgroup
