// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.hpp"

#include <string>

#include "base/text.hpp"

namespace unitc::cli {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Parser {
public:
    Parser(std::span<const char* const> words, Invocation& invocation)
        : words_(words), invocation_(invocation) {}

    Result<const Command*> run() {
        while (!words_.empty())
            TRY(take_word());
        return command_;
    }

private:
    Result<> take_word() {
        const std::string_view word = next();
        if (word == "--" && !options_ended_) {
            options_ended_ = true;
            return {};
        }
        if (options_ended_ || word.size() < 2 || word.front() != '-')
            return take_argument(word);
        // "-9" is no option, and nothing behind it is one.
        if (word[1] != '-' && !is_letter(word[1])) {
            options_ended_ = true;
            return take_argument(word);
        }
        return take_option(word);
    }

    Result<> take_argument(std::string_view word) {
        if (command_ == nullptr) {
            if (!invocation_.help && (word == "help" || word == "h")) {  // `unitc help run`
                invocation_.help = true;
                return {};
            }
            command_ = find_command(word);
            if (command_ == nullptr && is_unsupported(word))
                return fail("'" + std::string{word} + "' is not supported yet");
            if (command_ == nullptr)
                return fail("No help topic for '" + text::printable(word) + "'");
            options_ended_ = false;
            return {};
        }
        invocation_.arguments.emplace_back(word);
        if (command_->options_end_at_argument)
            options_ended_ = true;
        return {};
    }

    Result<> take_option(std::string_view word) {
        std::string_view name = word.substr(word[1] == '-' ? 2 : 1);
        const size_t equals = name.find('=');
        const bool joined = equals != std::string_view::npos;
        std::string_view value = joined ? name.substr(equals + 1) : std::string_view{};
        name = name.substr(0, equals);
        const Option* option = find(name);
        if (option == nullptr)
            return fail("flag provided but not defined: -" + text::printable(name));
        if (option->value_name == nullptr) {
            if (value.empty())
                value = "true";
        } else if (!joined) {
            if (words_.empty())
                return fail("flag needs an argument: " + std::string{word});
            value = next();
        }
        const Result<> applied = option->apply(invocation_, value);
        if (!applied)
            return fail("option --" + std::string{option->name} + " '" + text::printable(value) +
                        "': " + applied.error().message);
        return {};
    }

    const Option* find(std::string_view name) const {
        const Option* option = find_option(command_ ? command_->options : kRootOptions, name);
        return option != nullptr ? option : find_option(kGlobalOptions, name);
    }

    std::string_view next() {
        const std::string_view word = words_.front();
        words_ = words_.subspan(1);
        return word;
    }

    std::span<const char* const> words_;
    Invocation& invocation_;
    const Command* command_ = nullptr;
    bool options_ended_ = false;
};

}  // namespace

Result<const Command*> parse(std::span<const char* const> words, Invocation& invocation) {
    return Parser{words, invocation}.run();
}

Result<> check_arguments(const Command& command, const Invocation& invocation) {
    const size_t count = invocation.arguments.size();
    const auto wrong = [&](std::string_view rule, size_t number) {
        return fail("\"" + std::string{command.name} + "\" requires " + std::string{rule} + " " +
                    std::to_string(number) + " argument(s)");
    };
    if (command.least == command.most && count != command.least)
        return wrong("exactly", command.least);
    if (count < command.least)
        return wrong("a minimum of", command.least);
    if (count > command.most)
        return wrong("a maximum of", command.most);
    return {};
}

}  // namespace unitc::cli
