// SPDX-License-Identifier: Apache-2.0
#include "unit/gvariant.hpp"

#include <array>
#include <optional>

#include "base/text.hpp"

namespace unitc::unit {
namespace {

// Type words and their one-letter signatures (D-Bus specification).
constexpr std::array<std::pair<std::string_view, char>, 8> kNumberTypes{{
    {"byte", 'y'},
    {"int16", 'n'},
    {"uint16", 'q'},
    {"int32", 'i'},
    {"uint32", 'u'},
    {"int64", 'x'},
    {"uint64", 't'},
    {"handle", 'h'},
}};

class Parser {
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    Result<Variant> parse() {
        skip_blanks();
        const std::string type = TRY(read_type());
        Variant value = TRY(read_value(type));
        skip_blanks();
        if (!rest_.empty())
            return fail("'" + text::printable(rest_.substr(0, 32)) + "' follows the value");
        return value;
    }

private:
    void skip_blanks() { rest_.remove_prefix(rest_.size() - trimmed_left(rest_).size()); }

    static std::string_view trimmed_left(std::string_view text) {
        const size_t at = text.find_first_not_of(" \t\r\n");
        return at == std::string_view::npos ? std::string_view{} : text.substr(at);
    }

    bool take(char c) {
        if (!rest_.starts_with(c))
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::string_view read_word() {
        size_t length = 0;
        while (length < rest_.size() && is_word(rest_[length]))
            ++length;
        const std::string_view word = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return word;
    }

    static bool is_word(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '-' || c == '_' || c == '.';
    }

    // "@t", "uint64", "string", …: the signature, or nothing.
    Result<std::string> read_type() {
        if (take('@')) {
            const std::string_view signature = read_word();
            if (signature.empty() || signature.size() > 2)
                return fail("'@' must be followed by one of b y n q i u x t s as");
            skip_blanks();
            return std::string{signature};
        }
        const std::string_view before = rest_;
        const std::string_view word = read_word();
        std::string type = word == "boolean" ? "b" : word == "string" ? "s" : "";
        for (const auto& [name, letter] : kNumberTypes)
            if (word == name)
                type.assign(1, letter);
        if (type.empty())
            rest_ = before;
        skip_blanks();
        return type;
    }

    Result<Variant> read_value(const std::string& type) {
        const auto wrong = [&] { return fail("the value does not fit the type '" + type + "'"); };
        if (rest_.starts_with('\'') || rest_.starts_with('"')) {
            if (!type.empty() && type != "s")
                return wrong();
            return Variant{TRY(read_string())};
        }
        if (take('[')) {
            if (!type.empty() && type != "as")
                return wrong();
            return Variant{TRY(read_list())};
        }
        const std::string_view word = read_word();
        if (word == "true" || word == "false") {
            if (!type.empty() && type != "b")
                return wrong();
            return Variant{word == "true"};
        }
        if (type == "s" || type == "as" || type == "b")
            return wrong();
        return Variant{TRY(read_number(word, type))};
    }

    static Result<VariantNumber> read_number(std::string_view word, const std::string& type) {
        VariantNumber number;
        number.type = type;
        std::string_view digits = word;
        number.negative = digits.starts_with('-');
        if (digits.starts_with('-') || digits.starts_with('+'))
            digits.remove_prefix(1);
        // GVariant's numbers are C's: 0x for hexadecimal, 0 for octal.
        int base = 10;
        if (digits.starts_with("0x") || digits.starts_with("0X")) {
            digits.remove_prefix(2);
            base = 16;
        } else if (digits.size() > 1 && digits.starts_with('0')) {
            base = 8;
        }
        const auto value = text::parse_int<uint64_t>(digits, base);
        if (!value)
            return fail(text::printable(word.substr(0, 64))
                            .insert(0, "'")
                            .append("' is neither a boolean, a string in quotes, a list of"
                                    " strings in brackets, nor a whole number"));
        number.magnitude = *value;
        return number;
    }

    // Between quotes of either kind; "\" takes its C meaning for the few
    // escapes that text needs.
    Result<std::string> read_string() {
        const char quote = rest_.front();
        rest_.remove_prefix(1);
        std::string value;
        while (!rest_.empty()) {
            char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == quote)
                return value;
            if (c == '\\') {
                if (rest_.empty())
                    break;
                const std::optional<char> plain = unescape(rest_.front());
                if (!plain)
                    return fail("escape '\\" + text::printable(rest_.substr(0, 1)) +
                                "' is not supported");
                c = *plain;
                rest_.remove_prefix(1);
            }
            value += c;
        }
        return fail("a string has no end");
    }

    static std::optional<char> unescape(char c) {
        switch (c) {
            case 'n': return '\n';
            case 't': return '\t';
            case '\\':
            case '\'':
            case '"': return c;
            default: return std::nullopt;
        }
    }

    Result<std::vector<std::string>> read_list() {
        std::vector<std::string> list;
        skip_blanks();
        if (take(']'))
            return list;
        for (;;) {
            skip_blanks();
            if (!rest_.starts_with('\'') && !rest_.starts_with('"'))
                return fail("a list must hold strings in quotes");
            list.push_back(TRY(read_string()));
            skip_blanks();
            if (take(']'))
                return list;
            if (!take(','))
                return fail("a list must go on with ',' or end with ']'");
        }
    }

    std::string_view rest_;
};

}  // namespace

Result<Variant> parse_variant(std::string_view text) {
    return Parser{text}.parse();
}

}  // namespace unitc::unit
