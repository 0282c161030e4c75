/* The load generator of the live bench: thousands of Socket.IO clients on one thread and one epoll.

   stdin gives the plan, a line per socket, then commands; every command is answered by one line of JSON.
       socket <TAB> port <TAB> small 0|1 <TAB> source <TAB> auth JSON <TAB> event sent after CONNECT, or empty
       open <TAB> per second
       beat <TAB> first socket <TAB> sockets <TAB> per second <TAB> seconds <TAB> ack 0|1 <TAB> deliveries each
            <TAB> relay|product <TAB> room, with %d for the source
       stall <TAB> socket        stop reading it
       gone <TAB> first <TAB> sockets    reset these connections at once
   Every delivery is counted, and for each watcher and source checked to be newer than the one before.
   `relay` heartbeats carry the source and a count (`"s":1,"n":2`); `product` ones are the product's own,
   whose `seq` is the time they were recorded at. Pings are answered all the time. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wire.h"

enum { MOST = 1 << 16, BUFFER = 1 << 23, SAMPLES = 1 << 20, AT_ONCE = 64, LINE = 1 << 13 };
enum { NEW, UPGRADING, CONNECTING, ENTERING, READY, LOST };

typedef struct {
    int fd, port, small, source, stage;
    char *auth, *setup, *rest;
    size_t rest_length;
    int last_source;
    long long last_n, *seen; /* seen: per source, once there is a second one */
} Socket;

typedef struct {
    long long n, ack;
    double sent_us;
} Source;

static Socket sockets[MOST];
static Source sources[MOST];
static int count, in_flight, ready, lost, poller;
static long long deliveries, disorder, acks, refused;
static float screen_ms[SAMPLES], ack_ms[SAMPLES], late_ms[SAMPLES];
static int screens, ack_count, lates;
static char why[200];
static double progress_us;

static void keep(float *samples, int *kept, double us) {
    if (*kept < SAMPLES) samples[(*kept)++] = (float)(us / 1e3);
}

static void lose(Socket *s, const char *reason) {
    if (s->stage == LOST) return;
    if (s->stage != READY) in_flight--;
    else ready--;
    s->stage = LOST, lost++;
    if (!why[0]) snprintf(why, sizeof why, "%.150s", reason);
    for (char *c = why; *c; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < 32) *c = ' ';
    close(s->fd);
}

static void say(Socket *s, const char *text, size_t length) {
    unsigned char frame[LINE + 64];
    if (send_all(s->fd, frame, make_frame(frame, text, length, 1))) lose(s, "could not send");
}

static void become_ready(Socket *s) { s->stage = READY, ready++, in_flight--; }

static void delivered(Socket *s, int source, long long n) {
    long long *last = &s->last_n;
    if (s->last_source < 0) s->last_source = source;
    if (s->last_source != source && !s->seen) s->seen = calloc(MOST, sizeof *s->seen);
    if (s->last_source != source) last = &s->seen[source];
    if (n <= *last) disorder++;
    *last = n, deliveries++;
    if (sources[source].n == n) keep(screen_ms, &screens, now_us() - sources[source].sent_us);
}

static void on_event(Socket *s, char *text, size_t length) {
    char *end = text + length, saved = *end, *at = text;
    *end = 0;
    int relayed = 0;
    while ((at = strstr(at, ",\"s\":"))) {
        int source = (int)strtol(at + 5, &at, 10);
        if (!strncmp(at, ",\"n\":", 5) && source >= 0 && source < MOST) delivered(s, source, strtoll(at + 5, &at, 10)), relayed = 1;
    }
    if (!relayed && !strncmp(text, "42[\"location_update\"", 20) && (at = strstr(text, "\"seq\":")))
        delivered(s, s->source, strtoll(at + 6, NULL, 10));
    *end = saved;
}

static void on_ack(Socket *s, char *text, size_t length) {
    long long id = strtoll(text + 2, NULL, 10);
    int fine = memmem(text, length, "\"ok\":true", 9) != NULL;
    if (s->stage == ENTERING) {
        if (fine) become_ready(s);
        else lose(s, text);
        return;
    }
    acks++;
    if (!fine) {
        refused++;
        if (!why[0]) snprintf(why, sizeof why, "%.*s", (int)(length < 150 ? length : 150), text);
    }
    if (sources[s->source].ack == id) keep(ack_ms, &ack_count, now_us() - sources[s->source].sent_us);
}

static void on_text(Socket *s, char *text, size_t length) {
    char line[LINE];
    if (text[0] == '2') say(s, "3", 1);
    else if (text[0] == '0') say(s, line, (size_t)snprintf(line, sizeof line, "40%s", s->auth));
    else if (length < 2 || text[0] != '4') return;
    else if (text[1] == '2') on_event(s, text, length);
    else if (text[1] == '3') on_ack(s, text, length);
    else if (text[1] == '4') lose(s, text);
    else if (text[1] == '0' && !s->setup[0]) become_ready(s);
    else if (text[1] == '0') s->stage = ENTERING, say(s, s->setup, strlen(s->setup));
}

static void on_readable(Socket *s) {
    static unsigned char buffer[BUFFER + 1];
    static const unsigned char pong[6] = {0x8a, 0x80};
    size_t have = s->rest_length;
    if (have) memcpy(buffer, s->rest, have), free(s->rest), s->rest = NULL, s->rest_length = 0;
    ssize_t got = recv(s->fd, buffer + have, BUFFER - have, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) got = 0;
    else if (got <= 0) return lose(s, "the server closed the connection");
    progress_us = now_us();
    unsigned char *at = buffer;
    have += (size_t)got;
    if (s->stage == UPGRADING) {
        unsigned char *end = memmem(at, have, "\r\n\r\n", 4);
        if (end && memcmp(at, "HTTP/1.1 101", 12)) return *end = 0, lose(s, (char *)at);
        if (end) have -= (size_t)(end + 4 - at), at = end + 4, s->stage = CONNECTING;
    }
    int opcode;
    char *text;
    size_t size, taken;
    while (s->stage > UPGRADING && s->stage < LOST && (taken = frame_at(at, have, &opcode, &text, &size))) {
        if (opcode == 1 && size) on_text(s, text, size);
        if (opcode == 9) send_all(s->fd, pong, sizeof pong);
        if (opcode == 8) return lose(s, size > 2 ? (text[size] = 0, text + 2) : "closed without a reason");
        at += taken, have -= taken;
    }
    if (have && s->stage < LOST) s->rest = memcpy(malloc(have), at, have), s->rest_length = have;
}

/* Handle what came, waiting timeout ms at most; true when a command waits on stdin. */
static int pump(int timeout) {
    struct epoll_event events[512];
    int command = 0, n = epoll_wait(poller, events, 512, timeout);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 == UINT32_MAX) command = 1;
        else if (sockets[events[i].data.u32].stage < LOST) on_readable(&sockets[events[i].data.u32]);
    }
    return command;
}

static void dial(Socket *s) {
    static const char upgrade[] =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1, little = 4096;
    s->fd = socket(AF_INET, SOCK_STREAM, 0), s->stage = UPGRADING, in_flight++;
    if (s->small) setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(s->fd, (struct sockaddr *)&address, sizeof address)) return lose(s, strerror(errno));
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(s - sockets)};
    epoll_ctl(poller, EPOLL_CTL_ADD, s->fd, &event);
    send_all(s->fd, upgrade, sizeof upgrade - 1);
}

static void open_all(double per_second) {
    double start = now_us();
    int next = 0, fresh = 0;
    while (next < count && sockets[next].stage != NEW) next++;
    progress_us = start;
    while ((next < count || in_flight) && now_us() - progress_us < 15e6) {
        while (next < count && in_flight < AT_ONCE && fresh < (now_us() - start) / 1e6 * per_second + 1)
            dial(&sockets[next++]), fresh++;
        pump(1);
    }
    printf("{\"event\":\"open\",\"ready\":%d,\"lost\":%d,\"opened\":%d,\"took_s\":%.3f,\"why\":\"%s\"}\n", ready, lost, fresh,
           (now_us() - start) / 1e6, why);
}

static void beat(Socket *s, int product, int ack, const char *room_format) {
    static double born;
    static long long ids;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    Source *source = &sources[s->source];
    long long at_ms = t.tv_sec * 1000LL + t.tv_nsec / 1000000;
    char line[LINE], room[100], id[30] = "";
    if (!born) born = now_us();
    if (ack) snprintf(id, sizeof id, "%lld", source->ack = ++ids);
    source->n = product ? (at_ms > source->n ? at_ms : source->n + 1) : source->n + 1;
    source->sent_us = now_us();
    int length;
    if (product) {
        length = snprintf(line, sizeof line,
                          "42%s[\"heartbeat\",{\"lat\":%.6f,\"lng\":-2.99,\"accuracy\":8,\"heading\":0,\"speed\":10,"
                          "\"recorded_at\":%lld,\"seq\":%lld,\"session\":\"bench\"}]",
                          id, 53.4 + (source->sent_us - born) / 1e6 * 9e-5, source->n, source->n);
    } else {
        snprintf(room, sizeof room, room_format, s->source);
        length = snprintf(line, sizeof line,
                          "42%s[\"heartbeat\",{\"room\":\"%s\",\"job_id\":\"00000000-0000-4000-8000-%012d\",\"lat\":%.6f,"
                          "\"lng\":-0.12345,\"accuracy\":5,\"heading\":90,\"speed\":8.5,\"recorded_at\":%lld,\"s\":%d,\"n\":%lld}]",
                          id, room, s->source, 51.46 + s->source % 40 * 0.002, at_ms, s->source, source->n);
    }
    say(s, line, (size_t)length);
}

static int ascending(const void *a, const void *b) { return (*(float *)a > *(float *)b) - (*(float *)a < *(float *)b); }

static void tell_ms(const char *name, float *samples, int kept) {
    qsort(samples, (size_t)kept, sizeof *samples, ascending);
    float p50 = kept ? samples[kept / 2] : -1, p99 = kept ? samples[(long long)kept * 99 / 100] : -1;
    printf(",\"%s_p50\":%.3f,\"%s_p99\":%.3f,\"%s_max\":%.3f", name, p50, name, p99, name, kept ? samples[kept - 1] : -1);
}

static void beat_for(int first, int many, double rate, double seconds, int ack, int each, int product, const char *room) {
    long long sent = 0, total = (long long)(rate * seconds);
    deliveries = disorder = acks = refused = 0, screens = ack_count = lates = 0, why[0] = 0;
    double start = now_us();
    while (sent < total) {
        while (sent < total && sent <= (now_us() - start) / 1e6 * rate) {
            keep(late_ms, &lates, now_us() - start - sent / rate * 1e6);
            Socket *s = &sockets[first + sent++ % many];
            if (s->stage == READY) beat(s, product, ack, room);
        }
        pump(1);
    }
    double took = (now_us() - start) / 1e6;
    progress_us = now_us();
    while ((deliveries < sent * each || (ack && acks < sent)) && now_us() - progress_us < 2.5e6) pump(1);
    printf("{\"event\":\"beat\",\"sent\":%lld,\"acked\":%lld,\"refused\":%lld,\"expected\":%lld,\"delivered\":%lld,"
           "\"disorder\":%lld,\"lost\":%d,\"took_s\":%.3f",
           sent, acks, refused, sent * each, deliveries, disorder, lost, took);
    tell_ms("screen", screen_ms, screens), tell_ms("ack", ack_ms, ack_count), tell_ms("late", late_ms, lates);
    printf(",\"why\":\"");
    for (char *c = why; *c; c++) putchar(*c == '"' || *c == '\\' ? '\'' : *c);
    printf("\"}\n");
}

static void gone(int first, int many) {
    struct linger at_once = {1, 0};
    for (int i = first; i < first + many && i < count; i++)
        if (sockets[i].stage != NEW && sockets[i].stage != LOST)
            setsockopt(sockets[i].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), lose(&sockets[i], "gone");
    printf("{\"event\":\"gone\",\"lost\":%d}\n", lost);
}

static void obey(char *line) {
    char *word[9] = {0};
    for (int i = 0; i < 9 && line; i++) word[i] = strsep(&line, "\t\n");
    if (!strcmp(word[0], "socket") && count < MOST) {
        sockets[count++] = (Socket){.port = atoi(word[1]), .small = atoi(word[2]), .source = atoi(word[3]),
                                    .auth = strdup(word[4]), .setup = strdup(word[5]), .last_source = -1};
        return;
    }
    if (!strcmp(word[0], "open")) open_all(atof(word[1]));
    else if (!strcmp(word[0], "beat"))
        beat_for(atoi(word[1]), atoi(word[2]), atof(word[3]), atof(word[4]), atoi(word[5]), atoi(word[6]),
                 word[7][0] == 'p', word[8]);
    else if (!strcmp(word[0], "stall")) {
        epoll_ctl(poller, EPOLL_CTL_DEL, sockets[atoi(word[1])].fd, NULL);
        printf("{\"event\":\"stall\"}\n");
    } else if (!strcmp(word[0], "gone")) gone(atoi(word[1]), atoi(word[2]));
    fflush(stdout);
}

int main(void) {
    static char input[1 << 22];
    size_t have = 0;
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    for (;;) {
        if (!pump(-1)) continue;
        ssize_t got = read(0, input + have, sizeof input - 1 - have);
        if (got <= 0) return 0;
        have += (size_t)got;
        char *start = input, *end;
        while ((end = memchr(start, '\n', have - (size_t)(start - input)))) {
            *end = 0;
            obey(start);
            start = end + 1;
        }
        have -= (size_t)(start - input);
        memmove(input, start, have);
    }
}
