// SPDX-License-Identifier: Apache-2.0
#include "resctrl/group.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "resctrl/schemata.hpp"
#include "sys/file.hpp"
#include "sys/mount_table.hpp"
#include "sys/procfs.hpp"

namespace unitc::resctrl {
namespace {

bool exists(const Fd& root, const std::string& path) {
    struct stat status {};
    return ::fstatat(root.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// A group has the files of all groups; what resctrl has of its own there, files
// and directories, has not.
bool is_no_group(const Fd& root, const std::string& path) {
    return exists(root, path) && !exists(root, path + "/tasks");
}

// The kernel says in a file what was wrong with the last change.
Error explained(const Fd& root, Error error) {
    const auto status = sys::read_file(root.get(), "info/last_cmd_status");
    const std::string_view words = status ? text::trim(*status) : std::string_view{};
    if (!words.empty() && words != "ok")
        error.message.append(" (last_cmd_status: ").append(text::printable(words)).append(")");
    return error;
}

// False: another container of the same class has made it meanwhile. It is not
// ours to remove, then, whatever becomes of us.
Result<bool> make(const Fd& root, const std::string& path) {
    if (::mkdirat(root.get(), path.c_str(), 0755) == 0)
        return true;
    if (errno == EEXIST)
        return false;
    return Failure{explained(root, fail_sys("mkdirat", path).value())};
}

Result<> write(const Fd& root, const std::string& path, const std::string& text) {
    auto written = sys::write_file(root.get(), path.c_str(), text);
    if (!written)
        return Failure{explained(root, std::move(written).error())};
    return {};
}

// "a/mon_groups/a" → "a", "mon_groups/a" → ".".
std::string clos_of(const std::string& home) {
    const size_t monitors = home.find("mon_groups/");
    return monitors == std::string::npos ? home
           : monitors == 0               ? "."
                                         : home.substr(0, monitors - 1);
}

}  // namespace

Result<Fd> open() {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const auto table = sys::parse_mount_table(TRY(proc.read("self/mountinfo")));
    const auto place = std::find_if(table.begin(), table.end(), [](const sys::MountEntry& entry) {
        return entry.type == "resctrl";
    });
    if (place == table.end())
        return fail_code(ENOENT,
                         "no resctrl file system is mounted, as /sys/fs/resctrl or elsewhere");
    Fd root = TRY(sys::open_at(AT_FDCWD, place->point.c_str(), O_RDONLY | O_DIRECTORY));
    struct statfs fs {};
    if (::fstatfs(root.get(), &fs) < 0)
        return fail_sys("fstatfs", place->point);
    if (fs.f_type != RDTGROUP_SUPER_MAGIC)
        return fail("'" + place->point + "' is covered by another file system than resctrl");
    return root;
}

Result<Group> decide(const Fd& root, const oci::IntelRdt& rdt, const std::string& id) {
    Group group;
    group.keep_clos = !rdt.clos_id.empty();
    group.clos = rdt.clos_id == "/" ? "." : group.keep_clos ? rdt.clos_id : id;
    group.lines = wanted_lines(rdt);
    if (is_no_group(root, group.clos))
        return fail("linux.intelRdt: '" + group.clos +
                    "' is the name of something of resctrl's own");
    group.make_clos = !exists(root, group.clos);
    if (rdt.enable_monitoring) {
        group.monitor = (group.clos == "." ? "" : group.clos + "/") + "mon_groups/" + id;
        group.make_monitor = !exists(root, group.monitor);
    }
    if (!group.keep_clos)
        return group;
    const std::string where = "linux.intelRdt.closID: '" + rdt.clos_id + "'";
    if (group.make_clos && group.lines.empty())
        return fail(where + " does not exist, and there is no schema to make it by");
    if (!group.make_clos && !group.lines.empty()) {
        const std::string file = group.clos + "/schemata";
        const std::string found = TRY_IN(where, sys::read_file(root.get(), file.c_str()));
        if (!agrees(found, group.lines))
            return fail(where + " exists with other schemata than asked for");
        group.lines.clear();
    }
    return group;
}

Result<> enter(const Fd& root, Group& group, pid_t pid) {
    if (group.make_clos)
        group.make_clos = TRY(make(root, group.clos));
    if (!group.lines.empty())
        TRY(write(root, group.clos + "/schemata", group.lines));
    TRY(write(root, group.clos + "/tasks", std::to_string(pid)));
    if (group.monitor.empty())
        return {};
    if (group.make_monitor)
        group.make_monitor = TRY(make(root, group.monitor));
    return write(root, group.monitor + "/tasks", std::to_string(pid));
}

Result<> join(const Fd& root, const std::string& home) {
    const std::string pid = std::to_string(::getpid());
    const std::string clos = clos_of(home);
    // A process gets into a monitoring group from its class only.
    TRY(write(root, clos + "/tasks", pid));
    return home == clos ? Result<>{} : write(root, home + "/tasks", pid);
}

Result<std::string> change(const Fd& root, const std::string& home, const std::string& lines) {
    const std::string file = clos_of(home) + "/schemata";
    std::string before = TRY(sys::read_file(root.get(), file.c_str()));
    TRY(write(root, file, lines));
    return before;
}

Result<> remove(const Fd& root, const std::string& path) {
    if (::unlinkat(root.get(), path.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT)
        return fail_sys("rmdir", path);
    return {};
}

}  // namespace unitc::resctrl
