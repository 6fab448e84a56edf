/* The UDP reference: a bare recvmmsg/sendmmsg loop that answers every datagram with N bytes.
 *
 *   echo PORT BYTES     PORT 0 = choose; the port is printed on stdout once datagrams are answered.
 *
 * An answer is the datagram itself, cut or padded to BYTES, so that an id in it comes back. Nothing is looked up,
 * counted or written down: this is what the kernel alone costs, with batches of 64 as the engine takes them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, DATAGRAM = 2048 };

static char buffers[BATCH][DATAGRAM];
static struct iovec vectors[BATCH];
static struct sockaddr_in peers[BATCH];
static struct mmsghdr messages[BATCH];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on(int port) {
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0) fail("socket");
    int bytes = 32 * 1024 * 1024; /* The engine asks for as much; the kernel grants both what it allows. */
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(descriptor, (struct sockaddr *)&address, length) < 0) fail("bind");
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return descriptor;
}

int main(int count, char **words) {
    if (count != 3) {
        fprintf(stderr, "usage: echo PORT BYTES\n");
        return 2;
    }
    size_t answer_bytes = strtoul(words[2], NULL, 10);
    if (answer_bytes == 0 || answer_bytes > DATAGRAM) {
        fprintf(stderr, "echo: BYTES is 1 to %d\n", DATAGRAM);
        return 2;
    }
    int descriptor = listen_on(atoi(words[1]));
    for (int i = 0; i < BATCH; i++) {
        vectors[i].iov_base = buffers[i];
        messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            vectors[i].iov_len = DATAGRAM;
            messages[i].msg_hdr.msg_namelen = sizeof peers[i];
        }
        int received = recvmmsg(descriptor, messages, BATCH, MSG_WAITFORONE, NULL);
        if (received < 0) {
            if (errno == EINTR || errno == ECONNREFUSED) continue;
            fail("recvmmsg");
        }
        for (int i = 0; i < received; i++) {
            size_t filled = messages[i].msg_len;
            if (filled < answer_bytes) memset(buffers[i] + filled, ' ', answer_bytes - filled);
            vectors[i].iov_len = answer_bytes;
        }
        for (int done = 0; done < received;) {
            int sent = sendmmsg(descriptor, messages + done, received - done, 0);
            if (sent < 0) {
                if (errno == EINTR || errno == ECONNREFUSED) continue;
                fail("sendmmsg");
            }
            done += sent;
        }
    }
}
