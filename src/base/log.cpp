// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <string>

#include "base/text.hpp"

namespace unitc::log {
namespace {

constinit int g_fd = STDERR_FILENO;
constinit Format g_format = Format::Text;
constinit Level g_least = Level::Info;

const char* name(Level level) {
    switch (level) {
        case Level::Debug: return "debug";
        case Level::Info: return "info";
        case Level::Warning: return "warning";
        case Level::Error: return "error";
    }
    return "error";
}

}  // namespace

void configure(int fd, Format format, Level least) {
    g_fd = fd;
    g_format = format;
    g_least = least;
}

bool enabled(Level level) {
    return level >= g_least;
}

std::string format_entry(Format format, Level level, std::string_view time,
                         std::string_view message) {
    // Go's %q, which engines expect in the text format, quotes alike.
    const std::string quoted = text::json_string(message);
    std::string line;
    if (format == Format::Json)
        line.append(R"({"level":")")
            .append(name(level))
            .append(R"(","msg":)")
            .append(quoted)
            .append(R"(,"time":")")
            .append(time)
            .append("\"}\n");
    else
        line.append("time=\"")
            .append(time)
            .append("\" level=")
            .append(name(level))
            .append(" msg=")
            .append(quoted)
            .append("\n");
    return line;
}

void write(Level level, std::string_view message) {
    if (!enabled(level) || g_fd < 0)
        return;
    const std::string line = format_entry(g_format, level, text::rfc3339_now(), message);
    // A reader that stopped reading must not stop us: a pipe that takes
    // nothing for a tenth of a second loses the entry (runc#4141).
    pollfd ready{g_fd, POLLOUT, 0};
    if (poll(&ready, 1, 100) != 1)
        return;
    [[maybe_unused]] const ssize_t written = ::write(g_fd, line.data(), line.size());
}

}  // namespace unitc::log
