// SPDX-License-Identifier: Apache-2.0
// How every function here fails: Result<T> holds a value or an Error.
// tl::expected stands in for std::expected until clang 14 is no longer built
// with (clang before 19 does not see libstdc++'s).
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace unitc {

struct Error {
    int code = 0;         // errno value; 0 when the cause is not a system call
    std::string message;  // lower case, no full stop, innermost cause last
    // Said on standard error as it stands: what would be the container's own
    // word there, had it been a program yet.
    bool bare = false;

    // Puts what only the caller knows in front: "mount '/proc': fsopen: …".
    Error in(std::string_view context) && {
        if (!bare)
            message.insert(0, ": ").insert(0, context);
        return std::move(*this);
    }
};

template <typename T = void>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

// "no such file or directory": strerror in the field's lower case.
std::string errno_text(int code);

// Cold: what only leads to one of these is kept out of the pages that a program
// without failures reads in.

// A failure that is not a system call's.
[[gnu::cold]] Failure fail(std::string message);

// The failure of the system call `call` on `object`. Reads errno first.
[[gnu::cold]] Failure fail_sys(std::string_view call, std::string_view object = {});

// The same with the error number at hand (sd-bus and libcap return it).
[[gnu::cold]] Failure fail_code(int code, std::string_view call, std::string_view object = {});

}  // namespace unitc

// Yields the value, or returns the error from the enclosing function. Stands
// alone (`auto x = TRY(f());` or `TRY(f());`): leaving a larger expression
// from its middle leaves unspecified what else has been evaluated.
#define TRY(expression)                                                     \
    __extension__({                                                         \
        auto try_result = (expression);                                     \
        if (!try_result) [[unlikely]]                                       \
            return ::unitc::detail::pass_on(std::move(try_result).error()); \
        ::unitc::detail::take(std::move(try_result));                       \
    })

// The same, with `context` put in front of the error.
#define TRY_IN(context, expression)                                                     \
    __extension__({                                                                     \
        auto try_result = (expression);                                                 \
        if (!try_result) [[unlikely]]                                                   \
            return ::unitc::detail::pass_on(std::move(try_result).error().in(context)); \
        ::unitc::detail::take(std::move(try_result));                                   \
    })

namespace unitc::detail {
[[gnu::cold]] Failure pass_on(Error&& error) noexcept;
template <typename T>
T take(Result<T>&& result) {
    return *std::move(result);
}
inline void take(Result<void>&&) {}
}  // namespace unitc::detail
