// SPDX-License-Identifier: Apache-2.0
#include "sys/label.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::sys {

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
    auto done = proc.write("thread-self/attr/apparmor/exec", order);
    if (!done && done.error().code == ENOENT)  // before Linux 5.8
        done = proc.write("thread-self/attr/exec", order);
    if (!done)
        return Failure{std::move(done).error().in("apparmor profile '" + profile + "'")};
    return {};
}

Result<> set_selinux_label(const Procfs& proc, const std::string& label) {
    TRY_IN("selinux label '" + label + "'", proc.write("thread-self/attr/exec", label));
    return {};
}

Result<> set_selinux_key_label(const Procfs& proc, const std::string& label) {
    TRY_IN("selinux label '" + label + "'", proc.write("thread-self/attr/keycreate", label));
    return {};
}

}  // namespace unitc::sys
