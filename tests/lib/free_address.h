/* An address on loopback that nobody listens on right now. */
#ifndef ACCORD_TESTS_LIB_FREE_ADDRESS_H
#define ACCORD_TESTS_LIB_FREE_ADDRESS_H

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void free_address(char ret_address[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    bool is_bound = bind(probe, (struct sockaddr *)&address, size) == 0 &&
                    getsockname(probe, (struct sockaddr *)&address, &size) == 0;
    assert(is_bound);
    close(probe);
    snprintf(ret_address, 64, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
}

#endif
