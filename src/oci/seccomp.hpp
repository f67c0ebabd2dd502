// SPDX-License-Identifier: Apache-2.0
// linux.seccomp of config.json as plain data (runtime-spec 1.3,
// config-linux.md "Seccomp").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unitc::oci {

enum class SeccompAction { KillThread, KillProcess, Trap, Errno, Trace, Allow, Log, Notify };
enum class SeccompOperator {
    NotEqual,
    LessThan,
    LessEqual,
    EqualTo,
    GreaterEqual,
    GreaterThan,
    MaskedEqual
};

struct SeccompArg {
    uint32_t index = 0;  // 0 to 5
    uint64_t value = 0;
    uint64_t value_two = 0;
    SeccompOperator op = SeccompOperator::EqualTo;
};

struct SeccompSyscalls {
    std::vector<std::string> names;
    SeccompAction action = SeccompAction::Allow;
    std::optional<uint32_t> errno_ret;
    std::vector<SeccompArg> args;
};

struct Seccomp {
    SeccompAction default_action = SeccompAction::Allow;
    std::optional<uint32_t> default_errno_ret;
    std::vector<std::string> architectures;         // "SCMP_ARCH_X86_64", known ones only
    std::optional<std::vector<std::string>> flags;  // "SECCOMP_FILTER_FLAG_LOG", known ones only
    std::string listener_path;
    std::string listener_metadata;
    std::vector<SeccompSyscalls> syscalls;
};

}  // namespace unitc::oci
