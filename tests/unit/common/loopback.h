/* An http server on 127.0.0.1 within a test: it answers what the test says, counts what it was
 * asked, and can hold an answer back until the test lets it go. */
#ifndef ACCORD_TESTS_LOOPBACK_H
#define ACCORD_TESTS_LOOPBACK_H

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct loopback {
    int listener;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_ending;
    bool is_holding; /* answers wait */
    int requests;
    const char *status; /* "200 OK" */
    const char *extra;  /* header lines, each with \r\n */
    char *body;
    size_t body_size;
    char *next_body; /* takes the place of `body` once that was sent */
};

static inline void loopback_answer(struct loopback *server, const char *status, const char *extra,
                                   const char *body, size_t size)
{
    pthread_mutex_lock(&server->lock);
    server->status = status;
    server->extra = extra;
    free(server->body);
    server->body = malloc(size + 1);
    assert(server->body != NULL);
    memcpy(server->body, body, size);
    server->body_size = size;
    pthread_mutex_unlock(&server->lock);
}

/* What is answered after the next answer. */
static inline void loopback_then(struct loopback *server, const char *body)
{
    pthread_mutex_lock(&server->lock);
    free(server->next_body);
    server->next_body = strdup(body);
    pthread_mutex_unlock(&server->lock);
}

static inline void loopback_hold(struct loopback *server, bool is_holding)
{
    pthread_mutex_lock(&server->lock);
    server->is_holding = is_holding;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static inline int loopback_requests(struct loopback *server)
{
    pthread_mutex_lock(&server->lock);
    int requests = server->requests;
    pthread_mutex_unlock(&server->lock);
    return requests;
}

static inline void loopback_await(struct loopback *server, int requests)
{
    pthread_mutex_lock(&server->lock);
    while (server->requests < requests) {
        pthread_cond_wait(&server->changed, &server->lock);
    }
    pthread_mutex_unlock(&server->lock);
}

static inline void loopback_serve(struct loopback *server, int client)
{
    char request[4096];
    size_t size = 0;
    ssize_t received;
    do {
        received = recv(client, request + size, sizeof request - 1 - size, 0);
        size += received > 0 ? (size_t)received : 0;
        request[size] = '\0';
    } while (received > 0 && strstr(request, "\r\n\r\n") == NULL);
    if (received <= 0) {
        return;
    }
    pthread_mutex_lock(&server->lock);
    server->requests++;
    pthread_cond_broadcast(&server->changed);
    while (server->is_holding && !server->is_ending) {
        pthread_cond_wait(&server->changed, &server->lock);
    }
    char head[512];
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
                          server->status, server->extra, server->body_size);
    send(client, head, (size_t)length, MSG_NOSIGNAL);
    send(client, server->body, server->body_size, MSG_NOSIGNAL);
    if (server->next_body != NULL) {
        free(server->body);
        server->body = server->next_body;
        server->body_size = strlen(server->body);
        server->next_body = NULL;
    }
    pthread_mutex_unlock(&server->lock);
}

static inline void *loopback_run(void *context)
{
    struct loopback *server = context;
    for (;;) {
        int client = accept(server->listener, NULL, NULL);
        if (client < 0) {
            return NULL;
        }
        loopback_serve(server, client);
        close(client);
    }
}

static inline struct loopback *loopback_start(void)
{
    struct loopback *server = calloc(1, sizeof *server);
    assert(server != NULL);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    loopback_answer(server, "404 Not Found", "", "", 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(server->listener >= 0);
    assert(bind(server->listener, (struct sockaddr *)&address, size) == 0);
    assert(listen(server->listener, 64) == 0);
    assert(getsockname(server->listener, (struct sockaddr *)&address, &size) == 0);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d/keys", ntohs(address.sin_port));
    assert(pthread_create(&server->thread, NULL, loopback_run, server) == 0);
    return server;
}

static inline void loopback_stop(struct loopback *server)
{
    pthread_mutex_lock(&server->lock);
    server->is_ending = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    free(server->body);
    free(server->next_body);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->changed);
    free(server);
}

#endif
