// SPDX-License-Identifier: Apache-2.0
// Makes one system call with the arguments given and prints `ret errno`; what busybox cannot ask of
// the kernel, the tests ask with this. An argument is a number, `s:text` (a pointer to the text) or
// `b:size` (a pointer to that many zero bytes). `probe hold` waits for a signal instead.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long argument(const char* text) {
    if (strncmp(text, "s:", 2) == 0)
        return (long)(text + 2);
    if (strncmp(text, "b:", 2) == 0)
        return (long)calloc(1, strtoul(text + 2, NULL, 0));
    return (long)strtoull(text, NULL, 0);
}

int main(int count, char** words) {
    if (count == 2 && strcmp(words[1], "hold") == 0) {
        puts("holding");
        fflush(stdout);
        for (;;)
            pause();
    }
    if (count < 2)
        return 2;
    long a[7] = {0};
    for (int i = 1; i < count && i <= 7; i++)
        a[i - 1] = argument(words[i]);
    errno = 0;
    const long ret = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
    printf("%ld %d\n", ret, errno);
    return 0;
}
