#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

// What stands beside an answer: the source address that it is to have. Groups and broadcasts are no source.
static void set_source(struct msghdr *answer, struct cmsghdr *received) {
    struct cmsghdr *own = answer->msg_control;
    if (received->cmsg_level == IPPROTO_IP && received->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(received), sizeof info);
        uint32_t address = ntohl(info.ipi_addr.s_addr);
        if (IN_MULTICAST(address) || address == INADDR_BROADCAST) return;
        // Of a datagram to the subnet's broadcast address this is the address of the device that took it.
        struct in_pktinfo wanted = {.ipi_spec_dst = info.ipi_spec_dst};
        own->cmsg_level = IPPROTO_IP;
        own->cmsg_type = IP_PKTINFO;
        own->cmsg_len = CMSG_LEN(sizeof wanted);
        memcpy(CMSG_DATA(own), &wanted, sizeof wanted);
        answer->msg_controllen = CMSG_SPACE(sizeof wanted);
    } else if (received->cmsg_level == IPPROTO_IPV6 && received->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(received), sizeof info);
        if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return;
        if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
        own->cmsg_level = IPPROTO_IPV6;
        own->cmsg_type = IPV6_PKTINFO;
        own->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(own), &info, sizeof info);
        answer->msg_controllen = CMSG_SPACE(sizeof info);
    }
}

int packetwalk_answer_datagram(int socket, const void *answer, unsigned length) {
    char bytes[2048];
    struct sockaddr_storage from;
    union {
        struct cmsghdr align;
        char bytes[256];
    } control, own = {0};
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t count = recvmsg(socket, &message, MSG_DONTWAIT);
    if (count < 0) {
        int code = errno;
        // An error of an earlier answer (nobody listens there any more) is taken by this call.
        return code == EAGAIN ? 0 : code == EINTR || code == ECONNREFUSED || code == EHOSTUNREACH ? 1 : -code;
    }
    if ((size_t)count == length && memcmp(bytes, answer, length) == 0) return 1;
    struct iovec reply = {(void *)answer, length};
    struct msghdr back = {.msg_name = &from, .msg_namelen = message.msg_namelen, .msg_iov = &reply, .msg_iovlen = 1,
                          .msg_control = own.bytes, .msg_controllen = 0};
    for (struct cmsghdr *next = CMSG_FIRSTHDR(&message); next; next = CMSG_NXTHDR(&message, next)) {
        set_source(&back, next);
    }
    if (back.msg_controllen == 0) back.msg_control = NULL;
    ssize_t ignored = sendmsg(socket, &back, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)ignored;
    return 1;
}
