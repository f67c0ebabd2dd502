// SPDX-License-Identifier: Apache-2.0
// The features document of runtime-spec 1.3 (features.md, features-linux.md).
#pragma once

#include <string>
#include <string_view>

#include "oci/config.hpp"

namespace unitc::oci {

inline constexpr const char* kOciVersionMin = "1.0.0";
inline constexpr const char* kOciVersionMax = "1.3.0";

// The options of `mounts` that are no data of a file system; plan's make_mount
// acts upon each.
inline constexpr std::string_view kMountOptions[] = {
    "async",
    "atime",
    "bind",
    "copy-symlink",
    "defaults",
    "dest-nofollow",
    "dev",
    "diratime",
    "dirsync",
    "exec",
    "idmap",
    "lazytime",
    "loud",
    "mand",
    "noatime",
    "nodev",
    "nodiratime",
    "noexec",
    "noiversion",
    "nolazytime",
    "nomand",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "nosymfollow",
    "private",
    "ratime",
    "rbind",
    "rdev",
    "rdiratime",
    "relatime",
    "remount",
    "rexec",
    "ridmap",
    "rnoatime",
    "rnodev",
    "rnodiratime",
    "rnoexec",
    "rnorelatime",
    "rnostrictatime",
    "rnosuid",
    "rnosymfollow",
    "ro",
    "rprivate",
    "rrelatime",
    "rro",
    "rrw",
    "rshared",
    "rslave",
    "rstrictatime",
    "rsuid",
    "rsymfollow",
    "runbindable",
    "rw",
    "shared",
    "silent",
    "slave",
    "src-nofollow",
    "strictatime",
    "suid",
    "symfollow",
    "sync",
    "tmpcopyup",
    "unbindable",
};

// What this version supports, and nothing it does not: what validate() refuses
// is absent, false or empty. `last_capability` is the highest number to list;
// `annotations` are the caller's, such as the version of libseccomp
// ("io.github.seccomp.libseccomp.version"). Ends with a line end.
std::string features_document(int last_capability, const StringMap& annotations);

}  // namespace unitc::oci
