// SPDX-License-Identifier: Apache-2.0
#include "sys/privilege.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.hpp"
#include "sys/id_map.hpp"

namespace unitc::sys {

bool owns_machine() {
    if (::geteuid() != 0)
        return false;
    // systemd's own directory, made at boot. Without one there is no manager
    // at all, which is said elsewhere.
    struct stat status {};
    return ::lstat("/run/systemd/system", &status) < 0 || status.st_uid == 0;
}

bool in_initial_user_namespace() {
    constexpr ino_t kInitial = 0xEFFFFFFD;  // linux/proc_ns.h, PROC_USER_INIT_INO
    struct stat status {};
    return ::stat("/proc/self/ns/user", &status) < 0 || status.st_ino == kInitial;
}

Result<uid_t> outside_uid() {
    const std::string text = TRY(read_file(AT_FDCWD, "/proc/self/uid_map"));
    const IdMap map = TRY(parse_id_map(text));
    const auto uid = to_outside(map, ::geteuid());
    if (!uid)
        return fail("uid " + std::to_string(::geteuid()) + " is not in /proc/self/uid_map");
    return *uid;
}

bool is_setgroups_denied() {
    const auto text = read_file(AT_FDCWD, "/proc/self/setgroups");
    return text && text->starts_with("deny");
}

}  // namespace unitc::sys
