#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "CLinux.h"

_Static_assert(sizeof(struct ipt_getinfo) == PACKETWALK_XTABLES_INFO, "what CLinux.h says");
_Static_assert(sizeof(struct ip6t_getinfo) == PACKETWALK_XTABLES_INFO, "what CLinux.h says");

int packetwalk_xtables_info(int descriptor, int is_ipv6, const char *table, void *info) {
    struct ipt_getinfo asked = {0};
    socklen_t length = sizeof asked;
    strncpy(asked.name, table, sizeof asked.name - 1);
    int code = is_ipv6 ? getsockopt(descriptor, IPPROTO_IPV6, IP6T_SO_GET_INFO, &asked, &length)
                       : getsockopt(descriptor, IPPROTO_IP, IPT_SO_GET_INFO, &asked, &length);
    if (code != 0) return -errno;
    memcpy(info, &asked, sizeof asked);
    return 0;
}
