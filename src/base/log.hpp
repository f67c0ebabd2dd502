// SPDX-License-Identifier: Apache-2.0
// The log: one line per entry, one write(2) per line, in the two formats that
// engines parse (runc's logrus text and JSON). Never blocks the program on a
// full pipe and never fails it.
#pragma once

#include <string>
#include <string_view>

namespace unitc::log {

enum class Level { Debug, Info, Warning, Error };
enum class Format { Text, Json };

// `fd` stays the caller's; 2 until set.
void configure(int fd, Format format, Level least);

bool enabled(Level level);

void write(Level level, std::string_view message);
inline void debug(std::string_view message) {
    write(Level::Debug, message);
}
inline void warning(std::string_view message) {
    write(Level::Warning, message);
}
inline void error(std::string_view message) {
    write(Level::Error, message);
}

// One entry as text, with its line end; what write() writes.
std::string format_entry(Format format, Level level, std::string_view time,
                         std::string_view message);

}  // namespace unitc::log
