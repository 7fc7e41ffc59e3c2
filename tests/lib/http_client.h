/* A client that sends exactly the bytes it is told to: for tests of the HTTP side. */
#ifndef ACCORD_TESTS_HTTP_CLIENT_H
#define ACCORD_TESTS_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"

struct answer {
    int status; /* 0 = the connection ended without an answer */
    char *text; /* all of it */
    char *body; /* within text */
};

__attribute__((unused)) static void answer_free(struct answer *answer)
{
    free(answer->text);
    *answer = (struct answer){0};
}
#define answer_auto_t CLEANUP(answer_free) struct answer

__attribute__((unused)) static int client_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

/* The other side may answer and close before it has read everything. */
__attribute__((unused)) static void client_send(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

/* Reads to the end of the connection. */
__attribute__((unused)) static struct answer client_receive(int fd)
{
    struct answer answer = {0};
    size_t size = 0, room = 0;
    for (;;) {
        if (size + 65536 > room) {
            room = (size + 65536) * 2;
            answer.text = realloc(answer.text, room);
        }
        ssize_t got = recv(fd, answer.text + size, room - size - 1, 0);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    close(fd);
    answer.text[size] = '\0';
    answer.body = strstr(answer.text, "\r\n\r\n");
    answer.body = answer.body ? answer.body + 4 : answer.text + size;
    if (sscanf(answer.text, "HTTP/1.1 %d", &answer.status) != 1)
        answer.status = 0;
    return answer;
}

/* Sends a whole request of the caller's making, which should ask for Connection: close. */
__attribute__((unused)) static struct answer client_ask(int port, const char *bytes)
{
    int fd = client_connect(port);
    client_send(fd, bytes, strlen(bytes));
    return client_receive(fd);
}

/* A header's value, "" when absent; valid until the next call on this thread. */
__attribute__((unused)) static const char *answer_get(const struct answer *answer, const char *name)
{
    static _Thread_local char value[4096];
    size_t length = strlen(name);
    for (const char *line = strstr(answer->text, "\r\n"); line && line + 2 < answer->body;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':')
            continue;
        const char *start = line + 3 + length;
        start += strspn(start, " ");
        snprintf(value, sizeof value, "%.*s", (int)strcspn(start, "\r"), start);
        return value;
    }
    return "";
}

/* The JSON body; the caller frees it. */
__attribute__((unused)) static json_t *answer_json(const struct answer *answer)
{
    json_error_t error;
    json_t *document = json_loads(answer->body, JSON_REJECT_DUPLICATES, &error);
    if (!document)
        fail_msg("%s in: %s", error.text, answer->text);
    return document;
}

__attribute__((unused)) static void answer_expect(const struct answer *answer, int status,
                                                  const char *code)
{
    if (answer->status != status)
        fail_msg("status %d instead of %d:\n%s", answer->status, status, answer->text);
    if (!code)
        return;
    json_auto_t *document = answer_json(answer);
    assert_string_equal(json_string_value(json_object_get(document, "code")), code);
    assert_string_equal(answer_get(answer, "Content-Type"), "application/problem+json");
    /* A stored answer names the request that it was given to. */
    if (!*answer_get(answer, "Idempotent-Replayed"))
        assert_string_equal(json_string_value(json_object_get(document, "requestId")),
                            answer_get(answer, "X-Request-ID"));
}

#endif
