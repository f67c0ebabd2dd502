// SPDX-License-Identifier: Apache-2.0
#include "sys/image.hpp"

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::sys {
namespace {

struct Pages {
    uintptr_t begin;
    uintptr_t end;

    void* address() const { return reinterpret_cast<void*>(begin); }  // NOLINT
    size_t size() const { return end - begin; }
};

uintptr_t page_size() {
    static const auto size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

uintptr_t page_of(uintptr_t address) {
    return address & ~(page_size() - 1);
}

// Of a segment, what the file has of it: the rest of .bss is nobody's file's.
Pages pages_of(const dl_phdr_info& program, const ElfW(Phdr) & segment) {
    const uintptr_t begin = program.dlpi_addr + segment.p_vaddr;
    return {page_of(begin), page_of(begin + segment.p_filesz + page_size() - 1)};
}

int protection_of(const ElfW(Phdr) & segment) {
    return ((segment.p_flags & PF_R) != 0 ? PROT_READ : 0) |
           ((segment.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
           ((segment.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
}

// One system call replaces the pages that it returns to by the same ones.
Result<> map_anew(const Pages& pages, const ElfW(Phdr) & segment, const Fd& file) {
    const auto offset = static_cast<off_t>(page_of(segment.p_offset));
    if (::mmap(pages.address(), pages.size(), protection_of(segment), MAP_PRIVATE | MAP_FIXED,
               file.get(), offset) == MAP_FAILED)
        return fail_sys("mmap");
    return {};
}

// Data that has been written to: copied by the kernel, for to the compiler, and
// to AddressSanitizer, the memory between two variables is not ours to read.
Result<> copy_out(const Pages& pages, const Fd& memory) {
    void* copy = ::mmap(nullptr, pages.size(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (copy == MAP_FAILED)
        return fail_sys("mmap");
    const ssize_t copied =
        ::pread(memory.get(), copy, pages.size(), static_cast<off_t>(pages.begin));
    if (copied != static_cast<ssize_t>(pages.size()) ||
        ::mremap(copy, pages.size(), pages.size(), MREMAP_MAYMOVE | MREMAP_FIXED,
                 pages.address()) == MAP_FAILED) {
        auto failure = fail_sys(copied < 0 ? "pread" : "mremap", "/proc/self/mem");
        ::munmap(copy, pages.size());
        return failure;
    }
    return {};
}

// What the dynamic linker has made read-only after relocation is so again.
Result<> protect_relocated(const dl_phdr_info& program, const ElfW(Phdr) & segment) {
    const uintptr_t begin = program.dlpi_addr + segment.p_vaddr;
    const Pages pages{page_of(begin), page_of(begin + segment.p_memsz)};
    if (::mprotect(pages.address(), pages.size(), PROT_READ) < 0)
        return fail_sys("mprotect");
    return {};
}

// Our own table of segments, copied: a page of it is among those that go.
using Segments = std::vector<ElfW(Phdr)>;

// Started by the dynamic linker as a command, say, the program is another one
// than /proc/self/exe, whose pages would be put in the place of its own.
Result<> check_is_ours(const Segments& segments, const Fd& file) {
    ElfW(Ehdr) header{};
    if (::pread(file.get(), &header, sizeof header, 0) != sizeof header ||
        header.e_phnum != segments.size())
        return fail("/proc/self/exe is not this program");
    Segments there(segments.size());
    const size_t size = segments.size() * sizeof(segments[0]);
    if (::pread(file.get(), there.data(), size, static_cast<off_t>(header.e_phoff)) !=
            static_cast<ssize_t>(size) ||
        std::memcmp(there.data(), segments.data(), size) != 0)
        return fail("/proc/self/exe is not this program");
    return {};
}

// Whoever would refuse the real ones refuses this, while nothing is lost yet.
Result<> check_may_execute(const Fd& file) {
    void* const trial =
        ::mmap(nullptr, page_size(), PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
    if (trial == MAP_FAILED)
        return fail_sys("mmap");
    ::munmap(trial, page_size());
    return {};
}

Result<> move_segments(const dl_phdr_info& program, const Fd& file) {
    const Segments segments(program.dlpi_phdr, program.dlpi_phdr + program.dlpi_phnum);
    const Fd memory = TRY(open_at(AT_FDCWD, "/proc/self/mem", O_RDONLY));
    TRY(check_is_ours(segments, file));
    TRY(check_may_execute(file));
    for (const auto& segment : segments) {
        if (segment.p_type != PT_LOAD || segment.p_filesz == 0)
            continue;
        const Pages pages = pages_of(program, segment);
        TRY((segment.p_flags & PF_W) != 0 ? copy_out(pages, memory)
                                          : map_anew(pages, segment, file));
    }
    for (const auto& segment : segments)
        if (segment.p_type == PT_GNU_RELRO)
            TRY(protect_relocated(program, segment));
    return {};
}

// All that can be set with the file, as it is: fields 26, 27 and 45 to 51 of
// /proc/PID/stat (proc_pid_stat(5)).
Result<prctl_mm_map> own_layout() {
    const Fd file = TRY(open_at(AT_FDCWD, "/proc/self/stat", O_RDONLY));
    const std::string text = TRY(read_all(file, size_t{1} << 12));
    // After the name, which may have anything in it.
    const size_t name_end = text.rfind(") ");
    if (name_end == std::string::npos)
        return fail("/proc/self/stat is not what it should be");
    const auto fields = text::split(std::string_view{text}.substr(name_end + 2), ' ');
    constexpr size_t kFirst = 3;  // the number of the first one after the name
    const auto field = [&](size_t number) -> uint64_t {
        const size_t index = number - kFirst;
        return index < fields.size() ? text::parse_int<uint64_t>(fields[index]).value_or(0) : 0;
    };
    prctl_mm_map map{};
    map.start_code = field(26);
    map.end_code = field(27);
    map.start_stack = field(28);
    map.start_data = field(45);
    map.end_data = field(46);
    map.start_brk = field(47);
    map.brk = reinterpret_cast<uintptr_t>(::sbrk(0));  // NOLINT
    map.arg_start = field(48);
    map.arg_end = field(49);
    map.env_start = field(50);
    map.env_end = field(51);
    return map;
}

// The kernel refuses (EBUSY) as long as anything of the former one is mapped;
// it does not see that on overlayfs since Linux 6.7. As after an exec nobody can
// write to the file while it is run (ETXTBSY), from Linux 5.15 on.
Result<> name_image(const Fd& file) {
    if (::prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, file.get(), 0, 0) == 0)
        return {};
    // Without CAP_SYS_RESOURCE, CAP_SYS_ADMIN does, but where the kernel was
    // built without CONFIG_CHECKPOINT_RESTORE.
    if (errno != EPERM)
        return fail_sys("prctl PR_SET_MM_EXE_FILE");
    prctl_mm_map map = TRY(own_layout());
    map.exe_fd = static_cast<uint32_t>(file.get());
    if (::prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) < 0)
        return fail_sys("prctl PR_SET_MM_MAP");
    return {};
}

}  // namespace

Result<> replace_own_image(const Fd& file) {
    struct Move {
        const Fd& file;
        Result<> result;
    } move{file, {}};
    // The first one is the program itself.
    ::dl_iterate_phdr(
        [](dl_phdr_info* program, size_t, void* data) {
            auto& wanted = *static_cast<Move*>(data);
            wanted.result = move_segments(*program, wanted.file);
            return 1;
        },
        &move);
    TRY(std::move(move.result));
    return name_image(file);
}

}  // namespace unitc::sys
