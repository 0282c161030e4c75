/* What both C programs of the bench need of RFC 6455: frame headers, and sending all of a buffer. */
#ifndef WIRE_H
#define WIRE_H

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static inline double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* A complete frame at p of n bytes: its opcode, payload and total length; 0 when more bytes are needed. */
static inline size_t frame_at(unsigned char *p, size_t n, int *opcode, char **payload, size_t *length) {
    if (n < 2) return 0;
    size_t head = 2, size = p[1] & 127, masked = p[1] >> 7;
    if (size == 126) {
        if (n < 4) return 0;
        size = (size_t)p[2] << 8 | p[3], head = 4;
    } else if (size == 127) {
        if (n < 10) return 0;
        size = 0, head = 10;
        for (int i = 2; i < 10; i++) size = size << 8 | p[i];
    }
    unsigned char *mask = p + head;
    head += masked ? 4 : 0;
    if (n < head + size) return 0;
    if (masked)
        for (size_t i = 0; i < size; i++) p[head + i] ^= mask[i & 3];
    *opcode = p[0] & 15, *payload = (char *)p + head, *length = size;
    return head + size;
}

/* Write a text frame into out (length + 14 bytes); masked with a fixed non-zero key when mask is set. */
static inline size_t make_frame(unsigned char *out, const char *text, size_t length, int mask) {
    static const unsigned char key[4] = {0x5a, 0x17, 0xc3, 0x8e};
    size_t head = 2;
    out[0] = 0x81;
    if (length < 126) {
        out[1] = (unsigned char)length;
    } else if (length < 65536) {
        out[1] = 126, out[2] = (unsigned char)(length >> 8), out[3] = (unsigned char)length, head = 4;
    } else {
        out[1] = 127, head = 10;
        for (int i = 0; i < 8; i++) out[2 + i] = (unsigned char)((uint64_t)length >> (56 - 8 * i));
    }
    if (!mask) {
        memcpy(out + head, text, length);
        return head + length;
    }
    out[1] |= 128;
    memcpy(out + head, key, 4), head += 4;
    for (size_t i = 0; i < length; i++) out[head + i] = (unsigned char)text[i] ^ key[i & 3];
    return head + length;
}

/* Send all of it, waiting up to five seconds for room; 0, or -1 when the peer is gone or stuck. */
static inline int send_all(int fd, const void *data, size_t length) {
    const char *p = data;
    while (length) {
        ssize_t sent = send(fd, p, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            if (errno == EINTR || (errno == EAGAIN && poll(&wait, 1, 5000) > 0)) continue;
            return -1;
        }
        p += sent, length -= (size_t)sent;
    }
    return 0;
}

#endif
