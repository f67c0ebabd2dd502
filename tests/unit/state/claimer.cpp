// SPDX-License-Identifier: Apache-2.0
// Claims an id ("claim ROOT ID"), or finds it and removes it ("remove ROOT
// ID"), says how that went on standard output, and keeps what it has until
// standard input ends.
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "state/store.hpp"

namespace {

using namespace unitc;

void say(const char* text) {
    std::puts(text);
    std::fflush(stdout);
}

void until_input_ends() {
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0)
        continue;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    auto store = state::Store::open(argv[2], state::Store::Make::Yes);
    const auto id = ContainerId::parse(argv[3]);
    if (!store || !id)
        return 2;
    auto entry = std::strcmp(argv[1], "claim") == 0 ? store->claim(*id)
                                                    : store->find(*id, Deadline::in_ms(10'000));
    if (!entry) {
        say(entry.error().message.c_str());
        return 1;
    }
    if (std::strcmp(argv[1], "remove") == 0) {
        const auto removed = entry->remove();
        say(removed ? "removed" : removed.error().message.c_str());
        return 0;
    }
    say("claimed");
    until_input_ends();
    return 0;
}
