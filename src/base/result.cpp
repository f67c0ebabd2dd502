// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>
#include <cstring>

namespace unitc {

Failure fail(std::string message) {
    return Failure{Error{0, std::move(message)}};
}

std::string errno_text(int code) {
    // No locale, no shared buffer: safe in the child.
    const char* text = strerrordesc_np(code);
    std::string words{text != nullptr ? text : "unknown error"};
    // "No such file": engines match the lower case that Go prints; "RFS
    // specific error" and "Level 2 halted" stay as they are.
    if (words.size() > 1 && words[1] >= 'a' && words[1] <= 'z' && words[0] >= 'A' &&
        words[0] <= 'Z')
        words[0] = static_cast<char>(words[0] - 'A' + 'a');
    return words;
}

Failure fail_sys(std::string_view call, std::string_view object) {
    const int code = errno;
    return fail_code(code, call, object);
}

Failure fail_code(int code, std::string_view call, std::string_view object) {
    std::string message{call};
    if (!object.empty())
        message.append(" '").append(object).append("'");
    message.append(": ").append(errno_text(code));
    return Failure{Error{code, std::move(message)}};
}

Failure detail::pass_on(Error&& error) noexcept {
    return Failure{std::move(error)};
}

}  // namespace unitc
