// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>
#include <memory>

#include "base/failure.hpp"

namespace unitc {
namespace {

Result<int> half(int value) {
    if (value % 2 != 0)
        return fail(std::to_string(value) + " is odd");
    return value / 2;
}

Result<> must_be_even(int value) {
    TRY(half(value));
    return {};
}

Result<int> quarter(int value) {
    const int once = TRY(half(value));
    TRY_IN("second", must_be_even(once));
    return TRY_IN("second", half(once));
}

Result<std::unique_ptr<int>> boxed(int value) {
    return std::make_unique<int>(TRY(half(value)));
}

TEST(Result, PassesValuesOnAndFailuresOut) {
    EXPECT_EQ(*quarter(12), 3);
    EXPECT_THAT(quarter(3), FailsWith(0, "3 is odd"));
    EXPECT_THAT(must_be_even(2), Succeeds());
    EXPECT_EQ(quarter(6).error().message, "second: 3 is odd");
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
    EXPECT_EQ(**boxed(4), 2);
    EXPECT_THAT(boxed(5), FailsWith(0, "5 is odd"));
}

TEST(Result, NamesCallObjectAndCause) {
    errno = ENOENT;
    const Failure failure = fail_sys("openat", "/x");
    EXPECT_EQ(failure.value().code, ENOENT);
    EXPECT_EQ(failure.value().message, "openat '/x': no such file or directory");
    EXPECT_EQ(fail_code(EPERM, "mount").value().message, "mount: operation not permitted");
    EXPECT_EQ(fail_code(99999, "mount").value().message, "mount: unknown error");
    EXPECT_EQ(fail("plain").value().code, 0);
}

TEST(Result, PutsTheOuterContextFirst) {
    Error error = Error{ENOENT, "cause"}.in("inner").in("outer");
    EXPECT_EQ(error.message, "outer: inner: cause");
    EXPECT_EQ(error.code, ENOENT);
}

}  // namespace
}  // namespace unitc
