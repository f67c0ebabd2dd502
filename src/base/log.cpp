// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
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

// The quoting that Go's %q and JSON share for what can appear in a message.
std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (c == '\n') {
            quoted += "\\n";
        } else if (c == '\t') {
            quoted += "\\t";
        } else if (c == '\r') {
            quoted += "\\r";
        } else if (byte < 0x20 || byte == 0x7f) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
            quoted += escaped;
        } else {
            quoted += c;
        }
    }
    return quoted += '"';
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
    // JSON must be UTF-8 whatever an image put into a file name.
    const std::string quoted =
        quote(text::is_utf8(message) ? std::string{message} : text::printable(message));
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
