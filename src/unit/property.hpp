// SPDX-License-Identifier: Apache-2.0
// A systemd unit property as plain data, before it meets any bus.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace unitc::unit {

using Bytes = std::vector<uint8_t>;                                    // ay
using Strings = std::vector<std::string>;                              // as
using StringPairs = std::vector<std::pair<std::string, std::string>>;  // a(ss)
using StringNumbers = std::vector<std::pair<std::string, uint64_t>>;   // a(st)
struct Pidfd {                                                         // ah of one
    int fd = -1;                                                       // borrowed
    bool operator==(const Pidfd&) const = default;
};
struct Pid {  // au of one
    uint32_t pid = 0;
    bool operator==(const Pid&) const = default;
};

struct Descriptor {  // h
    int fd = -1;     // borrowed
    bool operator==(const Descriptor&) const = default;
};
struct ByteStrings {  // aay
    Strings texts;
    bool operator==(const ByteStrings&) const = default;
};
struct Command {  // a(sasb) of one, whose failure counts
    std::string path;
    Strings argv;
    bool operator==(const Command&) const = default;
};

// The D-Bus type follows from the alternative: b i u t x s ay as a(ss) a(st) ah au h a(sasb)
// aay.
using Value =
    std::variant<bool, int32_t, uint32_t, uint64_t, int64_t, std::string, Bytes, Strings,
                 StringPairs, StringNumbers, Pidfd, Pid, Descriptor, Command, ByteStrings>;

struct Property {
    std::string name;
    Value value;
    bool operator==(const Property&) const = default;
};

using Properties = std::vector<Property>;

// "MemoryMax t 536870912": busctl's own syntax, so that a line can be pasted
// behind `busctl call … StartTransientUnit`.
std::string to_text(const Property& property);

}  // namespace unitc::unit
