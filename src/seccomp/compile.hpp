// SPDX-License-Identifier: Apache-2.0
// linux.seccomp → the BPF program and the seccomp(2) flags, in the parent, so
// that the child loads it with one system call and never sees libseccomp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "oci/seccomp.hpp"

namespace unitc::seccomp {

struct Filter {
    std::string bpf;     // struct sock_filter[], as the kernel takes it
    uint32_t flags = 0;  // SECCOMP_FILTER_FLAG_*
};

// Unknown syscall names are skipped (profiles name calls of other
// architectures); calls newer than the profile answer ENOSYS where the default
// action would not let them pass, so that libcs fall back (enosys.hpp).
Result<Filter> compile(const oci::Seccomp& profile);

// Hex digest over everything compile() reads plus the library's version and
// the architecture: the cache's key.
std::string digest(const oci::Seccomp& profile);

// compile(), through a cache of files in `directory` (root-owned 0700, made
// when missing; names are digests; content carries its own checksum and is
// ignored when damaged). An unusable cache is not an error.
Result<Filter> compile_cached(const oci::Seccomp& profile, const std::string& directory);

// libseccomp's pseudo filter code of the profile, for golden files and `unitc plan`.
Result<std::string> describe(const oci::Seccomp& profile);

}  // namespace unitc::seccomp
