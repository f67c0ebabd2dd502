// SPDX-License-Identifier: Apache-2.0
#include "seccomp/digest.hpp"

#include <seccomp.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "seccomp/compile.hpp"

namespace unitc::seccomp {
namespace {

// Raised when compile() makes another program of the same profile.
constexpr uint64_t kGeneration = 1;

void put(std::string& key, uint64_t number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    key.append(bytes, sizeof bytes);
}

// With its length, so that "a", "bc" is not "ab", "c".
void put(std::string& key, const std::string& text) {
    put(key, text.size());
    key += text;
}

void put(std::string& key, const std::optional<uint32_t>& number) {
    put(key, number ? uint64_t{*number} : UINT64_MAX);
}

void put(std::string& key, const std::vector<std::string>& texts) {
    put(key, texts.size());
    for (const std::string& text : texts)
        put(key, text);
}

void put(std::string& key, const oci::SeccompSyscalls& entry) {
    put(key, entry.names);
    put(key, static_cast<uint64_t>(entry.action));
    put(key, entry.errno_ret);
    put(key, entry.args.size());
    for (const oci::SeccompArg& arg : entry.args) {
        put(key, arg.index);
        put(key, arg.value);
        put(key, arg.value_two);
        put(key, static_cast<uint64_t>(arg.op));
    }
}

// One of two lanes: each step is a bijection of the state, so that a single
// changed word always shows. SHA-256 would cost ten times as much for a
// resistance that the comparison of whole keys makes needless.
class Lane {
public:
    Lane(uint64_t seed, uint64_t factor) : state_(seed), factor_(factor) {}
    void add(uint64_t word) {
        state_ = (state_ ^ word) * factor_;
        state_ ^= state_ >> 29;
    }
    unsigned long long state() const { return state_; }

private:
    uint64_t state_;
    uint64_t factor_;  // odd
};

}  // namespace

std::string cache_key(const oci::Seccomp& profile) {
    std::string key;
    key.reserve(16384);  // a distribution's default profile without growing
    key += "unitc seccomp " UNITC_VERSION;
    const scmp_version* library = seccomp_version();
    put(key, kGeneration);
    put(key, library->major);
    put(key, library->minor);
    put(key, library->micro);
    put(key, seccomp_arch_native());
    put(key, static_cast<uint64_t>(profile.default_action));
    put(key, profile.default_errno_ret);
    put(key, profile.architectures);
    put(key, profile.flags ? 1 : 0);
    put(key, profile.flags.value_or(std::vector<std::string>{}));
    put(key, profile.syscalls.size());
    for (const oci::SeccompSyscalls& entry : profile.syscalls)
        put(key, entry);
    return key;
}

std::string hash(std::string_view bytes) {
    Lane first{0x243f6a8885a308d3, 0x9e3779b97f4a7c15};
    Lane second{0x13198a2e03707344, 0xc2b2ae3d27d4eb4f};
    const auto add = [&](uint64_t word) {
        first.add(word);
        second.add(word);
    };
    add(bytes.size());
    for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 8 ? bytes.size() : 8)) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data(), bytes.size() < 8 ? bytes.size() : 8);
        add(word);
    }
    add(0);
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", first.state(), second.state());
    return text;
}

std::string digest(const oci::Seccomp& profile) {
    return hash(cache_key(profile));
}

}  // namespace unitc::seccomp
