// SPDX-License-Identifier: Apache-2.0
#include "seccomp/filter.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.hpp"

namespace unitc::seccomp {
namespace {

using oci::SeccompAction;
using oci::SeccompOperator;

constexpr uint32_t kMaxErrno = 4094;       // libseccomp takes less than the kernel's MAX_ERRNO
constexpr uint32_t kMaxTraceData = 65535;  // SECCOMP_RET_DATA
constexpr uint32_t kArguments = 6;
// From here on a search by halves beats a list (runc's bound).
constexpr size_t kManyRules = 32;

struct Architecture {
    const char* name;
    uint32_t token;
};

constexpr Architecture kArchitectures[] = {
    {"SCMP_ARCH_X86", SCMP_ARCH_X86},
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
    {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
    {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
    {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390},
    {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
    {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
    {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
#ifdef SCMP_ARCH_LOONGARCH64  // libseccomp 2.6
    {"SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64},
#endif
#ifdef SCMP_ARCH_M68K
    {"SCMP_ARCH_M68K", SCMP_ARCH_M68K},
#endif
#ifdef SCMP_ARCH_SH
    {"SCMP_ARCH_SH", SCMP_ARCH_SH},
#endif
#ifdef SCMP_ARCH_SHEB
    {"SCMP_ARCH_SHEB", SCMP_ARCH_SHEB},
#endif
};

Result<uint32_t> data_of(const std::optional<uint32_t>& value, uint32_t most, const char* field) {
    if (value.value_or(0) > most)
        return fail(std::string{"linux.seccomp."} + field + ": " + std::to_string(*value) +
                    " is too large, must be at most " + std::to_string(most));
    return value.value_or(EPERM);
}

Result<uint32_t> action_of(SeccompAction action, const std::optional<uint32_t>& data,
                           const char* field) {
    switch (action) {
        case SeccompAction::KillThread: return SCMP_ACT_KILL_THREAD;
        case SeccompAction::KillProcess: return SCMP_ACT_KILL_PROCESS;
        case SeccompAction::Trap: return SCMP_ACT_TRAP;
        case SeccompAction::Allow: return SCMP_ACT_ALLOW;
        case SeccompAction::Log: return SCMP_ACT_LOG;
        case SeccompAction::Notify: return SCMP_ACT_NOTIFY;
        case SeccompAction::Errno: {
            const uint32_t number = TRY(data_of(data, kMaxErrno, field));
            return SCMP_ACT_ERRNO(number);
        }
        case SeccompAction::Trace: {
            const uint32_t message = TRY(data_of(data, kMaxTraceData, field));
            return SCMP_ACT_TRACE(message);
        }
    }
    return fail("linux.seccomp: unknown action");
}

scmp_compare operator_of(SeccompOperator op) {
    switch (op) {
        case SeccompOperator::NotEqual: return SCMP_CMP_NE;
        case SeccompOperator::LessThan: return SCMP_CMP_LT;
        case SeccompOperator::LessEqual: return SCMP_CMP_LE;
        case SeccompOperator::EqualTo: return SCMP_CMP_EQ;
        case SeccompOperator::GreaterEqual: return SCMP_CMP_GE;
        case SeccompOperator::GreaterThan: return SCMP_CMP_GT;
        case SeccompOperator::MaskedEqual: return SCMP_CMP_MASKED_EQ;
    }
    return SCMP_CMP_EQ;
}

// A rule's conditions, all of which must hold; conditions on the same argument
// are alternatives instead and become a rule each, as runc has it.
using Conditions = std::vector<scmp_arg_cmp>;

Result<std::vector<Conditions>> conditions_of(const std::vector<oci::SeccompArg>& args) {
    Conditions all;
    std::array<bool, kArguments> seen{};
    bool twice = false;
    for (const oci::SeccompArg& arg : args) {
        if (arg.index >= kArguments)
            return fail("linux.seccomp.syscalls.args.index: " + std::to_string(arg.index) +
                        " must be 0 to 5");
        twice = twice || seen[arg.index];
        seen[arg.index] = true;
        all.push_back({arg.index, operator_of(arg.op), arg.value, arg.value_two});
    }
    if (!twice)
        return std::vector<Conditions>{std::move(all)};
    std::vector<Conditions> alternatives;
    for (const scmp_arg_cmp& condition : all)
        alternatives.push_back({condition});
    return alternatives;
}

Result<> check_notify(const oci::Seccomp& profile) {
    if (profile.default_action == SeccompAction::Notify)
        return fail(
            "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
    for (const oci::SeccompSyscalls& rule : profile.syscalls)
        if (rule.action == SeccompAction::Notify &&
            std::find(rule.names.begin(), rule.names.end(), "write") != rule.names.end())
            return fail(
                "linux.seccomp.syscalls: SCMP_ACT_NOTIFY cannot be used for the write syscall");
    return {};
}

// How many rules went in.
Result<size_t> add_rules(scmp_filter_ctx filter, const oci::SeccompSyscalls& entry,
                         uint32_t default_action) {
    const uint32_t action = TRY(action_of(entry.action, entry.errno_ret, "syscalls.errnoRet"));
    // libseccomp refuses a rule that says what happens anyway.
    if (action == default_action)
        return size_t{0};
    const auto alternatives = TRY(conditions_of(entry.args));
    size_t added = 0;
    for (const std::string& name : entry.names) {
        const int number = seccomp_syscall_resolve_name(name.c_str());
        // Profiles name the calls of every architecture and kernel.
        if (number == __NR_SCMP_ERROR)
            continue;
        for (const Conditions& conditions : alternatives) {
            const int rc =
                seccomp_rule_add_array(filter, action, number,
                                       static_cast<unsigned>(conditions.size()), conditions.data());
            if (rc < 0)
                return fail_library(rc, "linux.seccomp.syscalls: seccomp_rule_add",
                                    text::printable(name));
            ++added;
        }
    }
    return added;
}

}  // namespace

Failure fail_library(int code, std::string_view call, std::string_view object) {
    return fail_code(-code, call, object);
}

Result<std::vector<uint32_t>> architectures(const oci::Seccomp& profile) {
    // A profile that leaves the native one out would kill everything.
    std::vector<uint32_t> tokens{seccomp_arch_native()};
    for (const std::string& name : profile.architectures) {
        const auto* known = std::find_if(std::begin(kArchitectures), std::end(kArchitectures),
                                         [&](const Architecture& a) { return a.name == name; });
        if (known == std::end(kArchitectures))
            return fail("linux.seccomp.architectures: '" + text::printable(name) +
                        "' is not known to this libseccomp");
        if (std::find(tokens.begin(), tokens.end(), known->token) == tokens.end())
            tokens.push_back(known->token);
    }
    return tokens;
}

Result<FilterContext> build(const oci::Seccomp& profile) {
    TRY(check_notify(profile));
    const uint32_t default_action =
        TRY(action_of(profile.default_action, profile.default_errno_ret, "defaultErrnoRet"));
    FilterContext filter{seccomp_init(default_action)};
    if (!filter)
        return fail("linux.seccomp.defaultAction: seccomp_init failed");
    const auto tokens = TRY(architectures(profile));
    for (const uint32_t token : tokens)
        if (const int rc = seccomp_arch_add(filter.get(), token); rc < 0 && rc != -EEXIST)
            return fail_library(rc, "linux.seccomp.architectures: seccomp_arch_add");
    size_t rules = 0;
    for (const oci::SeccompSyscalls& entry : profile.syscalls)
        rules += TRY(add_rules(filter.get(), entry, default_action));
    // libseccomp up to 2.5.4 makes nonsense of a tree without rules. A tree
    // that it cannot make costs time only.
    if (rules > kManyRules)
        seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return filter;
}

}  // namespace unitc::seccomp
