// SPDX-License-Identifier: Apache-2.0
#include "cli/value.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace unitc::cli {
namespace {

constexpr std::string_view kDigits = "0123456789";

// The number at the start of `text`, taken away from it, times `unit`: "1.5"
// and 1024 make 1536. Nothing if there is none or it is too large.
class Decimal {
public:
    static std::optional<Decimal> take(std::string_view& text) {
        Decimal number;
        number.whole_ = cut_digits(text);
        const bool point = text.starts_with('.');
        if (point) {
            text.remove_prefix(1);
            number.fraction_ = cut_digits(text);
        }
        if (number.whole_.empty() && number.fraction_.empty())
            return std::nullopt;
        return number;
    }

    std::optional<int64_t> times(int64_t unit) const {
        int64_t value = 0;
        const auto whole = whole_.empty() ? 0 : text::parse_int<int64_t>(whole_);
        if (!whole || __builtin_mul_overflow(*whole, unit, &value))
            return std::nullopt;
        // Beyond 9 digits nothing is left of any unit here but the largest.
        constexpr size_t kMostDigits = 9;
        int64_t numerator = 0;
        int64_t denominator = 1;
        for (const char digit : fraction_.substr(0, kMostDigits)) {
            numerator = numerator * 10 + (digit - '0');
            denominator *= 10;
        }
        const auto part = static_cast<__int128>(unit) * numerator / denominator;
        if (__builtin_add_overflow(value, static_cast<int64_t>(part), &value))
            return std::nullopt;
        return value;
    }

private:
    static std::string_view cut_digits(std::string_view& text) {
        const size_t count = std::min(text.find_first_not_of(kDigits), text.size());
        const std::string_view digits = text.substr(0, count);
        text.remove_prefix(count);
        return digits;
    }

    std::string_view whole_, fraction_;
};

struct Unit {
    std::string_view name;
    int64_t factor;
};

constexpr Unit kSizes[] = {
    {"", 1},
    {"b", 1},
    {"k", int64_t{1} << 10},
    {"m", int64_t{1} << 20},
    {"g", int64_t{1} << 30},
    {"t", int64_t{1} << 40},
    {"p", int64_t{1} << 50},
};

// Both spellings of the letter mu that Go takes.
constexpr Unit kTimes[] = {
    {"ns", 1},         {"us", 1'000},        {"\u00b5s", 1'000},    {"\u03bcs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
};

// "KiB", "KB" and "k" are one.
std::string plain_unit(std::string_view suffix) {
    std::string unit;
    for (const char c : suffix)
        unit += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (unit.size() == 3 && unit.ends_with("ib"))
        unit.resize(1);
    else if (unit.size() == 2 && unit.ends_with("b") && unit != "bb")
        unit.resize(1);
    return unit;
}

}  // namespace

Result<int64_t> parse_size(std::string_view text) {
    if (text == "-1")
        return -1;
    const auto bad = [] {
        return fail("must be a size such as 67108864, 64M or 1.5G, or -1 for unlimited");
    };
    const auto number = Decimal::take(text);
    if (!number)
        return bad();
    if (text.starts_with(' '))
        text.remove_prefix(1);
    const std::string name = plain_unit(text);
    const auto* unit = std::find_if(std::begin(kSizes), std::end(kSizes),
                                    [&](const Unit& row) { return row.name == name; });
    const auto bytes = unit == std::end(kSizes) || (name == "b" && text.size() > 1)
                           ? std::nullopt
                           : number->times(unit->factor);
    return bytes ? Result<int64_t>{*bytes} : bad();
}

Result<int64_t> parse_duration(std::string_view text) {
    const auto bad = [] { return fail("must be a duration such as 100ms, 5s or 1m30s"); };
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+'))
        text.remove_prefix(1);
    if (text == "0")
        return 0;
    if (text.empty())
        return bad();
    int64_t sum = 0;
    while (!text.empty()) {
        const auto number = Decimal::take(text);
        if (!number)
            return bad();
        const size_t length = std::min(text.find_first_of("0123456789."), text.size());
        const auto* unit = std::find_if(std::begin(kTimes), std::end(kTimes), [&](const Unit& row) {
            return row.name == text.substr(0, length);
        });
        const auto part = unit == std::end(kTimes) ? std::nullopt : number->times(unit->factor);
        if (!part || __builtin_add_overflow(sum, *part, &sum))
            return bad();
        text.remove_prefix(length);
    }
    return negative ? -sum : sum;
}

}  // namespace unitc::cli
