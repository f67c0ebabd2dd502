// SPDX-License-Identifier: Apache-2.0
#include "seccomp/compile.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/fd.hpp"
#include "seccomp/enosys.hpp"
#include "seccomp/filter.hpp"
#include "sys/file.hpp"

// The build machine's headers may be older than the kernel.
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace unitc::seccomp {
namespace {

constexpr size_t kMaxExport = size_t{64} << 20;

bool notifies(const oci::Seccomp& profile) {
    return std::any_of(profile.syscalls.begin(), profile.syscalls.end(),
                       [](const oci::SeccompSyscalls& entry) {
                           return entry.action == oci::SeccompAction::Notify;
                       });
}

Result<uint32_t> flags_of(const oci::Seccomp& profile) {
    uint32_t flags = notifies(profile) ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    // No list at all is not an empty list (config-linux.md; runc's default).
    if (!profile.flags)
        return flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    for (const std::string& name : *profile.flags) {
        if (name == "SECCOMP_FILTER_FLAG_LOG")
            flags |= SECCOMP_FILTER_FLAG_LOG;
        else if (name == "SECCOMP_FILTER_FLAG_SPEC_ALLOW")
            flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
        else if (name == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")
            flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
        else if (name != "SECCOMP_FILTER_FLAG_TSYNC")  // one thread is always in step with itself
            return fail("linux.seccomp.flags: '" + name + "' is not supported");
    }
    // The kernel would answer EINVAL, in the child and after everything else.
    if ((flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) != 0 && !notifies(profile))
        return fail(
            "linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with "
            "SCMP_ACT_NOTIFY");
    return flags;
}

// What libseccomp writes to a file, as bytes.
template <typename Export>
Result<std::string> through_file(Export write_to, std::string_view call) {
    const Fd file{::memfd_create("seccomp", MFD_CLOEXEC)};
    if (!file)
        return fail_sys("memfd_create");
    if (const int rc = write_to(file.get()); rc < 0)
        return fail_library(rc, call);
    if (::lseek(file.get(), 0, SEEK_SET) < 0)
        return fail_sys("lseek");
    return sys::read_all(file, kMaxExport);
}

Result<std::string> program_of(const FilterContext& filter) {
#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 6)
    size_t size = 0;
    if (const int rc = seccomp_export_bpf_mem(filter.get(), nullptr, &size); rc < 0)
        return fail_library(rc, "seccomp_export_bpf_mem");
    std::string bytes(size, '\0');
    if (const int rc = seccomp_export_bpf_mem(filter.get(), bytes.data(), &size); rc < 0)
        return fail_library(rc, "seccomp_export_bpf_mem");
    return bytes;
#else
    return through_file([&](int fd) { return seccomp_export_bpf(filter.get(), fd); },
                        "seccomp_export_bpf");
#endif
}

}  // namespace

Result<Filter> compile(const oci::Seccomp& profile) {
    const uint32_t flags = TRY(flags_of(profile));
    const FilterContext filter = TRY(build(profile));
    const auto newest = TRY(newest_calls(profile));
    const auto prologue = enosys_prologue(newest);
    const std::string body = TRY(program_of(filter));
    std::string bpf{reinterpret_cast<const char*>(prologue.data()),
                    prologue.size() * sizeof(sock_filter)};
    bpf += body;
    if (bpf.size() > BPF_MAXINSNS * sizeof(sock_filter))
        return fail("linux.seccomp: the filter has " +
                    std::to_string(bpf.size() / sizeof(sock_filter)) +
                    " instructions, the kernel takes at most " + std::to_string(BPF_MAXINSNS));
    return Filter{std::move(bpf), flags};
}

Result<std::string> describe(const oci::Seccomp& profile) {
    const uint32_t flags = TRY(flags_of(profile));
    const FilterContext filter = TRY(build(profile));
    char line[96];
    std::snprintf(line, sizeof line, "flags 0x%x\n", flags);
    std::string text = line;
    const auto newest = TRY(newest_calls(profile));
    for (const NewestCall& call : newest) {
        if (call.own) {
            std::snprintf(line, sizeof line, "arch 0x%08x: above %u ENOSYS\n", call.audit_arch,
                          *call.own);
            text += line;
        }
        if (call.x32) {
            std::snprintf(line, sizeof line, "arch 0x%08x: x32 above 0x%x ENOSYS\n",
                          call.audit_arch, *call.x32);
            text += line;
        }
    }
    text += TRY(through_file([&](int fd) { return seccomp_export_pfc(filter.get(), fd); },
                             "seccomp_export_pfc"));
    return text;
}

}  // namespace unitc::seccomp
