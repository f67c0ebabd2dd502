// SPDX-License-Identifier: Apache-2.0
#include "base/signal.hpp"

#include <csignal>
#include <cstring>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace unitc {
namespace {

// Names beside the ones that sigabbrev_np(3) gives.
struct Alias {
    const char* name;
    int signal;
};
constexpr Alias kAliases[] = {{"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"IO", SIGIO}};

std::optional<int> real_time_signal(std::string_view name) {
    const bool from_least = name.starts_with("RTMIN");
    if (!from_least && !name.starts_with("RTMAX"))
        return std::nullopt;
    const int base = from_least ? SIGRTMIN : SIGRTMAX;
    name.remove_prefix(5);
    if (name.empty())
        return base;
    if (name.front() != (from_least ? '+' : '-'))
        return std::nullopt;
    const auto offset = text::parse_int<unsigned>(name.substr(1));
    if (!offset || *offset > static_cast<unsigned>(SIGRTMAX - SIGRTMIN))
        return std::nullopt;
    return base + (from_least ? 1 : -1) * static_cast<int>(*offset);
}

std::optional<int> named_signal(std::string_view name) {
    for (const Alias& alias : kAliases)
        if (name == alias.name)
            return alias.signal;
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
        const char* abbreviated = ::sigabbrev_np(signal);
        if (abbreviated != nullptr && name == abbreviated)
            return signal;
    }
    return real_time_signal(name);
}

}  // namespace

Result<int> parse_signal(std::string_view text) {
    const auto unknown = [&] { return fail("unknown signal \"" + text::printable(text) + "\""); };
    if (const auto number = text::parse_int<int>(text)) {
        // 32 and 33 are the C library's own, yet signals of the kernel.
        if (*number < 0 || *number > SIGRTMAX)
            return unknown();
        return *number;
    }
    std::string name;
    for (const char c : text)
        name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    std::string_view bare = name;
    if (bare.starts_with("SIG"))
        bare.remove_prefix(3);
    const auto signal = named_signal(bare);
    return signal ? Result<int>{*signal} : unknown();
}

}  // namespace unitc
