// SPDX-License-Identifier: Apache-2.0
// Speaks to $NOTIFY_SOCKET as its arguments say, one after the other: the program of a container, and
// what an honest or a hostile one would send. It says what it did on standard output.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int channel = -1;

static int open_channel(const char* name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, name, sizeof address.sun_path - 1);
    if (connect(made, (struct sockaddr*)&address, sizeof address) < 0) {
        printf("connect %s: %s\n", name, strerror(errno));
        return -1;
    }
    return made;
}

static void send_with(const char* bytes, size_t size, const int* fds, int count) {
    static char control[CMSG_SPACE(253 * sizeof(int))];
    struct iovec data = {(char*)bytes, size};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr* part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(part), fds, (size_t)count * sizeof(int));
    }
    if (sendmsg(channel, &message, MSG_NOSIGNAL) < 0)
        printf("sendmsg: %s\n", strerror(errno));
}

static void say(const char* text) { send_with(text, strlen(text), NULL, 0); }

// The descriptor is closed by whoever has read all that was sent before.
static void barrier(int milliseconds) {
    int ends_of_pipe[2];
    if (pipe(ends_of_pipe) < 0)
        return;
    send_with("BARRIER=1", 9, &ends_of_pipe[1], 1);
    close(ends_of_pipe[1]);
    struct pollfd end = {ends_of_pipe[0], POLLIN, 0};
    puts(poll(&end, 1, milliseconds) == 1 ? "barrier met" : "barrier not met");
    close(ends_of_pipe[0]);
}

static void send_many(int count, const char* text) {
    int fds[253];
    const int null = open("/dev/null", O_RDONLY);
    for (int i = 0; i < count && i < 253; i++)
        fds[i] = null;
    send_with(text, strlen(text), fds, count);
    close(null);
}

static void store(char* name) {
    char* content = strchr(name, '=');
    *content++ = '\0';
    const int file = (int)syscall(SYS_memfd_create, name, 0);
    char text[300];
    const int size = snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%s", name);
    if (file >= 0 && write(file, content, strlen(content)) > 0)
        send_with(text, (size_t)size, &file, 1);
    close(file);
}

static void show_passed(void) {
    const char* count = getenv("LISTEN_FDS");
    const char* names = getenv("LISTEN_FDNAMES");
    printf("passed %s named %s\n", count ? count : "0", names ? names : "-");
    for (int fd = 3; count && fd < 3 + atoi(count); fd++) {
        char content[100] = "";
        const ssize_t size = pread(fd, content, sizeof content - 1, 0);
        printf("fd %d holds '%.*s'\n", fd, size > 0 ? (int)size : 0, content);
    }
}

static void reload(void) {
    struct timespec now;
    char text[100];
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", now.tv_sec * 1000000LL + now.tv_nsec / 1000);
    say(text);
}

// Blocked all the time: one that comes early is not lost.
static void await(int signal) {
    sigset_t awaited;
    int got;
    sigemptyset(&awaited);
    sigaddset(&awaited, signal);
    sigwait(&awaited, &got);
}

static void act(char* word) {
    char* value = strchr(word, ':');
    if (value)
        *value++ = '\0';
    const int number = value ? atoi(value) : 0;
    char text[100];
    if (!strcmp(word, "say"))
        say(value);
    else if (!strcmp(word, "zero"))
        send_with(value, strlen(value) + (size_t)1, NULL, 0);
    else if (!strcmp(word, "zeros"))
        send_with("READY=1\0STATUS=x\0", 17, NULL, 0);
    else if (!strcmp(word, "empty"))
        send_with("", 0, NULL, 0);
    else if (!strcmp(word, "bytes")) {
        char* many = calloc(1, (size_t)number + 1);
        memset(many, 'A', (size_t)number);
        memcpy(many, "STATUS=", 7);
        send_with(many, (size_t)number, NULL, 0);
        free(many);
    } else if (!strcmp(word, "many"))
        send_many(number, strchr(value, ':') + 1);
    else if (!strcmp(word, "flood"))
        for (int i = 1; i <= number; i++) {
            snprintf(text, sizeof text, "STATUS=flood %d", i);
            say(text);
        }
    else if (!strcmp(word, "barrier"))
        barrier(number);
    else if (!strcmp(word, "barriers"))
        for (int i = 0; i < number; i++)
            send_many(1, "BARRIER=1");
    else if (!strcmp(word, "store"))
        store(value);
    else if (!strcmp(word, "passed"))
        show_passed();
    else if (!strcmp(word, "mainpid")) {
        snprintf(text, sizeof text, "MAINPID=%d", getpid());
        say(text);
    } else if (!strcmp(word, "pidfd")) {
        const int own = (int)syscall(SYS_pidfd_open, getpid(), 0);
        send_with("MAINPIDFD=1", 11, &own, 1);
    } else if (!strcmp(word, "reload"))
        reload();
    else if (!strcmp(word, "hup"))
        await(SIGHUP);
    else if (!strcmp(word, "term"))
        await(SIGTERM);
    else if (!strcmp(word, "fork")) {
        if (fork() != 0) {
            await(SIGTERM);
            exit(0);
        }
    } else if (!strcmp(word, "to")) {
        close(channel);
        channel = open_channel(value);
    } else if (!strcmp(word, "env"))
        printf("%s=%s\n", value, getenv(value) ? getenv(value) : "(unset)");
    else if (!strcmp(word, "sleep"))
        usleep((useconds_t)number * 1000);
    else if (!strcmp(word, "exit"))
        exit(number);
    else
        printf("unknown word %s\n", word);
    fflush(stdout);
}

int main(int count, char** words) {
    const char* name = getenv("NOTIFY_SOCKET");
    sigset_t later;
    sigemptyset(&later);
    sigaddset(&later, SIGHUP);
    sigaddset(&later, SIGTERM);
    sigprocmask(SIG_BLOCK, &later, NULL);
    if (name)
        channel = open_channel(name);
    for (int i = 1; i < count; i++)
        act(words[i]);
    await(SIGTERM);
    return 0;
}
