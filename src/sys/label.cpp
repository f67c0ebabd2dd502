// SPDX-License-Identifier: Apache-2.0
#include "sys/label.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::sys {
namespace {

// The kernel writes labels its own way ("name (enforce)", a namespace's prefix,
// ranges of categories), so only a plain name can be compared; that there is
// one at all can be seen of every label.
Result<> read_back(const Procfs& proc, const std::string& path, std::string_view plain_name) {
    const std::string text = TRY(proc.read(path));
    std::string_view now = text::trim(text);
    now = now.substr(0, now.find('\0'));
    if (now.empty() || (!plain_name.empty() && now.substr(0, now.find(" (")) != plain_name))
        return fail("/proc/" + path + " holds '" + text::printable(now) + "' afterwards");
    return {};
}

Result<> set_and_read_back(const Procfs& proc, const std::string& path, const std::string& label) {
    TRY(proc.write(path, label));
    return read_back(proc, path, {});
}

}  // namespace

bool apparmor_is_enabled() {
    const auto enabled = read_file(AT_FDCWD, "/sys/module/apparmor/parameters/enabled");
    return enabled && text::trim(*enabled) == "Y";
}

bool selinux_is_enabled() {
    struct statfs fs {};
    return ::statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}

Result<> set_apparmor_profile(const Procfs& proc, const std::string& profile) {
    const std::string order = "exec " + profile;
    std::string path = "thread-self/attr/apparmor/exec";
    auto done = proc.write(path, order);
    if (!done && done.error().code == ENOENT) {  // before Linux 5.8
        path = "thread-self/attr/exec";
        done = proc.write(path, order);
    }
    const bool is_plain = profile.find_first_of(":/") == std::string::npos;
    if (done)
        done = read_back(proc, path, is_plain ? profile : std::string{});
    if (!done)
        return Failure{std::move(done).error().in("apparmor profile '" + profile + "'")};
    return {};
}

Result<> set_selinux_label(const Procfs& proc, const std::string& label) {
    TRY_IN("selinux label '" + label + "'",
           set_and_read_back(proc, "thread-self/attr/exec", label));
    return {};
}

Result<> set_selinux_key_label(const Procfs& proc, const std::string& label) {
    TRY_IN("selinux label '" + label + "'",
           set_and_read_back(proc, "thread-self/attr/keycreate", label));
    return {};
}

}  // namespace unitc::sys
