/* The floor of the live bench: the least a server can do. `floor PORT`.

   One thread, epoll, one send() per delivery, nothing checked, no limits, no pings, no slow readers. It
   speaks just enough Socket.IO for the generator: OPEN, CONNECT with rooms to hear, heartbeat, ack. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wire.h"

enum { MAX_FD = 1 << 17, ROOMS = 1 << 16, BUFFER = 1 << 18, TEXT = 1 << 16, FRAME = TEXT + 64 };

typedef struct {
    char *name;
    int *members, count, space;
} Room;

typedef struct {
    char *rest; /* the beginning of a frame that has not come whole */
    size_t rest_length;
    int open, ready;
} Client;

static Room rooms[ROOMS];
static Client clients[MAX_FD];

static Room *room_of(const char *name, size_t length) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    for (uint32_t at = hash % ROOMS;; at = (at + 1) % ROOMS) {
        if (!rooms[at].name) rooms[at].name = strndup(name, length);
        if (!strncmp(rooms[at].name, name, length) && !rooms[at].name[length]) return &rooms[at];
    }
}

static void enter(Room *room, int fd) {
    if (room->count == room->space) {
        room->space = room->space ? 2 * room->space : 1;
        room->members = realloc(room->members, (size_t)room->space * sizeof(int));
    }
    room->members[room->count++] = fd;
}

static void leave(int fd) {
    close(fd);
    free(clients[fd].rest);
    clients[fd] = (Client){0}; /* rooms keep the number; the bench ends a server with its rooms */
}

static void say(int fd, const char *text, size_t length) {
    if (length > TEXT) return;
    unsigned char frame[FRAME];
    send_all(fd, frame, make_frame(frame, text, length, 0));
}

static void on_connect(int fd, char *text, size_t length) {
    char *end = text + length, saved = *end;
    *end = 0;
    char *list = strstr(text, "\"watch\":[");
    for (char *at = list ? list + 9 : end; at < end && *at == '"';) {
        char *name = at + 1, *quote = strchr(name, '"');
        enter(room_of(name, (size_t)(quote - name)), fd);
        at = quote + (quote[1] == ',' ? 2 : 1);
    }
    *end = saved;
    say(fd, "40{\"sid\":\"floor\"}", 16);
}

/* 42<id>["heartbeat",{"room":"<name>",…}]  ->  42["location_update",{…}] to the room, 43<id>[{"ok":true}] */
static void on_heartbeat(int fd, char *text, size_t length) {
    static const char prefix[] = "42[\"location_update\",";
    char out[FRAME], *bracket = memchr(text, '[', length);
    char *object = bracket ? memchr(bracket, '{', length - (size_t)(bracket - text)) : NULL;
    if (!object || memcmp(object, "{\"room\":\"", 9)) return;
    char *name = object + 9, *quote = memchr(name, '"', (size_t)(text + length - name));
    size_t size = (size_t)(text + length - object);
    if (size > TEXT - sizeof prefix) return;
    memcpy(out, prefix, sizeof prefix - 1);
    memcpy(out + sizeof prefix - 1, object, size);
    unsigned char frame[FRAME];
    size_t frame_length = make_frame(frame, out, sizeof prefix - 1 + size, 0);
    Room *room = room_of(name, (size_t)(quote - name));
    for (int i = 0; i < room->count; i++) send_all(room->members[i], frame, frame_length);
    if (bracket > text + 2) {
        int n = snprintf(out, sizeof out, "43%.*s[{\"ok\":true}]", (int)(bracket - text - 2), text + 2);
        say(fd, out, (size_t)n);
    }
}

static void on_bytes(int fd, unsigned char *data, size_t length) {
    Client *client = &clients[fd];
    if (!client->open) { /* the upgrade request comes in one piece from the generator */
        static const char hello[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                    "Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        static const char open[] = "0{\"sid\":\"floor\",\"upgrades\":[],\"pingInterval\":25000,"
                                   "\"pingTimeout\":20000,\"maxPayload\":65536}";
        client->open = 1;
        send_all(fd, hello, sizeof hello - 1);
        say(fd, open, sizeof open - 1);
        return;
    }
    int opcode;
    char *text;
    size_t size, taken;
    while ((taken = frame_at(data, length, &opcode, &text, &size))) {
        if (opcode == 1 && size > 1 && text[0] == '4' && text[1] == '0') on_connect(fd, text, size);
        if (opcode == 1 && size > 1 && text[0] == '4' && text[1] == '2') on_heartbeat(fd, text, size);
        data += taken, length -= taken;
    }
    client->rest = length ? memcpy(malloc(length), data, length) : NULL;
    client->rest_length = length;
}

int main(int count, char **words) {
    static unsigned char buffer[BUFFER];
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poller = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(count > 1 ? atoi(words[1]) : 0))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[512];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(poller, events, 512, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int fresh = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (fresh < 0 || fresh >= MAX_FD) continue;
                setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event.data.fd = fresh;
                epoll_ctl(poller, EPOLL_CTL_ADD, fresh, &event);
                continue;
            }
            size_t kept = clients[fd].rest_length;
            if (kept) memcpy(buffer, clients[fd].rest, kept), free(clients[fd].rest), clients[fd].rest = NULL;
            clients[fd].rest_length = 0;
            ssize_t got = recv(fd, buffer + kept, BUFFER - kept, 0);
            if (got <= 0) leave(fd);
            else on_bytes(fd, buffer, kept + (size_t)got);
        }
    }
}
