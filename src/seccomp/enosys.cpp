// SPDX-License-Identifier: Apache-2.0
#include "seccomp/enosys.hpp"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "seccomp/filter.hpp"

namespace unitc::seccomp {
namespace {

constexpr uint32_t kX32Bit = 0x40000000;

// x32 is libseccomp's own idea of an architecture, to the kernel it is a bit
// in the number. All others are AUDIT_ARCH_* already.
uint32_t audit_arch_of(uint32_t token) {
    return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

bool lets_pass(oci::SeccompAction action) {
    // A tracer answers for calls it does not know itself.
    return action == oci::SeccompAction::Allow || action == oci::SeccompAction::Log ||
           action == oci::SeccompAction::Trace;
}

std::optional<uint32_t> newest_on(uint32_t token, const oci::Seccomp& profile) {
    int newest = -1;  // libseccomp's numbers for calls of other architectures are negative
    for (const oci::SeccompSyscalls& entry : profile.syscalls)
        for (const std::string& name : entry.names)
            newest = std::max(newest, seccomp_syscall_resolve_name_arch(token, name.c_str()));
    if (newest < 0)
        return std::nullopt;
    return static_cast<uint32_t>(newest);
}

class Program {
public:
    void load(size_t offset) {
        code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
    }
    // Skips `yes` or `no` instructions.
    void jump(int condition, uint32_t value, uint8_t yes, uint8_t no) {
        code_.push_back(
            BPF_JUMP(static_cast<uint16_t>(BPF_JMP | condition | BPF_K), value, yes, no));
    }
    void refuse() { code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)); }
    void skip_to_end() {
        skips_.push_back(code_.size());
        code_.push_back(BPF_STMT(BPF_JMP | BPF_JA, 0));
    }
    std::vector<sock_filter> finish() && {
        for (const size_t at : skips_)
            code_[at].k = static_cast<uint32_t>(code_.size() - at - 1);
        return std::move(code_);
    }

private:
    std::vector<sock_filter> code_;
    std::vector<size_t> skips_;
};

// With the architecture in the accumulator, which stays there if it is another.
void add_architecture(Program& program, const NewestCall& call) {
    constexpr uint32_t kNever = UINT32_MAX;  // no number is greater
    const bool x86_64 = call.audit_arch == SCMP_ARCH_X86_64;
    program.jump(BPF_JEQ, call.audit_arch, 0, x86_64 ? 6 : 4);
    program.load(offsetof(seccomp_data, nr));
    if (x86_64) {
        program.jump(BPF_JSET, kX32Bit, 1, 0);
        program.jump(BPF_JGT, call.own.value_or(kNever), 1, 2);
        program.jump(BPF_JGT, call.x32.value_or(kNever), 0, 1);
    } else {
        program.jump(BPF_JGT, call.own.value_or(kNever), 0, 1);
    }
    program.refuse();
    program.skip_to_end();
}

}  // namespace

Result<std::vector<NewestCall>> newest_calls(const oci::Seccomp& profile) {
    std::vector<NewestCall> calls;
    const bool answers_itself = profile.default_action == oci::SeccompAction::Errno &&
                                profile.default_errno_ret == uint32_t{ENOSYS};
    if (lets_pass(profile.default_action) || answers_itself)
        return calls;
    const auto tokens = TRY(architectures(profile));
    for (const uint32_t token : tokens) {
        const auto newest = newest_on(token, profile);
        if (!newest)
            continue;
        const uint32_t arch = audit_arch_of(token);
        auto entry = std::find_if(calls.begin(), calls.end(),
                                  [&](const NewestCall& c) { return c.audit_arch == arch; });
        if (entry == calls.end())
            entry = calls.insert(calls.end(), NewestCall{arch, std::nullopt, std::nullopt});
        (token == SCMP_ARCH_X32 ? entry->x32 : entry->own) = newest;
    }
    return calls;
}

std::vector<sock_filter> enosys_prologue(const std::vector<NewestCall>& newest) {
    Program program;
    if (!newest.empty())
        program.load(offsetof(seccomp_data, arch));
    for (const NewestCall& call : newest)
        add_architecture(program, call);
    return std::move(program).finish();
}

}  // namespace unitc::seccomp
