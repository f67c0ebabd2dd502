// SPDX-License-Identifier: Apache-2.0
#include "systemd/message.hpp"

#include <iterator>
#include <variant>

namespace unitc::systemd {
namespace {

// Writes a property's value, without its variant.
struct Append {
    sd_bus_message* to;
    Status& status;

    void basic(char type, const void* value) const {
        status << g_sd.message_append_basic(to, type, value);
    }
    void open(char type, const char* contents) const {
        status << g_sd.message_open_container(to, type, contents);
    }
    void close() const { status << g_sd.message_close_container(to); }

    void operator()(bool value) const {
        const int wide = value ? 1 : 0;  // sd-bus reads an int
        basic('b', &wide);
    }
    void operator()(int32_t value) const { basic('i', &value); }
    void operator()(uint32_t value) const { basic('u', &value); }
    void operator()(uint64_t value) const { basic('t', &value); }
    void operator()(int64_t value) const { basic('x', &value); }
    void operator()(const std::string& value) const { basic('s', value.c_str()); }
    void operator()(const unit::Bytes& value) const {
        status << g_sd.message_append_array(to, 'y', value.data(), value.size());
    }
    void operator()(const unit::Strings& value) const {
        open('a', "s");
        for (const std::string& item : value)
            (*this)(item);
        close();
    }
    void operator()(const unit::StringPairs& value) const {
        open('a', "(ss)");
        for (const auto& [first, second] : value) {
            open('r', "ss");
            (*this)(first);
            (*this)(second);
            close();
        }
        close();
    }
    void operator()(const unit::StringNumbers& value) const {
        open('a', "(st)");
        for (const auto& [first, second] : value) {
            open('r', "st");
            (*this)(first);
            (*this)(second);
            close();
        }
        close();
    }
    void operator()(unit::Pidfd value) const {
        open('a', "h");
        basic('h', &value.fd);  // sd-bus duplicates it
        close();
    }
    void operator()(unit::Pid value) const {
        open('a', "u");
        (*this)(value.pid);
        close();
    }
    void operator()(unit::Descriptor value) const { basic('h', &value.fd); }
    void operator()(const unit::Command& value) const {
        open('a', "(sasb)");
        open('r', "sasb");
        (*this)(value.path);
        (*this)(value.argv);
        (*this)(false);
        close();
        close();
    }
    void operator()(const unit::ByteStrings& value) const {
        open('a', "ay");
        for (const std::string& item : value.texts)
            (*this)(unit::Bytes{item.begin(), item.end()});
        close();
    }
};

constexpr const char* kSignatures[] = {"b",     "i",     "u",  "t",  "x", "s",       "ay", "as",
                                       "a(ss)", "a(st)", "ah", "au", "h", "a(sasb)", "aay"};
static_assert(std::size(kSignatures) == std::variant_size_v<unit::Value>);

}  // namespace

void append_property(sd_bus_message* message, const unit::Property& property, Status& status) {
    const Append append{message, status};
    append.open('r', "sv");
    append(property.name);
    append.open('v', kSignatures[property.value.index()]);
    std::visit(append, property.value);
    append.close();
    append.close();
}

}  // namespace unitc::systemd
