// SPDX-License-Identifier: Apache-2.0
#include "host/facts.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/text.hpp"
#include "host/user_manager.hpp"
#include "sys/file.hpp"
#include "sys/privilege.hpp"
#include "sys/procfs.hpp"

namespace unitc::host {
namespace {

constexpr char kCgroupRoot[] = "/sys/fs/cgroup";

bool is_cgroup2(const char* path) {
    struct statfs fs {};
    return ::statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

// The test of sd_booted(3): a directory, not a symlink to one.
bool booted_with_systemd() {
    struct stat status {};
    return ::lstat("/run/systemd/system", &status) == 0 && S_ISDIR(status.st_mode);
}

Result<> check_user_manager(const Facts& facts) {
    if (facts.manager_group.empty())
        return fail(
            "which user's service manager containers are to be units of cannot be told: this user"
            " namespace does not map the caller, or its cgroup is not in sight");
    if (!facts.manager_runs) {
        // "/user.slice/user-1000.slice/user@1000.service"
        const size_t at = facts.manager_group.rfind('@') + 1;
        const std::string uid = facts.manager_group.substr(at, facts.manager_group.rfind('.') - at);
        return fail("no service manager of user " + uid + " is running (there is no cgroup '" +
                    facts.manager_group + "'): log in, or have root run 'loginctl enable-linger " +
                    uid + "'");
    }
    if (!facts.delegated)
        return fail("cgroup '" + facts.manager_group +
                    "' belongs to another user: its service must have 'Delegate=yes', as systemd's"
                    " user@.service has");
    return {};
}

Result<std::string> read_word(const char* path) {
    const std::string content = TRY(sys::read_file(AT_FDCWD, path));
    return std::string{text::trim(content)};
}

}  // namespace

std::vector<std::string> parse_controllers(std::string_view content) {
    std::vector<std::string> names;
    for (const std::string_view name : text::split(text::trim(content), ' '))
        if (!name.empty())
            names.emplace_back(name);
    return names;
}

void parse_devices(std::string_view content, Facts& facts) {
    Majors* list = nullptr;
    for (const std::string_view line : text::split(content, '\n')) {
        if (line == "Character devices:")
            list = &facts.char_majors;
        else if (line == "Block devices:")
            list = &facts.block_majors;
        const std::string_view entry = text::trim(line);
        const size_t blank = entry.find(' ');
        if (list == nullptr || blank == std::string_view::npos)
            continue;
        if (const auto major = text::parse_int<uint32_t>(entry.substr(0, blank)))
            list->emplace_back(std::string{text::trim(entry.substr(blank))}, *major);
    }
}

bool parse_release(std::string_view release, Facts& facts) {
    const auto parts = text::split(release, '.');
    if (parts.size() < 2)
        return false;
    const size_t digits = parts[1].find_first_not_of("0123456789");
    const auto major = text::parse_int<int>(parts[0]);
    const auto minor = text::parse_int<int>(parts[1].substr(0, digits));
    if (!major || !minor)
        return false;
    facts.kernel_major = *major;
    facts.kernel_minor = *minor;
    return true;
}

Result<Facts> read() {
    Facts facts;
    facts.cgroup2 = is_cgroup2(kCgroupRoot);
    if (facts.cgroup2)
        facts.cgroup_controllers =
            parse_controllers(TRY(read_word("/sys/fs/cgroup/cgroup.controllers")));
    facts.systemd = booted_with_systemd();
    facts.boot_id = TRY(sys::boot_id());
    parse_devices(TRY(sys::read_file(AT_FDCWD, "/proc/devices")), facts);

    facts.last_capability = TRY(last_capability());
    read_identity(facts);
    if (!sys::owns_machine())
        read_user_manager(facts);

    utsname name{};
    if (::uname(&name) < 0)
        return fail_sys("uname");
    if (!parse_release(name.release, facts))
        return fail("uname: release '" + text::printable(name.release) + "' has no version");
    return facts;
}

Result<int> last_capability() {
    const std::string last = TRY(read_word("/proc/sys/kernel/cap_last_cap"));
    const auto capability = text::parse_int<int>(last);
    if (!capability)
        return fail("/proc/sys/kernel/cap_last_cap: '" + text::printable(last) +
                    "' is not a number");
    return *capability;
}

void read_identity(Facts& facts) {
    facts.uid = ::geteuid();
    facts.gid = ::getegid();
    facts.unprivileged = facts.uid != 0;
    facts.own_namespace = !sys::in_initial_user_namespace();
    facts.setgroups_denied = facts.own_namespace && sys::is_setgroups_denied();
}

Result<> check(const Facts& facts) {
    constexpr int kMajor = 5;
    constexpr int kMinor = 14;  // cgroup.kill, mount_setattr, seccomp's newest uses
    if (facts.kernel_major < kMajor ||
        (facts.kernel_major == kMajor && facts.kernel_minor < kMinor))
        return fail("this kernel is " + std::to_string(facts.kernel_major) + "." +
                    std::to_string(facts.kernel_minor) + ", unitc needs Linux 5.14 or newer");
    if (!facts.cgroup2)
        return fail(std::string{kCgroupRoot} +
                    " is not cgroup2: this machine uses cgroup v1 or the hybrid layout, unitc needs"
                    " cgroup v2 alone (boot with systemd.unified_cgroup_hierarchy=1)");
    if (!facts.systemd)
        return fail(
            "/run/systemd/system does not exist: PID 1 is not systemd, whose scopes unitc's"
            " containers are");
    return facts.user_manager ? check_user_manager(facts) : Result<>{};
}

}  // namespace unitc::host
