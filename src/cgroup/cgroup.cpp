// SPDX-License-Identifier: Apache-2.0
#include "cgroup/cgroup.hpp"

#include <dirent.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/text.hpp"
#include "sys/directory.hpp"
#include "sys/file.hpp"
#include "sys/path.hpp"
#include "sys/privilege.hpp"

namespace unitc::cgroup {
namespace {

constexpr uint64_t kResolve =
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;

Result<Fd> open_root() {
    constexpr char kRoot[] = "/sys/fs/cgroup";
    Fd root = TRY(sys::open_at(AT_FDCWD, kRoot, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    struct statfs fs {};
    if (::fstatfs(root.get(), &fs) < 0)
        return fail_sys("fstatfs", kRoot);
    if (fs.f_type != CGROUP2_SUPER_MAGIC)
        return fail(std::string{kRoot} + " is not cgroup2");
    return root;
}

bool is_invocation_id(std::string_view id) {
    constexpr size_t kDigits = 32;
    return id.size() == kDigits &&
           id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Where our manager keeps its own files.
std::string manager_directory() {
    const char* given = sys::owns_machine() ? nullptr : ::secure_getenv("XDG_RUNTIME_DIR");
    return (given != nullptr ? std::string{given} : "/run") + "/systemd";
}

// The value of `key` in a flat-keyed file: "populated 1\nfrozen 0\n".
Result<std::string> value_of(const Fd& group, const char* file, std::string_view key) {
    const std::string events = TRY(sys::read_file(group.get(), file));
    for (const std::string_view line : text::split(events, '\n'))
        if (line.starts_with(key) && line.substr(key.size()).starts_with(' '))
            return std::string{line.substr(key.size() + 1)};
    return fail(std::string{file} + " has no '" + std::string{key} + "'");
}

Result<> add_processes(const Fd& group, std::vector<pid_t>& pids, int depth) {
    // A payload can nest groups as deep as the kernel lets it.
    constexpr int kDeepest = 64;
    // A threaded subgroup cannot be read (EOPNOTSUPP); its processes are
    // listed by the domain above it.
    const Result<std::string> text = sys::read_file(group.get(), "cgroup.procs", size_t{64} << 20);
    if (!text && text.error().code != EOPNOTSUPP)
        return Failure{text.error()};
    if (text)
        for (const std::string_view line : text::split(*text, '\n'))
            // 0 is a process outside of our pid namespace.
            if (const auto pid = text::parse_int<pid_t>(line); pid && *pid > 0)
                pids.push_back(*pid);
    if (depth == kDeepest)
        return {};

    const std::vector<sys::Name> names = TRY(sys::names_in(group));
    for (const sys::Name& name : names) {
        if (name.type != DT_DIR)
            continue;
        const Result<Fd> child = sys::open_at(group, name.text.c_str(), O_PATH | O_DIRECTORY);
        if (child)
            // Groups come and go while we look.
            if (auto added = add_processes(*child, pids, depth + 1);
                !added && added.error().code != ENOENT && added.error().code != ENODEV)
                return added;
    }
    return {};
}

}  // namespace

Result<Fd> open(const std::string& path) {
    const Fd root = TRY(open_root());
    const size_t start = path.find_first_not_of('/');
    if (start == std::string::npos)
        return fail("cgroup '" + text::printable(path) + "' is the root group");
    return TRY_IN("cgroup '" + text::printable(path) + "'",
                  sys::open_below(root, path.substr(start), O_RDONLY | O_DIRECTORY, kResolve));
}

std::string invocation_id(const Fd& cgroup) {
    // trusted.* is the manager's own. user.*, which it writes beside it for
    // readers without CAP_SYS_ADMIN, is a container's that its cgroup is handed to.
    char mark[64];
    const ssize_t size = ::fgetxattr(cgroup.get(), "trusted.invocation_id", mark, sizeof mark);
    if (size > 0 && is_invocation_id({mark, static_cast<size_t>(size)}))
        return {mark, static_cast<size_t>(size)};
    // A scope's cgroup is made before its id and gets the attribute at the
    // next daemon-reload only. The manager's own file has it at once.
    const auto link = [](const std::string& path) {
        return sys::read_link(AT_FDCWD, path.c_str()).value_or("");
    };
    const std::string path = link("/proc/self/fd/" + std::to_string(cgroup.get()));
    if (path.empty() || path.ends_with(" (deleted)"))
        return {};
    const std::string unit = path.substr(path.rfind('/') + 1);
    const std::string id = link(manager_directory() +
                                "/units/invocation:" + unit.substr(unit.starts_with('_') ? 1 : 0));
    return is_invocation_id(id) ? id : std::string{};
}

Result<Events> events(const Fd& cgroup) {
    const std::string text = TRY(sys::read_file(cgroup.get(), "cgroup.events"));
    const auto is_one = [&](std::string_view line) {
        const auto lines = text::split(text, '\n');
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    return Events{is_one("populated 1"), is_one("frozen 1")};
}

Result<bool> populated(const Fd& cgroup) {
    return TRY(events(cgroup)).populated;
}

Result<bool> frozen(const Fd& cgroup) {
    return TRY(events(cgroup)).frozen;
}

uint64_t oom_kills(const Fd& cgroup) {
    const auto kills = value_of(cgroup, "memory.events", "oom_kill");
    return kills ? text::parse_int<uint64_t>(*kills).value_or(0) : 0;
}

Result<std::vector<pid_t>> processes(const Fd& cgroup) {
    std::vector<pid_t> pids;
    TRY(add_processes(cgroup, pids, 0));
    return pids;
}

Result<> kill_all(const Fd& cgroup) {
    return sys::write_file(cgroup.get(), "cgroup.kill", "1");
}

Result<unsigned> device_programs(const Fd& cgroup) {
    // Every byte of the union belongs to us and is zero: kernels 6.17 to 7.1
    // write revision and count behind what a short attribute holds.
    union bpf_attr attribute;
    std::memset(&attribute, 0, sizeof attribute);
    attribute.query.target_fd = static_cast<uint32_t>(cgroup.get());
    attribute.query.attach_type = BPF_CGROUP_DEVICE;
    attribute.query.query_flags = BPF_F_QUERY_EFFECTIVE;
    // No array for the ids: only the count is asked for.
    if (::syscall(SYS_bpf, BPF_PROG_QUERY, &attribute, sizeof attribute) < 0 && errno != ENOSPC)
        return fail_sys("bpf BPF_PROG_QUERY");
    return attribute.query.prog_cnt;
}

}  // namespace unitc::cgroup
