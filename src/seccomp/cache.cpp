// SPDX-License-Identifier: Apache-2.0
// Compiling a distribution's default profile takes libseccomp milliseconds,
// several times what the rest of a start costs; reading the result back takes
// microseconds.
#include <dirent.h>
#include <linux/filter.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "base/fd.hpp"
#include "seccomp/compile.hpp"
#include "seccomp/digest.hpp"
#include "sys/file.hpp"

namespace unitc::seccomp {
namespace {

constexpr size_t kMaxKey = size_t{1} << 20;  // longer ones are not cached
constexpr size_t kMaxProgram = BPF_MAXINSNS * sizeof(sock_filter);
constexpr int kMaxFiles = 128;  // an engine has a handful of profiles

// The file: this, the key, the program.
struct Header {
    char magic[16];
    char checksum[32];  // hash() of the program and the flags
    uint64_t flags;
    uint64_t key_size;
    uint64_t program_size;
};
constexpr char kMagic[16] = "unitc seccomp 1";

std::string checksum_of(std::string_view program, uint64_t flags) {
    std::string bytes{program};
    bytes.append(reinterpret_cast<const char*>(&flags), sizeof flags);
    return hash(bytes);
}

// A filter that somebody else could write would be their way out of it.
bool is_ours_alone(const Fd& fd, mode_t type, mode_t forbidden) {
    const auto status = sys::stat_fd(fd);
    return status && (status->st_mode & S_IFMT) == type && status->st_uid == ::geteuid() &&
           (status->st_mode & forbidden) == 0;
}

Result<Fd> open_cache(const std::string& directory) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    auto fd = sys::open_at(AT_FDCWD, directory.c_str(), kFlags);
    if (!fd && fd.error().code == ENOENT) {
        if (::mkdir(directory.c_str(), 0700) < 0 && errno != EEXIST)
            return fail_sys("mkdir", directory);
        fd = sys::open_at(AT_FDCWD, directory.c_str(), kFlags);
    }
    if (fd && !is_ours_alone(*fd, S_IFDIR, 077))
        return fail("'" + directory + "' is open to others");
    return fd;
}

// The filter in the file's bytes, if they are whole and of exactly this key.
std::optional<Filter> decode(std::string_view bytes, std::string_view key) {
    Header header{};
    if (bytes.size() < sizeof header)
        return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes.remove_prefix(sizeof header);
    if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.key_size != key.size() ||
        header.program_size == 0 || header.program_size > kMaxProgram ||
        header.program_size % sizeof(sock_filter) != 0 || header.flags > UINT32_MAX ||
        bytes.size() != header.key_size + header.program_size || bytes.substr(0, key.size()) != key)
        return std::nullopt;
    const std::string_view program = bytes.substr(key.size());
    if (checksum_of(program, header.flags) !=
        std::string_view{header.checksum, sizeof header.checksum})
        return std::nullopt;
    return Filter{std::string{program}, static_cast<uint32_t>(header.flags)};
}

std::string encode(const Filter& filter, std::string_view key) {
    Header header{};
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    std::memcpy(header.checksum, checksum_of(filter.bpf, filter.flags).data(),
                sizeof header.checksum);
    header.flags = filter.flags;
    header.key_size = key.size();
    header.program_size = filter.bpf.size();
    std::string bytes{reinterpret_cast<const char*>(&header), sizeof header};
    return bytes.append(key).append(filter.bpf);
}

std::optional<Filter> load(const Fd& cache, const std::string& name, std::string_view key) {
    const auto file = sys::open_at(cache, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!file || !is_ours_alone(*file, S_IFREG, 022))
        return std::nullopt;
    const auto bytes = sys::read_all(*file, sizeof(Header) + kMaxKey + kMaxProgram);
    return bytes ? decode(*bytes, key) : std::nullopt;
}

// Starts over when full: whoever makes a profile per container gains nothing
// from a cache, and must not fill /run.
void make_room(const Fd& cache) {
    auto copy = sys::open_at(cache, ".", O_RDONLY | O_DIRECTORY);
    if (!copy)
        return;
    const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> stream{
        ::fdopendir(copy->get())};
    if (!stream)
        return;
    copy->release();
    int files = 0;
    while (::readdir(stream.get()) != nullptr)
        ++files;
    if (files < kMaxFiles)
        return;
    ::rewinddir(stream.get());
    while (const dirent* entry = ::readdir(stream.get()))
        ::unlinkat(cache.get(), entry->d_name, 0);
}

// Failing costs the next container some time, nothing else.
void store(const Fd& cache, const std::string& name, const std::string& bytes) {
    // Whoever else is writing writes the same.
    if (!sys::lock(cache, sys::Lock::Exclusive, sys::Wait::No))
        return;
    make_room(cache);
    [[maybe_unused]] const auto stored = sys::replace_file(cache, name, bytes, 0600);
}

}  // namespace

Result<Filter> compile_cached(const oci::Seccomp& profile, const std::string& directory) {
    const std::string key = cache_key(profile);
    const auto cache = open_cache(directory);
    if (!cache || key.size() > kMaxKey)
        return compile(profile);
    const std::string name = hash(key);
    if (auto filter = load(*cache, name, key))
        return *std::move(filter);
    auto filter = compile(profile);
    if (filter)
        store(*cache, name, encode(*filter, key));
    return filter;
}

}  // namespace unitc::seccomp
