/* Written by scripts/embed.sh. Each file: the length of its name and of its text in bytes (32 bits each, in the machine's
   order), its name, its text. The folders are looked for from include/ on. */
        .section .rodata
        .globl packetwalk_files_begin
packetwalk_files_begin:
        .long 16, 2f-1f
        .ascii "docs/findings.md"
1:      .incbin "../../../docs/findings.md"
2:
        .long 46, 2f-1f
        .ascii "labs/accept-not-final-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/accept-not-final-iptables-legacy/lab.json"
2:
        .long 46, 2f-1f
        .ascii "labs/accept-not-final-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/accept-not-final-iptables-legacy/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/accept-not-final-iptables/lab.json"
1:      .incbin "../../../fixtures/labs/accept-not-final-iptables/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/accept-not-final-iptables/mend.sh"
1:      .incbin "../../../fixtures/labs/accept-not-final-iptables/mend.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/accept-not-final-iptables/setup.sh"
1:      .incbin "../../../fixtures/labs/accept-not-final-iptables/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/accept-not-final-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/accept-not-final-ipv6/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/accept-not-final-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/accept-not-final-ipv6/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/accept-not-final-legacy-first/lab.json"
1:      .incbin "../../../fixtures/labs/accept-not-final-legacy-first/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/accept-not-final-legacy-first/setup.sh"
1:      .incbin "../../../fixtures/labs/accept-not-final-legacy-first/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/accept-not-final/lab.json"
1:      .incbin "../../../fixtures/labs/accept-not-final/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/accept-not-final/mend.sh"
1:      .incbin "../../../fixtures/labs/accept-not-final/mend.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/accept-not-final/setup.sh"
1:      .incbin "../../../fixtures/labs/accept-not-final/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/accept-queue-full-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/accept-queue-full-ipv6/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/accept-queue-full-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/accept-queue-full-ipv6/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/accept-queue-full/lab.json"
1:      .incbin "../../../fixtures/labs/accept-queue-full/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/accept-queue-full/setup.sh"
1:      .incbin "../../../fixtures/labs/accept-queue-full/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/address-on-bridge-port-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/address-on-bridge-port-ipv6/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/address-on-bridge-port-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/address-on-bridge-port-ipv6/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/address-on-bridge-port/lab.json"
1:      .incbin "../../../fixtures/labs/address-on-bridge-port/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/address-on-bridge-port/mend.sh"
1:      .incbin "../../../fixtures/labs/address-on-bridge-port/mend.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/address-on-bridge-port/setup.sh"
1:      .incbin "../../../fixtures/labs/address-on-bridge-port/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/address-on-other-device-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/address-on-other-device-ipv6/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/address-on-other-device-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/address-on-other-device-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/address-unusable-receiver/lab.json"
1:      .incbin "../../../fixtures/labs/address-unusable-receiver/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/address-unusable-receiver/setup.sh"
1:      .incbin "../../../fixtures/labs/address-unusable-receiver/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/address-unusable/lab.json"
1:      .incbin "../../../fixtures/labs/address-unusable/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/address-unusable/setup.sh"
1:      .incbin "../../../fixtures/labs/address-unusable/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/arp-ignored-filter/lab.json"
1:      .incbin "../../../fixtures/labs/arp-ignored-filter/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/arp-ignored-filter/setup.sh"
1:      .incbin "../../../fixtures/labs/arp-ignored-filter/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/arp-ignored-subnet/lab.json"
1:      .incbin "../../../fixtures/labs/arp-ignored-subnet/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/arp-ignored-subnet/setup.sh"
1:      .incbin "../../../fixtures/labs/arp-ignored-subnet/setup.sh"
2:
        .long 25, 2f-1f
        .ascii "labs/arp-ignored/lab.json"
1:      .incbin "../../../fixtures/labs/arp-ignored/lab.json"
2:
        .long 25, 2f-1f
        .ascii "labs/arp-ignored/setup.sh"
1:      .incbin "../../../fixtures/labs/arp-ignored/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/arp-off-sender/lab.json"
1:      .incbin "../../../fixtures/labs/arp-off-sender/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/arp-off-sender/setup.sh"
1:      .incbin "../../../fixtures/labs/arp-off-sender/setup.sh"
2:
        .long 21, 2f-1f
        .ascii "labs/arp-off/lab.json"
1:      .incbin "../../../fixtures/labs/arp-off/lab.json"
2:
        .long 21, 2f-1f
        .ascii "labs/arp-off/setup.sh"
1:      .incbin "../../../fixtures/labs/arp-off/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/arp-sender-refused/lab.json"
1:      .incbin "../../../fixtures/labs/arp-sender-refused/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/arp-sender-refused/setup.sh"
1:      .incbin "../../../fixtures/labs/arp-sender-refused/setup.sh"
2:
        .long 14, 2f-1f
        .ascii "labs/beside.sh"
1:      .incbin "../../../fixtures/labs/beside.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/blackhole-route-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/blackhole-route-ipv6/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/blackhole-route-ipv6/mend.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route-ipv6/mend.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/blackhole-route-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route-ipv6/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/blackhole-route-prohibit-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/blackhole-route-prohibit-ipv6/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/blackhole-route-prohibit-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route-prohibit-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/blackhole-route-prohibit/lab.json"
1:      .incbin "../../../fixtures/labs/blackhole-route-prohibit/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/blackhole-route-prohibit/mend.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route-prohibit/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/blackhole-route-prohibit/setup.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route-prohibit/setup.sh"
2:
        .long 46, 2f-1f
        .ascii "labs/blackhole-route-unreachable-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/blackhole-route-unreachable-ipv6/lab.json"
2:
        .long 46, 2f-1f
        .ascii "labs/blackhole-route-unreachable-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route-unreachable-ipv6/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/blackhole-route-unreachable/lab.json"
1:      .incbin "../../../fixtures/labs/blackhole-route-unreachable/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/blackhole-route-unreachable/mend.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route-unreachable/mend.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/blackhole-route-unreachable/setup.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route-unreachable/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/blackhole-route/lab.json"
1:      .incbin "../../../fixtures/labs/blackhole-route/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/blackhole-route/mend.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route/mend.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/blackhole-route/setup.sh"
1:      .incbin "../../../fixtures/labs/blackhole-route/setup.sh"
2:
        .long 46, 2f-1f
        .ascii "labs/bridge-netfilter-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-iptables-legacy/lab.json"
2:
        .long 45, 2f-1f
        .ascii "labs/bridge-netfilter-iptables-legacy/mend.sh"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-iptables-legacy/mend.sh"
2:
        .long 46, 2f-1f
        .ascii "labs/bridge-netfilter-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-iptables-legacy/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/bridge-netfilter-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-iptables-nft/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/bridge-netfilter-iptables-nft/mend.sh"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-iptables-nft/mend.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/bridge-netfilter-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-iptables-nft/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/bridge-netfilter-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-ipv6/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/bridge-netfilter-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/bridge-netfilter-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-nftables/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/bridge-netfilter-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-netfilter-nftables/setup.sh"
2:
        .long 49, 2f-1f
        .ascii "labs/bridge-port-blocked-flood-netfilter/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-flood-netfilter/lab.json"
2:
        .long 49, 2f-1f
        .ascii "labs/bridge-port-blocked-flood-netfilter/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-flood-netfilter/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/bridge-port-blocked-flood/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-flood/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/bridge-port-blocked-flood/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-flood/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/bridge-port-blocked-hairpin/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-hairpin/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/bridge-port-blocked-hairpin/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-hairpin/setup.sh"
2:
        .long 47, 2f-1f
        .ascii "labs/bridge-port-blocked-isolated-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-isolated-ipv6/lab.json"
2:
        .long 47, 2f-1f
        .ascii "labs/bridge-port-blocked-isolated-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-isolated-ipv6/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/bridge-port-blocked-isolated/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-isolated/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/bridge-port-blocked-isolated/mend.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-isolated/mend.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/bridge-port-blocked-isolated/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-isolated/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/bridge-port-blocked-learning/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-learning/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/bridge-port-blocked-learning/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-learning/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/bridge-port-blocked-locked/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-locked/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/bridge-port-blocked-locked/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-locked/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/bridge-port-blocked-state/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-state/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/bridge-port-blocked-state/mend.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-state/mend.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/bridge-port-blocked-state/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-state/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/bridge-port-blocked-vlan/lab.json"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-vlan/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/bridge-port-blocked-vlan/mend.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-vlan/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/bridge-port-blocked-vlan/setup.sh"
1:      .incbin "../../../fixtures/labs/bridge-port-blocked-vlan/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/broadcast-not-forwarded/lab.json"
1:      .incbin "../../../fixtures/labs/broadcast-not-forwarded/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/broadcast-not-forwarded/setup.sh"
1:      .incbin "../../../fixtures/labs/broadcast-not-forwarded/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/burst-exceeded-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/burst-exceeded-ipv6/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/burst-exceeded-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/burst-exceeded-ipv6/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/burst-exceeded/lab.json"
1:      .incbin "../../../fixtures/labs/burst-exceeded/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/burst-exceeded/setup.sh"
1:      .incbin "../../../fixtures/labs/burst-exceeded/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/connection-untracked-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/connection-untracked-ipv6/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/connection-untracked-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/connection-untracked-ipv6/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/connection-untracked-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/connection-untracked-nftables/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/connection-untracked-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/connection-untracked-nftables/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/connection-untracked-reply/lab.json"
1:      .incbin "../../../fixtures/labs/connection-untracked-reply/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/connection-untracked-reply/setup.sh"
1:      .incbin "../../../fixtures/labs/connection-untracked-reply/setup.sh"
2:
        .long 51, 2f-1f
        .ascii "labs/connection-untracked-request-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/connection-untracked-request-nftables/lab.json"
2:
        .long 51, 2f-1f
        .ascii "labs/connection-untracked-request-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/connection-untracked-request-nftables/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/connection-untracked-request/lab.json"
1:      .incbin "../../../fixtures/labs/connection-untracked-request/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/connection-untracked-request/setup.sh"
1:      .incbin "../../../fixtures/labs/connection-untracked-request/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/connection-untracked/lab.json"
1:      .incbin "../../../fixtures/labs/connection-untracked/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/connection-untracked/setup.sh"
1:      .incbin "../../../fixtures/labs/connection-untracked/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/conntrack-expired-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-expired-ipv6/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/conntrack-expired-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-expired-ipv6/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/conntrack-expired-stateful/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-expired-stateful/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/conntrack-expired-stateful/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-expired-stateful/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/conntrack-expired-udp/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-expired-udp/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/conntrack-expired-udp/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-expired-udp/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/conntrack-expired/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-expired/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/conntrack-expired/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-expired/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/conntrack-full/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-full/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/conntrack-full/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-full/setup.sh"
2:
        .long 47, 2f-1f
        .ascii "labs/conntrack-invalid-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-invalid-iptables-legacy/lab.json"
2:
        .long 47, 2f-1f
        .ascii "labs/conntrack-invalid-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-invalid-iptables-legacy/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/conntrack-invalid-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-invalid-iptables-nft/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/conntrack-invalid-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-invalid-iptables-nft/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/conntrack-invalid-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-invalid-ipv6/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/conntrack-invalid-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-invalid-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-invalid-policy/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-invalid-policy/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-invalid-policy/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-invalid-policy/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/conntrack-invalid/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-invalid/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/conntrack-invalid/mend.sh"
1:      .incbin "../../../fixtures/labs/conntrack-invalid/mend.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/conntrack-invalid/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-invalid/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/conntrack-stale-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-stale-ipv6/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/conntrack-stale-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-stale-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-stale-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-stale-nftables/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-stale-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-stale-nftables/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/conntrack-stale-source/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-stale-source/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/conntrack-stale-source/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-stale-source/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/conntrack-stale/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-stale/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/conntrack-stale/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-stale/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/conntrack-zones-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-zones-ipv6/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/conntrack-zones-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-zones-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-zones-map-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-zones-map-ipv6/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-zones-map-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-zones-map-ipv6/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/conntrack-zones-map/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-zones-map/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/conntrack-zones-map/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-zones-map/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-zones-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-zones-nftables/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-zones-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-zones-nftables/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/conntrack-zones-published/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-zones-published/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/conntrack-zones-published/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-zones-published/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-zones-stateful/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-zones-stateful/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/conntrack-zones-stateful/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-zones-stateful/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/conntrack-zones/lab.json"
1:      .incbin "../../../fixtures/labs/conntrack-zones/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/conntrack-zones/setup.sh"
1:      .incbin "../../../fixtures/labs/conntrack-zones/setup.sh"
2:
        .long 48, 2f-1f
        .ascii "labs/dnat-not-forwarded-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-iptables-legacy/lab.json"
2:
        .long 47, 2f-1f
        .ascii "labs/dnat-not-forwarded-iptables-legacy/mend.sh"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-iptables-legacy/mend.sh"
2:
        .long 48, 2f-1f
        .ascii "labs/dnat-not-forwarded-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-iptables-legacy/setup.sh"
2:
        .long 45, 2f-1f
        .ascii "labs/dnat-not-forwarded-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-iptables-nft/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/dnat-not-forwarded-iptables-nft/mend.sh"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-iptables-nft/mend.sh"
2:
        .long 45, 2f-1f
        .ascii "labs/dnat-not-forwarded-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-iptables-nft/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/dnat-not-forwarded-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-ipv6/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/dnat-not-forwarded-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-ipv6/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/dnat-not-forwarded-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-nftables/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/dnat-not-forwarded-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/dnat-not-forwarded-nftables/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/docker-bridge/lab.json"
1:      .incbin "../../../fixtures/labs/docker-bridge/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/docker-bridge/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-bridge/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/docker-container-to-container/lab.json"
1:      .incbin "../../../fixtures/labs/docker-container-to-container/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/docker-container-to-container/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-container-to-container/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/docker-host-to-container/lab.json"
1:      .incbin "../../../fixtures/labs/docker-host-to-container/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/docker-host-to-container/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-host-to-container/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/docker-host-to-wan/lab.json"
1:      .incbin "../../../fixtures/labs/docker-host-to-wan/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/docker-host-to-wan/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-host-to-wan/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/docker-network-isolation/lab.json"
1:      .incbin "../../../fixtures/labs/docker-network-isolation/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/docker-network-isolation/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-network-isolation/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/docker-networks/lab.json"
1:      .incbin "../../../fixtures/labs/docker-networks/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/docker-networks/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-networks/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/docker-policy-drop/lab.json"
1:      .incbin "../../../fixtures/labs/docker-policy-drop/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/docker-policy-drop/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-policy-drop/setup.sh"
2:
        .long 46, 2f-1f
        .ascii "labs/docker-port-not-published-direct/lab.json"
1:      .incbin "../../../fixtures/labs/docker-port-not-published-direct/lab.json"
2:
        .long 46, 2f-1f
        .ascii "labs/docker-port-not-published-direct/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-port-not-published-direct/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/docker-port-not-published/lab.json"
1:      .incbin "../../../fixtures/labs/docker-port-not-published/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/docker-port-not-published/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-port-not-published/setup.sh"
2:
        .long 50, 2f-1f
        .ascii "labs/docker-published-port-from-container/lab.json"
1:      .incbin "../../../fixtures/labs/docker-published-port-from-container/lab.json"
2:
        .long 50, 2f-1f
        .ascii "labs/docker-published-port-from-container/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-published-port-from-container/setup.sh"
2:
        .long 45, 2f-1f
        .ascii "labs/docker-published-port-from-host/lab.json"
1:      .incbin "../../../fixtures/labs/docker-published-port-from-host/lab.json"
2:
        .long 45, 2f-1f
        .ascii "labs/docker-published-port-from-host/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-published-port-from-host/setup.sh"
2:
        .long 47, 2f-1f
        .ascii "labs/docker-published-port-from-itself/lab.json"
1:      .incbin "../../../fixtures/labs/docker-published-port-from-itself/lab.json"
2:
        .long 47, 2f-1f
        .ascii "labs/docker-published-port-from-itself/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-published-port-from-itself/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/docker-published-port-from-wan/lab.json"
1:      .incbin "../../../fixtures/labs/docker-published-port-from-wan/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/docker-published-port-from-wan/setup.sh"
1:      .incbin "../../../fixtures/labs/docker-published-port-from-wan/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/duplicate-address-dad/lab.json"
1:      .incbin "../../../fixtures/labs/duplicate-address-dad/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/duplicate-address-dad/setup.sh"
1:      .incbin "../../../fixtures/labs/duplicate-address-dad/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/duplicate-address-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/duplicate-address-ipv6/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/duplicate-address-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/duplicate-address-ipv6/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/duplicate-address/lab.json"
1:      .incbin "../../../fixtures/labs/duplicate-address/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/duplicate-address/mend.sh"
1:      .incbin "../../../fixtures/labs/duplicate-address/mend.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/duplicate-address/setup.sh"
1:      .incbin "../../../fixtures/labs/duplicate-address/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/duplicate-mac/lab.json"
1:      .incbin "../../../fixtures/labs/duplicate-mac/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/duplicate-mac/setup.sh"
1:      .incbin "../../../fixtures/labs/duplicate-mac/setup.sh"
2:
        .long 26, 2f-1f
        .ascii "labs/echo-ignored/lab.json"
1:      .incbin "../../../fixtures/labs/echo-ignored/lab.json"
2:
        .long 25, 2f-1f
        .ascii "labs/echo-ignored/mend.sh"
1:      .incbin "../../../fixtures/labs/echo-ignored/mend.sh"
2:
        .long 26, 2f-1f
        .ascii "labs/echo-ignored/setup.sh"
1:      .incbin "../../../fixtures/labs/echo-ignored/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/family-disabled-forward/lab.json"
1:      .incbin "../../../fixtures/labs/family-disabled-forward/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/family-disabled-forward/setup.sh"
1:      .incbin "../../../fixtures/labs/family-disabled-forward/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/family-disabled-mtu/lab.json"
1:      .incbin "../../../fixtures/labs/family-disabled-mtu/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/family-disabled-mtu/setup.sh"
1:      .incbin "../../../fixtures/labs/family-disabled-mtu/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/family-disabled/lab.json"
1:      .incbin "../../../fixtures/labs/family-disabled/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/family-disabled/setup.sh"
1:      .incbin "../../../fixtures/labs/family-disabled/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/fdb-misdirected-local/lab.json"
1:      .incbin "../../../fixtures/labs/fdb-misdirected-local/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/fdb-misdirected-local/setup.sh"
1:      .incbin "../../../fixtures/labs/fdb-misdirected-local/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/fdb-misdirected/lab.json"
1:      .incbin "../../../fixtures/labs/fdb-misdirected/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/fdb-misdirected/setup.sh"
1:      .incbin "../../../fixtures/labs/fdb-misdirected/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/forwarding-disabled-device/lab.json"
1:      .incbin "../../../fixtures/labs/forwarding-disabled-device/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/forwarding-disabled-device/setup.sh"
1:      .incbin "../../../fixtures/labs/forwarding-disabled-device/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/forwarding-disabled-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/forwarding-disabled-ipv6/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/forwarding-disabled-ipv6/mend.sh"
1:      .incbin "../../../fixtures/labs/forwarding-disabled-ipv6/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/forwarding-disabled-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/forwarding-disabled-ipv6/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/forwarding-disabled/lab.json"
1:      .incbin "../../../fixtures/labs/forwarding-disabled/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/forwarding-disabled/mend.sh"
1:      .incbin "../../../fixtures/labs/forwarding-disabled/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/forwarding-disabled/setup.sh"
1:      .incbin "../../../fixtures/labs/forwarding-disabled/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/gateway-unreachable-host-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/gateway-unreachable-host-ipv6/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/gateway-unreachable-host-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/gateway-unreachable-host-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/gateway-unreachable-host/lab.json"
1:      .incbin "../../../fixtures/labs/gateway-unreachable-host/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/gateway-unreachable-host/mend.sh"
1:      .incbin "../../../fixtures/labs/gateway-unreachable-host/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/gateway-unreachable-host/setup.sh"
1:      .incbin "../../../fixtures/labs/gateway-unreachable-host/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/gateway-unreachable-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/gateway-unreachable-ipv6/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/gateway-unreachable-ipv6/mend.sh"
1:      .incbin "../../../fixtures/labs/gateway-unreachable-ipv6/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/gateway-unreachable-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/gateway-unreachable-ipv6/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/gateway-unreachable/lab.json"
1:      .incbin "../../../fixtures/labs/gateway-unreachable/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/gateway-unreachable/mend.sh"
1:      .incbin "../../../fixtures/labs/gateway-unreachable/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/gateway-unreachable/setup.sh"
1:      .incbin "../../../fixtures/labs/gateway-unreachable/setup.sh"
2:
        .long 45, 2f-1f
        .ascii "labs/hairpin-missing-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/hairpin-missing-iptables-legacy/lab.json"
2:
        .long 45, 2f-1f
        .ascii "labs/hairpin-missing-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/hairpin-missing-iptables-legacy/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/hairpin-missing-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/hairpin-missing-ipv6/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/hairpin-missing-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/hairpin-missing-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/hairpin-missing-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/hairpin-missing-nftables/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/hairpin-missing-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/hairpin-missing-nftables/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/hairpin-missing/lab.json"
1:      .incbin "../../../fixtures/labs/hairpin-missing/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/hairpin-missing/mend.sh"
1:      .incbin "../../../fixtures/labs/hairpin-missing/mend.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/hairpin-missing/setup.sh"
1:      .incbin "../../../fixtures/labs/hairpin-missing/setup.sh"
2:
        .long 21, 2f-1f
        .ascii "labs/hairpin/lab.json"
1:      .incbin "../../../fixtures/labs/hairpin/lab.json"
2:
        .long 21, 2f-1f
        .ascii "labs/hairpin/setup.sh"
1:      .incbin "../../../fixtures/labs/hairpin/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/helper-missing/lab.json"
1:      .incbin "../../../fixtures/labs/helper-missing/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/helper-missing/setup.sh"
1:      .incbin "../../../fixtures/labs/helper-missing/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/host-to-namespace/lab.json"
1:      .incbin "../../../fixtures/labs/host-to-namespace/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/host-to-namespace/setup.sh"
1:      .incbin "../../../fixtures/labs/host-to-namespace/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/host-to-service/lab.json"
1:      .incbin "../../../fixtures/labs/host-to-service/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/host-to-service/setup.sh"
1:      .incbin "../../../fixtures/labs/host-to-service/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/ipv6-fragments/lab.json"
1:      .incbin "../../../fixtures/labs/ipv6-fragments/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/ipv6-fragments/setup.sh"
1:      .incbin "../../../fixtures/labs/ipv6-fragments/setup.sh"
2:
        .long 25, 2f-1f
        .ascii "labs/ipv6-to-wan/lab.json"
1:      .incbin "../../../fixtures/labs/ipv6-to-wan/lab.json"
2:
        .long 25, 2f-1f
        .ascii "labs/ipv6-to-wan/setup.sh"
1:      .incbin "../../../fixtures/labs/ipv6-to-wan/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/kernel-refusal-signature-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/kernel-refusal-signature-ipv6/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/kernel-refusal-signature-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/kernel-refusal-signature-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/kernel-refusal-signature/lab.json"
1:      .incbin "../../../fixtures/labs/kernel-refusal-signature/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/kernel-refusal-signature/setup.sh"
1:      .incbin "../../../fixtures/labs/kernel-refusal-signature/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/kubernetes-clusterip/lab.json"
1:      .incbin "../../../fixtures/labs/kubernetes-clusterip/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/kubernetes-clusterip/setup.sh"
1:      .incbin "../../../fixtures/labs/kubernetes-clusterip/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/kubernetes-nodeport/lab.json"
1:      .incbin "../../../fixtures/labs/kubernetes-nodeport/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/kubernetes-nodeport/setup.sh"
1:      .incbin "../../../fixtures/labs/kubernetes-nodeport/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/kubernetes-pods/lab.json"
1:      .incbin "../../../fixtures/labs/kubernetes-pods/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/kubernetes-pods/setup.sh"
1:      .incbin "../../../fixtures/labs/kubernetes-pods/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/link-down-bridge/lab.json"
1:      .incbin "../../../fixtures/labs/link-down-bridge/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/link-down-bridge/mend.sh"
1:      .incbin "../../../fixtures/labs/link-down-bridge/mend.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/link-down-bridge/setup.sh"
1:      .incbin "../../../fixtures/labs/link-down-bridge/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/link-down-host-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/link-down-host-ipv6/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/link-down-host-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/link-down-host-ipv6/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/link-down-host/lab.json"
1:      .incbin "../../../fixtures/labs/link-down-host/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/link-down-host/mend.sh"
1:      .incbin "../../../fixtures/labs/link-down-host/mend.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/link-down-host/setup.sh"
1:      .incbin "../../../fixtures/labs/link-down-host/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/link-down-namespace-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/link-down-namespace-ipv6/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/link-down-namespace-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/link-down-namespace-ipv6/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/link-down-namespace/lab.json"
1:      .incbin "../../../fixtures/labs/link-down-namespace/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/link-down-namespace/mend.sh"
1:      .incbin "../../../fixtures/labs/link-down-namespace/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/link-down-namespace/setup.sh"
1:      .incbin "../../../fixtures/labs/link-down-namespace/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/link-local-source-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/link-local-source-ipv6/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/link-local-source-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/link-local-source-ipv6/setup.sh"
2:
        .long 47, 2f-1f
        .ascii "labs/listener-elsewhere-connected-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-connected-ipv6/lab.json"
2:
        .long 47, 2f-1f
        .ascii "labs/listener-elsewhere-connected-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-connected-ipv6/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/listener-elsewhere-connected/lab.json"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-connected/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/listener-elsewhere-connected/setup.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-connected/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/listener-elsewhere-device-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-device-ipv6/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/listener-elsewhere-device-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-device-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/listener-elsewhere-device/lab.json"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-device/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/listener-elsewhere-device/setup.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-device/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/listener-elsewhere-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-ipv6/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/listener-elsewhere-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-ipv6/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/listener-elsewhere-udp/lab.json"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-udp/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/listener-elsewhere-udp/setup.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-udp/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/listener-elsewhere-v6only/lab.json"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-v6only/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/listener-elsewhere-v6only/setup.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere-v6only/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/listener-elsewhere/lab.json"
1:      .incbin "../../../fixtures/labs/listener-elsewhere/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/listener-elsewhere/mend.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere/mend.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/listener-elsewhere/setup.sh"
1:      .incbin "../../../fixtures/labs/listener-elsewhere/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/local-ports-exhausted-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/local-ports-exhausted-ipv6/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/local-ports-exhausted-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/local-ports-exhausted-ipv6/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/local-ports-exhausted/lab.json"
1:      .incbin "../../../fixtures/labs/local-ports-exhausted/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/local-ports-exhausted/setup.sh"
1:      .incbin "../../../fixtures/labs/local-ports-exhausted/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/local-rule-missing/lab.json"
1:      .incbin "../../../fixtures/labs/local-rule-missing/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/local-rule-missing/setup.sh"
1:      .incbin "../../../fixtures/labs/local-rule-missing/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/loopback-down-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/loopback-down-ipv6/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/loopback-down-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/loopback-down-ipv6/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/loopback-down/lab.json"
1:      .incbin "../../../fixtures/labs/loopback-down/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/loopback-down/mend.sh"
1:      .incbin "../../../fixtures/labs/loopback-down/mend.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/loopback-down/setup.sh"
1:      .incbin "../../../fixtures/labs/loopback-down/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/macvlan-isolated-parent/lab.json"
1:      .incbin "../../../fixtures/labs/macvlan-isolated-parent/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/macvlan-isolated-parent/setup.sh"
1:      .incbin "../../../fixtures/labs/macvlan-isolated-parent/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/macvlan-isolated-source-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/macvlan-isolated-source-ipv6/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/macvlan-isolated-source-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/macvlan-isolated-source-ipv6/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/macvlan-isolated-source/lab.json"
1:      .incbin "../../../fixtures/labs/macvlan-isolated-source/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/macvlan-isolated-source/setup.sh"
1:      .incbin "../../../fixtures/labs/macvlan-isolated-source/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/macvlan-isolated/lab.json"
1:      .incbin "../../../fixtures/labs/macvlan-isolated/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/macvlan-isolated/setup.sh"
1:      .incbin "../../../fixtures/labs/macvlan-isolated/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/mtu-exceeded-bridge-port/lab.json"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-bridge-port/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/mtu-exceeded-bridge-port/mend.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-bridge-port/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/mtu-exceeded-bridge-port/setup.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-bridge-port/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/mtu-exceeded-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-ipv6/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/mtu-exceeded-ipv6/mend.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-ipv6/mend.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/mtu-exceeded-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-ipv6/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/mtu-exceeded-peer/lab.json"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-peer/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/mtu-exceeded-peer/mend.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-peer/mend.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/mtu-exceeded-peer/setup.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-peer/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/mtu-exceeded-route-reply-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-route-reply-ipv6/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/mtu-exceeded-route-reply-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-route-reply-ipv6/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/mtu-exceeded-route/lab.json"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-route/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/mtu-exceeded-route/setup.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-route/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/mtu-exceeded-silent/lab.json"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-silent/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/mtu-exceeded-silent/mend.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-silent/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/mtu-exceeded-silent/setup.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-silent/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/mtu-exceeded-tunnel/lab.json"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-tunnel/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/mtu-exceeded-tunnel/mend.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-tunnel/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/mtu-exceeded-tunnel/setup.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded-tunnel/setup.sh"
2:
        .long 26, 2f-1f
        .ascii "labs/mtu-exceeded/lab.json"
1:      .incbin "../../../fixtures/labs/mtu-exceeded/lab.json"
2:
        .long 25, 2f-1f
        .ascii "labs/mtu-exceeded/mend.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded/mend.sh"
2:
        .long 26, 2f-1f
        .ascii "labs/mtu-exceeded/setup.sh"
1:      .incbin "../../../fixtures/labs/mtu-exceeded/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/multicast-not-forwarded-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/multicast-not-forwarded-ipv6/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/multicast-not-forwarded-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/multicast-not-forwarded-ipv6/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/multicast-not-forwarded/lab.json"
1:      .incbin "../../../fixtures/labs/multicast-not-forwarded/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/multicast-not-forwarded/setup.sh"
1:      .incbin "../../../fixtures/labs/multicast-not-forwarded/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/multicast-snooping-group/lab.json"
1:      .incbin "../../../fixtures/labs/multicast-snooping-group/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/multicast-snooping-group/setup.sh"
1:      .incbin "../../../fixtures/labs/multicast-snooping-group/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/multicast-snooping-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/multicast-snooping-ipv6/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/multicast-snooping-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/multicast-snooping-ipv6/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/namespace-to-host/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-host/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/namespace-to-host/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-host/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/namespace-to-neighbor-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-neighbor-ipv6/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/namespace-to-neighbor-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-neighbor-ipv6/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/namespace-to-neighbor/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-neighbor/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/namespace-to-neighbor/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-neighbor/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/namespace-to-wan-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-legacy/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/namespace-to-wan-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-legacy/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/namespace-to-wan-nft/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-nft/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/namespace-to-wan-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-nft/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/namespace-to-wan-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-nftables/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/namespace-to-wan-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-nftables/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/namespace-to-wan-tcp/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-tcp/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/namespace-to-wan-tcp/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-tcp/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/namespace-to-wan-udp/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-udp/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/namespace-to-wan-udp/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-wan-udp/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/namespace-to-wan/lab.json"
1:      .incbin "../../../fixtures/labs/namespace-to-wan/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/namespace-to-wan/setup.sh"
1:      .incbin "../../../fixtures/labs/namespace-to-wan/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/neighbor-unresolved-affinity/lab.json"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved-affinity/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/neighbor-unresolved-affinity/setup.sh"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved-affinity/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/neighbor-unresolved-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved-ipv6/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/neighbor-unresolved-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved-ipv6/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/neighbor-unresolved-written/lab.json"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved-written/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/neighbor-unresolved-written/setup.sh"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved-written/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/neighbor-unresolved/lab.json"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/neighbor-unresolved/mend.sh"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/neighbor-unresolved/setup.sh"
1:      .incbin "../../../fixtures/labs/neighbor-unresolved/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/network-isolation-internal/lab.json"
1:      .incbin "../../../fixtures/labs/network-isolation-internal/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/network-isolation-internal/setup.sh"
1:      .incbin "../../../fixtures/labs/network-isolation-internal/setup.sh"
2:
        .long 47, 2f-1f
        .ascii "labs/network-isolation-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/network-isolation-iptables-legacy/lab.json"
2:
        .long 47, 2f-1f
        .ascii "labs/network-isolation-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/network-isolation-iptables-legacy/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/network-isolation-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/network-isolation-ipv6/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/network-isolation-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/network-isolation-ipv6/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/network-isolation-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/network-isolation-nftables/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/network-isolation-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/network-isolation-nftables/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/network-isolation/lab.json"
1:      .incbin "../../../fixtures/labs/network-isolation/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/network-isolation/mend.sh"
1:      .incbin "../../../fixtures/labs/network-isolation/mend.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/network-isolation/setup.sh"
1:      .incbin "../../../fixtures/labs/network-isolation/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/network-policy/lab.json"
1:      .incbin "../../../fixtures/labs/network-policy/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/network-policy/setup.sh"
1:      .incbin "../../../fixtures/labs/network-policy/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/no-group-member-elsewhere/lab.json"
1:      .incbin "../../../fixtures/labs/no-group-member-elsewhere/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/no-group-member-elsewhere/setup.sh"
1:      .incbin "../../../fixtures/labs/no-group-member-elsewhere/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/no-group-member/lab.json"
1:      .incbin "../../../fixtures/labs/no-group-member/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/no-group-member/setup.sh"
1:      .incbin "../../../fixtures/labs/no-group-member/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/no-listener-redirect-bridge/lab.json"
1:      .incbin "../../../fixtures/labs/no-listener-redirect-bridge/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/no-listener-redirect-bridge/setup.sh"
1:      .incbin "../../../fixtures/labs/no-listener-redirect-bridge/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/no-listener-redirect-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/no-listener-redirect-ipv6/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/no-listener-redirect-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/no-listener-redirect-ipv6/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/no-listener-redirect-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/no-listener-redirect-nftables/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/no-listener-redirect-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/no-listener-redirect-nftables/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/no-listener-redirect/lab.json"
1:      .incbin "../../../fixtures/labs/no-listener-redirect/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/no-listener-redirect/setup.sh"
1:      .incbin "../../../fixtures/labs/no-listener-redirect/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/no-listener-tcp-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/no-listener-tcp-ipv6/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/no-listener-tcp-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/no-listener-tcp-ipv6/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/no-listener-tcp/lab.json"
1:      .incbin "../../../fixtures/labs/no-listener-tcp/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/no-listener-tcp/mend.sh"
1:      .incbin "../../../fixtures/labs/no-listener-tcp/mend.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/no-listener-tcp/setup.sh"
1:      .incbin "../../../fixtures/labs/no-listener-tcp/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/no-listener-udp-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/no-listener-udp-ipv6/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/no-listener-udp-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/no-listener-udp-ipv6/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/no-listener-udp/lab.json"
1:      .incbin "../../../fixtures/labs/no-listener-udp/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/no-listener-udp/mend.sh"
1:      .incbin "../../../fixtures/labs/no-listener-udp/mend.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/no-listener-udp/setup.sh"
1:      .incbin "../../../fixtures/labs/no-listener-udp/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/no-return-path-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/no-return-path-ipv6/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/no-return-path-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/no-return-path-ipv6/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/no-return-path/lab.json"
1:      .incbin "../../../fixtures/labs/no-return-path/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/no-return-path/mend.sh"
1:      .incbin "../../../fixtures/labs/no-return-path/mend.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/no-return-path/setup.sh"
1:      .incbin "../../../fixtures/labs/no-return-path/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/no-route-host-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/no-route-host-ipv6/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/no-route-host-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/no-route-host-ipv6/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/no-route-host/lab.json"
1:      .incbin "../../../fixtures/labs/no-route-host/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/no-route-host/mend.sh"
1:      .incbin "../../../fixtures/labs/no-route-host/mend.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/no-route-host/setup.sh"
1:      .incbin "../../../fixtures/labs/no-route-host/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/no-route-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/no-route-ipv6/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/no-route-ipv6/mend.sh"
1:      .incbin "../../../fixtures/labs/no-route-ipv6/mend.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/no-route-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/no-route-ipv6/setup.sh"
2:
        .long 22, 2f-1f
        .ascii "labs/no-route/lab.json"
1:      .incbin "../../../fixtures/labs/no-route/lab.json"
2:
        .long 21, 2f-1f
        .ascii "labs/no-route/mend.sh"
1:      .incbin "../../../fixtures/labs/no-route/mend.sh"
2:
        .long 22, 2f-1f
        .ascii "labs/no-route/setup.sh"
1:      .incbin "../../../fixtures/labs/no-route/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/no-source-nat-accepted/lab.json"
1:      .incbin "../../../fixtures/labs/no-source-nat-accepted/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/no-source-nat-accepted/setup.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat-accepted/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/no-source-nat-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/no-source-nat-iptables-legacy/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/no-source-nat-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat-iptables-legacy/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/no-source-nat-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/no-source-nat-ipv6/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/no-source-nat-ipv6/mend.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat-ipv6/mend.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/no-source-nat-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat-ipv6/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/no-source-nat-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/no-source-nat-nftables/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/no-source-nat-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat-nftables/setup.sh"
2:
        .long 45, 2f-1f
        .ascii "labs/no-source-nat-returned-iptables/lab.json"
1:      .incbin "../../../fixtures/labs/no-source-nat-returned-iptables/lab.json"
2:
        .long 45, 2f-1f
        .ascii "labs/no-source-nat-returned-iptables/setup.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat-returned-iptables/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/no-source-nat-returned/lab.json"
1:      .incbin "../../../fixtures/labs/no-source-nat-returned/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/no-source-nat-returned/setup.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat-returned/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/no-source-nat-source/lab.json"
1:      .incbin "../../../fixtures/labs/no-source-nat-source/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/no-source-nat-source/setup.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat-source/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/no-source-nat/lab.json"
1:      .incbin "../../../fixtures/labs/no-source-nat/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/no-source-nat/mend.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat/mend.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/no-source-nat/setup.sh"
1:      .incbin "../../../fixtures/labs/no-source-nat/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/note-conntrack-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/note-conntrack-ipv6/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/note-conntrack-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/note-conntrack-ipv6/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/note-conntrack/lab.json"
1:      .incbin "../../../fixtures/labs/note-conntrack/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/note-conntrack/setup.sh"
1:      .incbin "../../../fixtures/labs/note-conntrack/setup.sh"
2:
        .long 24, 2f-1f
        .ascii "labs/note-owner/lab.json"
1:      .incbin "../../../fixtures/labs/note-owner/lab.json"
2:
        .long 24, 2f-1f
        .ascii "labs/note-owner/setup.sh"
1:      .incbin "../../../fixtures/labs/note-owner/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/note-path-mtu/lab.json"
1:      .incbin "../../../fixtures/labs/note-path-mtu/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/note-path-mtu/setup.sh"
1:      .incbin "../../../fixtures/labs/note-path-mtu/setup.sh"
2:
        .long 23, 2f-1f
        .ascii "labs/note-rate/lab.json"
1:      .incbin "../../../fixtures/labs/note-rate/lab.json"
2:
        .long 23, 2f-1f
        .ascii "labs/note-rate/setup.sh"
1:      .incbin "../../../fixtures/labs/note-rate/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/policy-drop-ip6tables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/policy-drop-ip6tables-legacy/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/policy-drop-ip6tables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-ip6tables-legacy/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/policy-drop-ip6tables/lab.json"
1:      .incbin "../../../fixtures/labs/policy-drop-ip6tables/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/policy-drop-ip6tables/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-ip6tables/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/policy-drop-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/policy-drop-iptables-legacy/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/policy-drop-iptables-legacy/mend.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-iptables-legacy/mend.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/policy-drop-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-iptables-legacy/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/policy-drop-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/policy-drop-iptables-nft/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/policy-drop-iptables-nft/mend.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-iptables-nft/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/policy-drop-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-iptables-nft/setup.sh"
2:
        .long 49, 2f-1f
        .ascii "labs/policy-drop-neighbour-advertisement/lab.json"
1:      .incbin "../../../fixtures/labs/policy-drop-neighbour-advertisement/lab.json"
2:
        .long 49, 2f-1f
        .ascii "labs/policy-drop-neighbour-advertisement/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-neighbour-advertisement/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/policy-drop-nftables-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/policy-drop-nftables-ipv6/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/policy-drop-nftables-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-nftables-ipv6/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/policy-drop-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/policy-drop-nftables/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/policy-drop-nftables/mend.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-nftables/mend.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/policy-drop-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-nftables/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/policy-drop-tunnel/lab.json"
1:      .incbin "../../../fixtures/labs/policy-drop-tunnel/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/policy-drop-tunnel/mend.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-tunnel/mend.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/policy-drop-tunnel/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-drop-tunnel/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/policy-routing-mark/lab.json"
1:      .incbin "../../../fixtures/labs/policy-routing-mark/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/policy-routing-mark/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-routing-mark/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/policy-routing-source/lab.json"
1:      .incbin "../../../fixtures/labs/policy-routing-source/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/policy-routing-source/setup.sh"
1:      .incbin "../../../fixtures/labs/policy-routing-source/setup.sh"
2:
        .long 45, 2f-1f
        .ascii "labs/port-not-published-address-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-address-ipv6/lab.json"
2:
        .long 45, 2f-1f
        .ascii "labs/port-not-published-address-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-address-ipv6/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/port-not-published-address/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-address/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/port-not-published-address/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-address/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/port-not-published-device-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-device-ipv6/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/port-not-published-device-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-device-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/port-not-published-device/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-device/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/port-not-published-device/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-device/setup.sh"
2:
        .long 48, 2f-1f
        .ascii "labs/port-not-published-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-iptables-legacy/lab.json"
2:
        .long 48, 2f-1f
        .ascii "labs/port-not-published-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-iptables-legacy/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/port-not-published-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-ipv6/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/port-not-published-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-ipv6/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/port-not-published-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-nftables/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/port-not-published-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-nftables/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/port-not-published-other/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-other/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/port-not-published-other/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-other/setup.sh"
2:
        .long 48, 2f-1f
        .ascii "labs/port-not-published-output-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-output-nftables/lab.json"
2:
        .long 48, 2f-1f
        .ascii "labs/port-not-published-output-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-output-nftables/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/port-not-published-output/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-output/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/port-not-published-output/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-output/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/port-not-published-source-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published-source-ipv6/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/port-not-published-source-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published-source-ipv6/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/port-not-published/lab.json"
1:      .incbin "../../../fixtures/labs/port-not-published/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/port-not-published/mend.sh"
1:      .incbin "../../../fixtures/labs/port-not-published/mend.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/port-not-published/setup.sh"
1:      .incbin "../../../fixtures/labs/port-not-published/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/port-without-bridge/lab.json"
1:      .incbin "../../../fixtures/labs/port-without-bridge/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/port-without-bridge/setup.sh"
1:      .incbin "../../../fixtures/labs/port-without-bridge/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/process-stopped-accepted-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/process-stopped-accepted-ipv6/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/process-stopped-accepted-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/process-stopped-accepted-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/process-stopped-accepted/lab.json"
1:      .incbin "../../../fixtures/labs/process-stopped-accepted/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/process-stopped-accepted/setup.sh"
1:      .incbin "../../../fixtures/labs/process-stopped-accepted/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/process-stopped-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/process-stopped-ipv6/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/process-stopped-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/process-stopped-ipv6/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/process-stopped/lab.json"
1:      .incbin "../../../fixtures/labs/process-stopped/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/process-stopped/setup.sh"
1:      .incbin "../../../fixtures/labs/process-stopped/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/proxy-missing-gateway/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-missing-gateway/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/proxy-missing-gateway/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-missing-gateway/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/proxy-missing-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-missing-ipv6/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/proxy-missing-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-missing-ipv6/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/proxy-missing/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-missing/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/proxy-missing/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-missing/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/proxy-not-listening-bridge/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-not-listening-bridge/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/proxy-not-listening-bridge/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-not-listening-bridge/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/proxy-not-listening-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-not-listening-ipv6/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/proxy-not-listening-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-not-listening-ipv6/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/proxy-not-listening-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-not-listening-nftables/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/proxy-not-listening-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-not-listening-nftables/setup.sh"
2:
        .long 45, 2f-1f
        .ascii "labs/proxy-not-listening-transparent/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-not-listening-transparent/lab.json"
2:
        .long 45, 2f-1f
        .ascii "labs/proxy-not-listening-transparent/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-not-listening-transparent/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/proxy-not-listening/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-not-listening/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/proxy-not-listening/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-not-listening/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/proxy-not-routed-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-not-routed-ipv6/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/proxy-not-routed-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-not-routed-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/proxy-not-routed-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-not-routed-nftables/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/proxy-not-routed-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-not-routed-nftables/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/proxy-not-routed/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-not-routed/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/proxy-not-routed/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-not-routed/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/proxy-without-route-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-without-route-ipv6/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/proxy-without-route-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-without-route-ipv6/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/proxy-without-route/lab.json"
1:      .incbin "../../../fixtures/labs/proxy-without-route/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/proxy-without-route/setup.sh"
1:      .incbin "../../../fixtures/labs/proxy-without-route/setup.sh"
2:
        .long 25, 2f-1f
        .ascii "labs/queue-delay/lab.json"
1:      .incbin "../../../fixtures/labs/queue-delay/lab.json"
2:
        .long 25, 2f-1f
        .ascii "labs/queue-delay/setup.sh"
1:      .incbin "../../../fixtures/labs/queue-delay/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/queue-full-arp/lab.json"
1:      .incbin "../../../fixtures/labs/queue-full-arp/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/queue-full-arp/setup.sh"
1:      .incbin "../../../fixtures/labs/queue-full-arp/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/queue-full-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/queue-full-ipv6/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/queue-full-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/queue-full-ipv6/setup.sh"
2:
        .long 24, 2f-1f
        .ascii "labs/queue-full/lab.json"
1:      .incbin "../../../fixtures/labs/queue-full/lab.json"
2:
        .long 24, 2f-1f
        .ascii "labs/queue-full/setup.sh"
1:      .incbin "../../../fixtures/labs/queue-full/setup.sh"
2:
        .long 51, 2f-1f
        .ascii "labs/queue-without-program-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/queue-without-program-iptables-legacy/lab.json"
2:
        .long 51, 2f-1f
        .ascii "labs/queue-without-program-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/queue-without-program-iptables-legacy/setup.sh"
2:
        .long 48, 2f-1f
        .ascii "labs/queue-without-program-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/queue-without-program-iptables-nft/lab.json"
2:
        .long 48, 2f-1f
        .ascii "labs/queue-without-program-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/queue-without-program-iptables-nft/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/queue-without-program-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/queue-without-program-ipv6/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/queue-without-program-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/queue-without-program-ipv6/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/redirected-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/redirected-nftables/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/redirected-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/redirected-nftables/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/redirected-reply-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/redirected-reply-ipv6/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/redirected-reply-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/redirected-reply-ipv6/setup.sh"
2:
        .long 24, 2f-1f
        .ascii "labs/redirected/lab.json"
1:      .incbin "../../../fixtures/labs/redirected/lab.json"
2:
        .long 24, 2f-1f
        .ascii "labs/redirected/setup.sh"
1:      .incbin "../../../fixtures/labs/redirected/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/reply-routed-elsewhere-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/reply-routed-elsewhere-ipv6/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/reply-routed-elsewhere-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/reply-routed-elsewhere-ipv6/setup.sh"
2:
        .long 49, 2f-1f
        .ascii "labs/reply-routed-elsewhere-nat-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/reply-routed-elsewhere-nat-nftables/lab.json"
2:
        .long 49, 2f-1f
        .ascii "labs/reply-routed-elsewhere-nat-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/reply-routed-elsewhere-nat-nftables/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/reply-routed-elsewhere-nat/lab.json"
1:      .incbin "../../../fixtures/labs/reply-routed-elsewhere-nat/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/reply-routed-elsewhere-nat/setup.sh"
1:      .incbin "../../../fixtures/labs/reply-routed-elsewhere-nat/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/reply-routed-elsewhere/lab.json"
1:      .incbin "../../../fixtures/labs/reply-routed-elsewhere/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/reply-routed-elsewhere/setup.sh"
1:      .incbin "../../../fixtures/labs/reply-routed-elsewhere/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/reply-source-mismatch-forward/lab.json"
1:      .incbin "../../../fixtures/labs/reply-source-mismatch-forward/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/reply-source-mismatch-forward/setup.sh"
1:      .incbin "../../../fixtures/labs/reply-source-mismatch-forward/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/reply-source-mismatch-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/reply-source-mismatch-ipv6/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/reply-source-mismatch-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/reply-source-mismatch-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/reply-source-mismatch-nat/lab.json"
1:      .incbin "../../../fixtures/labs/reply-source-mismatch-nat/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/reply-source-mismatch-nat/setup.sh"
1:      .incbin "../../../fixtures/labs/reply-source-mismatch-nat/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/reply-source-mismatch/lab.json"
1:      .incbin "../../../fixtures/labs/reply-source-mismatch/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/reply-source-mismatch/setup.sh"
1:      .incbin "../../../fixtures/labs/reply-source-mismatch/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/reverse-path-filter-arp/lab.json"
1:      .incbin "../../../fixtures/labs/reverse-path-filter-arp/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/reverse-path-filter-arp/setup.sh"
1:      .incbin "../../../fixtures/labs/reverse-path-filter-arp/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/reverse-path-filter-multicast/lab.json"
1:      .incbin "../../../fixtures/labs/reverse-path-filter-multicast/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/reverse-path-filter-multicast/setup.sh"
1:      .incbin "../../../fixtures/labs/reverse-path-filter-multicast/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/reverse-path-filter-reply/lab.json"
1:      .incbin "../../../fixtures/labs/reverse-path-filter-reply/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/reverse-path-filter-reply/setup.sh"
1:      .incbin "../../../fixtures/labs/reverse-path-filter-reply/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/reverse-path-filter/lab.json"
1:      .incbin "../../../fixtures/labs/reverse-path-filter/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/reverse-path-filter/mend.sh"
1:      .incbin "../../../fixtures/labs/reverse-path-filter/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/reverse-path-filter/setup.sh"
1:      .incbin "../../../fixtures/labs/reverse-path-filter/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/route-localnet-inbound/lab.json"
1:      .incbin "../../../fixtures/labs/route-localnet-inbound/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/route-localnet-inbound/setup.sh"
1:      .incbin "../../../fixtures/labs/route-localnet-inbound/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/route-localnet-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/route-localnet-ipv6/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/route-localnet-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/route-localnet-ipv6/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/route-localnet-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/route-localnet-nftables/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/route-localnet-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/route-localnet-nftables/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/route-localnet/lab.json"
1:      .incbin "../../../fixtures/labs/route-localnet/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/route-localnet/setup.sh"
1:      .incbin "../../../fixtures/labs/route-localnet/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/routed-elsewhere-mark-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-mark-ipv6/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/routed-elsewhere-mark-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-mark-ipv6/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/routed-elsewhere-mark/lab.json"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-mark/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/routed-elsewhere-mark/mend.sh"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-mark/mend.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/routed-elsewhere-mark/setup.sh"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-mark/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/routed-elsewhere-port/lab.json"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-port/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/routed-elsewhere-port/setup.sh"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-port/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/routed-elsewhere-protocol-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-protocol-ipv6/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/routed-elsewhere-protocol-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-protocol-ipv6/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/routed-elsewhere-source-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-source-ipv6/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/routed-elsewhere-source-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-source-ipv6/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/routed-elsewhere-source/lab.json"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-source/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/routed-elsewhere-source/mend.sh"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-source/mend.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/routed-elsewhere-source/setup.sh"
1:      .incbin "../../../fixtures/labs/routed-elsewhere-source/setup.sh"
2:
        .long 26, 2f-1f
        .ascii "labs/routing-loop/lab.json"
1:      .incbin "../../../fixtures/labs/routing-loop/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/routing-loop/setup.sh"
1:      .incbin "../../../fixtures/labs/routing-loop/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/rule-drop-arp-bridge/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-arp-bridge/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/rule-drop-arp-bridge/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-arp-bridge/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/rule-drop-arp/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-arp/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/rule-drop-arp/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-arp/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-drop-before-accept-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-before-accept-ipv6/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-drop-before-accept-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-before-accept-ipv6/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/rule-drop-before-accept/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-before-accept/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/rule-drop-before-accept/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-before-accept/setup.sh"
2:
        .long 46, 2f-1f
        .ascii "labs/rule-drop-chains-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-chains-iptables-legacy/lab.json"
2:
        .long 45, 2f-1f
        .ascii "labs/rule-drop-chains-iptables-legacy/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-chains-iptables-legacy/mend.sh"
2:
        .long 46, 2f-1f
        .ascii "labs/rule-drop-chains-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-chains-iptables-legacy/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/rule-drop-chains-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-chains-iptables-nft/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-drop-chains-iptables-nft/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-chains-iptables-nft/mend.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/rule-drop-chains-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-chains-iptables-nft/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-drop-fragments-iptables/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments-iptables/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/rule-drop-fragments-iptables/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments-iptables/mend.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-drop-fragments-iptables/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments-iptables/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/rule-drop-fragments-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments-ipv6/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/rule-drop-fragments-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-fragments-reply/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments-reply/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-fragments-reply/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments-reply/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/rule-drop-fragments/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/rule-drop-fragments/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/rule-drop-fragments/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-fragments/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/rule-drop-input/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-input/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/rule-drop-input/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-input/mend.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/rule-drop-input/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-input/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/rule-drop-ip6tables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-ip6tables-legacy/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/rule-drop-ip6tables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-ip6tables-legacy/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/rule-drop-ip6tables/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-ip6tables/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/rule-drop-ip6tables/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-ip6tables/mend.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/rule-drop-ip6tables/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-ip6tables/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-iptables-legacy/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/rule-drop-iptables-legacy/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-iptables-legacy/mend.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-iptables-legacy/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/rule-drop-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-iptables-nft/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/rule-drop-iptables-nft/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-iptables-nft/mend.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/rule-drop-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-iptables-nft/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/rule-drop-mark-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-mark-iptables-legacy/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/rule-drop-mark-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-mark-iptables-legacy/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/rule-drop-mark-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-mark-iptables-nft/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/rule-drop-mark-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-mark-iptables-nft/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/rule-drop-mark-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-mark-ipv6/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/rule-drop-mark-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-mark-ipv6/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/rule-drop-mark-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-mark-nftables/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/rule-drop-mark-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-mark-nftables/setup.sh"
2:
        .long 47, 2f-1f
        .ascii "labs/rule-drop-neighbour-advertisement/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-neighbour-advertisement/lab.json"
2:
        .long 47, 2f-1f
        .ascii "labs/rule-drop-neighbour-advertisement/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-neighbour-advertisement/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/rule-drop-neighbour-discovery/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-neighbour-discovery/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/rule-drop-neighbour-discovery/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-neighbour-discovery/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/rule-drop-neighbour-hop-limit/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-neighbour-hop-limit/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/rule-drop-neighbour-hop-limit/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-neighbour-hop-limit/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/rule-drop-neighbour-unheard/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-neighbour-unheard/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/rule-drop-neighbour-unheard/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-neighbour-unheard/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-nftables-bridge/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-bridge/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/rule-drop-nftables-bridge/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-bridge/mend.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-nftables-bridge/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-bridge/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/rule-drop-nftables-ingress/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-ingress/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/rule-drop-nftables-ingress/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-ingress/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/rule-drop-nftables-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-ipv6/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/rule-drop-nftables-ipv6/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-ipv6/mend.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/rule-drop-nftables-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-nftables-netdev/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-netdev/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/rule-drop-nftables-netdev/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-netdev/mend.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-nftables-netdev/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-netdev/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/rule-drop-nftables-set/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-set/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/rule-drop-nftables-set/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-set/mend.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/rule-drop-nftables-set/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables-set/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/rule-drop-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/rule-drop-nftables/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables/mend.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/rule-drop-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-nftables/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-one-device-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-one-device-ipv6/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-drop-one-device-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-one-device-ipv6/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/rule-drop-one-device/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-one-device/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/rule-drop-one-device/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-one-device/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/rule-drop-output-tcp/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-output-tcp/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/rule-drop-output-tcp/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-output-tcp/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/rule-drop-output/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-output/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/rule-drop-output/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-output/mend.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/rule-drop-output/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-output/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/rule-drop-reply-input/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-reply-input/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/rule-drop-reply-input/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-reply-input/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-drop-tunnel-output-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-tunnel-output-ipv6/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/rule-drop-tunnel-output-ipv6/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-tunnel-output-ipv6/mend.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-drop-tunnel-output-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-tunnel-output-ipv6/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/rule-drop-tunnel/lab.json"
1:      .incbin "../../../fixtures/labs/rule-drop-tunnel/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/rule-drop-tunnel/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-tunnel/mend.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/rule-drop-tunnel/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-drop-tunnel/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/rule-reject-before-accept-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/rule-reject-before-accept-ipv6/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/rule-reject-before-accept-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-before-accept-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-reject-before-accept/lab.json"
1:      .incbin "../../../fixtures/labs/rule-reject-before-accept/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-reject-before-accept/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-before-accept/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-reject-ip6tables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/rule-reject-ip6tables-legacy/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/rule-reject-ip6tables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-ip6tables-legacy/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/rule-reject-ip6tables/lab.json"
1:      .incbin "../../../fixtures/labs/rule-reject-ip6tables/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/rule-reject-ip6tables/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-ip6tables/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/rule-reject-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/rule-reject-iptables-legacy/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/rule-reject-iptables-legacy/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-iptables-legacy/mend.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/rule-reject-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-iptables-legacy/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/rule-reject-iptables-nft/lab.json"
1:      .incbin "../../../fixtures/labs/rule-reject-iptables-nft/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/rule-reject-iptables-nft/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-iptables-nft/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/rule-reject-iptables-nft/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-iptables-nft/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-reject-nftables-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/rule-reject-nftables-ipv6/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/rule-reject-nftables-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-nftables-ipv6/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/rule-reject-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/rule-reject-nftables/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/rule-reject-nftables/mend.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-nftables/mend.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/rule-reject-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/rule-reject-nftables/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/same-bridge-netfilter/lab.json"
1:      .incbin "../../../fixtures/labs/same-bridge-netfilter/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/same-bridge-netfilter/setup.sh"
1:      .incbin "../../../fixtures/labs/same-bridge-netfilter/setup.sh"
2:
        .long 25, 2f-1f
        .ascii "labs/same-bridge/lab.json"
1:      .incbin "../../../fixtures/labs/same-bridge/lab.json"
2:
        .long 25, 2f-1f
        .ascii "labs/same-bridge/setup.sh"
1:      .incbin "../../../fixtures/labs/same-bridge/setup.sh"
2:
        .long 26, 2f-1f
        .ascii "labs/segmentation/lab.json"
1:      .incbin "../../../fixtures/labs/segmentation/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/segmentation/setup.sh"
1:      .incbin "../../../fixtures/labs/segmentation/setup.sh"
2:
        .long 55, 2f-1f
        .ascii "labs/service-without-endpoints-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/service-without-endpoints-iptables-legacy/lab.json"
2:
        .long 55, 2f-1f
        .ascii "labs/service-without-endpoints-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/service-without-endpoints-iptables-legacy/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/service-without-endpoints-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/service-without-endpoints-ipv6/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/service-without-endpoints-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/service-without-endpoints-ipv6/setup.sh"
2:
        .long 45, 2f-1f
        .ascii "labs/service-without-endpoints-local/lab.json"
1:      .incbin "../../../fixtures/labs/service-without-endpoints-local/lab.json"
2:
        .long 45, 2f-1f
        .ascii "labs/service-without-endpoints-local/setup.sh"
1:      .incbin "../../../fixtures/labs/service-without-endpoints-local/setup.sh"
2:
        .long 48, 2f-1f
        .ascii "labs/service-without-endpoints-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/service-without-endpoints-nftables/lab.json"
2:
        .long 48, 2f-1f
        .ascii "labs/service-without-endpoints-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/service-without-endpoints-nftables/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/service-without-endpoints/lab.json"
1:      .incbin "../../../fixtures/labs/service-without-endpoints/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/service-without-endpoints/mend.sh"
1:      .incbin "../../../fixtures/labs/service-without-endpoints/mend.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/service-without-endpoints/setup.sh"
1:      .incbin "../../../fixtures/labs/service-without-endpoints/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/socket-buffer-full-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/socket-buffer-full-ipv6/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/socket-buffer-full-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/socket-buffer-full-ipv6/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/socket-buffer-full/lab.json"
1:      .incbin "../../../fixtures/labs/socket-buffer-full/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/socket-buffer-full/mend.sh"
1:      .incbin "../../../fixtures/labs/socket-buffer-full/mend.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/socket-buffer-full/setup.sh"
1:      .incbin "../../../fixtures/labs/socket-buffer-full/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/source-nat-mismatch-device/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-device/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/source-nat-mismatch-device/mend.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-device/mend.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/source-nat-mismatch-device/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-device/setup.sh"
2:
        .long 49, 2f-1f
        .ascii "labs/source-nat-mismatch-iptables-legacy/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-iptables-legacy/lab.json"
2:
        .long 49, 2f-1f
        .ascii "labs/source-nat-mismatch-iptables-legacy/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-iptables-legacy/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/source-nat-mismatch-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-ipv6/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/source-nat-mismatch-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-ipv6/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/source-nat-mismatch-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-nftables/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/source-nat-mismatch-nftables/mend.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-nftables/mend.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/source-nat-mismatch-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-nftables/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/source-nat-mismatch-private/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-private/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/source-nat-mismatch-private/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-private/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/source-nat-mismatch-source/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-source/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/source-nat-mismatch-source/mend.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-source/mend.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/source-nat-mismatch-source/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-mismatch-source/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/source-nat-unheld-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-unheld-ipv6/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/source-nat-unheld-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-unheld-ipv6/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/source-nat-unheld-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-unheld-nftables/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/source-nat-unheld-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-unheld-nftables/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/source-nat-unheld-prefix/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-unheld-prefix/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/source-nat-unheld-prefix/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-unheld-prefix/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/source-nat-unheld/lab.json"
1:      .incbin "../../../fixtures/labs/source-nat-unheld/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/source-nat-unheld/setup.sh"
1:      .incbin "../../../fixtures/labs/source-nat-unheld/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/source-ports-exhausted/lab.json"
1:      .incbin "../../../fixtures/labs/source-ports-exhausted/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/source-ports-exhausted/setup.sh"
1:      .incbin "../../../fixtures/labs/source-ports-exhausted/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/stale-forward-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/stale-forward-nftables/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/stale-forward-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/stale-forward-nftables/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/stale-forward/lab.json"
1:      .incbin "../../../fixtures/labs/stale-forward/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/stale-forward/setup.sh"
1:      .incbin "../../../fixtures/labs/stale-forward/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/stale-neighbor-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/stale-neighbor-ipv6/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/stale-neighbor-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/stale-neighbor-ipv6/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/stale-neighbor-unseen/lab.json"
1:      .incbin "../../../fixtures/labs/stale-neighbor-unseen/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/stale-neighbor-unseen/setup.sh"
1:      .incbin "../../../fixtures/labs/stale-neighbor-unseen/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/stale-neighbor-vxlan/lab.json"
1:      .incbin "../../../fixtures/labs/stale-neighbor-vxlan/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/stale-neighbor-vxlan/setup.sh"
1:      .incbin "../../../fixtures/labs/stale-neighbor-vxlan/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/stale-neighbor/lab.json"
1:      .incbin "../../../fixtures/labs/stale-neighbor/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/stale-neighbor/setup.sh"
1:      .incbin "../../../fixtures/labs/stale-neighbor/setup.sh"
2:
        .long 28, 2f-1f
        .ascii "labs/tc-drop-egress/lab.json"
1:      .incbin "../../../fixtures/labs/tc-drop-egress/lab.json"
2:
        .long 28, 2f-1f
        .ascii "labs/tc-drop-egress/setup.sh"
1:      .incbin "../../../fixtures/labs/tc-drop-egress/setup.sh"
2:
        .long 26, 2f-1f
        .ascii "labs/tc-drop-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/tc-drop-ipv6/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/tc-drop-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/tc-drop-ipv6/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/tc-drop-redirect/lab.json"
1:      .incbin "../../../fixtures/labs/tc-drop-redirect/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/tc-drop-redirect/setup.sh"
1:      .incbin "../../../fixtures/labs/tc-drop-redirect/setup.sh"
2:
        .long 21, 2f-1f
        .ascii "labs/tc-drop/lab.json"
1:      .incbin "../../../fixtures/labs/tc-drop/lab.json"
2:
        .long 20, 2f-1f
        .ascii "labs/tc-drop/mend.sh"
1:      .incbin "../../../fixtures/labs/tc-drop/mend.sh"
2:
        .long 21, 2f-1f
        .ascii "labs/tc-drop/setup.sh"
1:      .incbin "../../../fixtures/labs/tc-drop/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/ttl-expired-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/ttl-expired-ipv6/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/ttl-expired-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/ttl-expired-ipv6/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/ttl-expired-rule-iptables/lab.json"
1:      .incbin "../../../fixtures/labs/ttl-expired-rule-iptables/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/ttl-expired-rule-iptables/setup.sh"
1:      .incbin "../../../fixtures/labs/ttl-expired-rule-iptables/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/ttl-expired-rule-nftables/lab.json"
1:      .incbin "../../../fixtures/labs/ttl-expired-rule-nftables/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/ttl-expired-rule-nftables/setup.sh"
1:      .incbin "../../../fixtures/labs/ttl-expired-rule-nftables/setup.sh"
2:
        .long 25, 2f-1f
        .ascii "labs/ttl-expired/lab.json"
1:      .incbin "../../../fixtures/labs/ttl-expired/lab.json"
2:
        .long 24, 2f-1f
        .ascii "labs/ttl-expired/mend.sh"
1:      .incbin "../../../fixtures/labs/ttl-expired/mend.sh"
2:
        .long 25, 2f-1f
        .ascii "labs/ttl-expired/setup.sh"
1:      .incbin "../../../fixtures/labs/ttl-expired/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-01-loopback-down/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-01-loopback-down/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/tutorial-01-loopback-down/mend.sh"
1:      .incbin "../../../fixtures/labs/tutorial-01-loopback-down/mend.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-01-loopback-down/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-01-loopback-down/setup.sh"
2:
        .long 34, 2f-1f
        .ascii "labs/tutorial-02-loopback/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-02-loopback/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/tutorial-02-loopback/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-02-loopback/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/tutorial-03-other-end-down/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-03-other-end-down/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-03-other-end-down/mend.sh"
1:      .incbin "../../../fixtures/labs/tutorial-03-other-end-down/mend.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/tutorial-03-other-end-down/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-03-other-end-down/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/tutorial-04-namespace-to-host/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-04-namespace-to-host/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/tutorial-04-namespace-to-host/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-04-namespace-to-host/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/tutorial-05-no-default-route/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-05-no-default-route/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/tutorial-05-no-default-route/mend.sh"
1:      .incbin "../../../fixtures/labs/tutorial-05-no-default-route/mend.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/tutorial-05-no-default-route/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-05-no-default-route/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-06-default-route/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-06-default-route/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-06-default-route/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-06-default-route/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-07-no-masquerade/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-07-no-masquerade/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/tutorial-07-no-masquerade/mend.sh"
1:      .incbin "../../../fixtures/labs/tutorial-07-no-masquerade/mend.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-07-no-masquerade/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-07-no-masquerade/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/tutorial-08-masquerade/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-08-masquerade/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/tutorial-08-masquerade/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-08-masquerade/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/tutorial-09-address-on-port/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-09-address-on-port/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/tutorial-09-address-on-port/mend.sh"
1:      .incbin "../../../fixtures/labs/tutorial-09-address-on-port/mend.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/tutorial-09-address-on-port/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-09-address-on-port/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/tutorial-10-bridge-to-host/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-10-bridge-to-host/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/tutorial-10-bridge-to-host/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-10-bridge-to-host/setup.sh"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-10-bridge-to-wan/lab.json"
1:      .incbin "../../../fixtures/labs/tutorial-10-bridge-to-wan/lab.json"
2:
        .long 39, 2f-1f
        .ascii "labs/tutorial-10-bridge-to-wan/setup.sh"
1:      .incbin "../../../fixtures/labs/tutorial-10-bridge-to-wan/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/two-bridges-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/two-bridges-ipv6/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/two-bridges-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/two-bridges-ipv6/setup.sh"
2:
        .long 25, 2f-1f
        .ascii "labs/two-bridges/lab.json"
1:      .incbin "../../../fixtures/labs/two-bridges/lab.json"
2:
        .long 25, 2f-1f
        .ascii "labs/two-bridges/setup.sh"
1:      .incbin "../../../fixtures/labs/two-bridges/setup.sh"
2:
        .long 40, 2f-1f
        .ascii "labs/two-faults-forwarding-rule/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-forwarding-rule/lab.json"
2:
        .long 40, 2f-1f
        .ascii "labs/two-faults-forwarding-rule/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-forwarding-rule/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/two-faults-gateways-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-gateways-ipv6/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/two-faults-gateways-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-gateways-ipv6/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/two-faults-link-translation/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-link-translation/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/two-faults-link-translation/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-link-translation/setup.sh"
2:
        .long 42, 2f-1f
        .ascii "labs/two-faults-ports-bridge-rule/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-ports-bridge-rule/lab.json"
2:
        .long 42, 2f-1f
        .ascii "labs/two-faults-ports-bridge-rule/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-ports-bridge-rule/setup.sh"
2:
        .long 44, 2f-1f
        .ascii "labs/two-faults-publishing-listener/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-publishing-listener/lab.json"
2:
        .long 44, 2f-1f
        .ascii "labs/two-faults-publishing-listener/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-publishing-listener/setup.sh"
2:
        .long 41, 2f-1f
        .ascii "labs/two-faults-route-forwarding/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-route-forwarding/lab.json"
2:
        .long 41, 2f-1f
        .ascii "labs/two-faults-route-forwarding/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-route-forwarding/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/two-faults-route-policy/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-route-policy/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/two-faults-route-policy/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-route-policy/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/two-faults-rule-listener/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-rule-listener/lab.json"
2:
        .long 38, 2f-1f
        .ascii "labs/two-faults-rule-listener/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-rule-listener/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/two-faults-three/lab.json"
1:      .incbin "../../../fixtures/labs/two-faults-three/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/two-faults-three/setup.sh"
1:      .incbin "../../../fixtures/labs/two-faults-three/setup.sh"
2:
        .long 29, 2f-1f
        .ascii "labs/vxlan-fragments/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-fragments/lab.json"
2:
        .long 29, 2f-1f
        .ascii "labs/vxlan-fragments/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-fragments/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/vxlan-overlay/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-overlay/lab.json"
2:
        .long 27, 2f-1f
        .ascii "labs/vxlan-overlay/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-overlay/setup.sh"
2:
        .long 37, 2f-1f
        .ascii "labs/vxlan-unreachable-entry/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-entry/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/vxlan-unreachable-entry/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-entry/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/vxlan-unreachable-fdb/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-fdb/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/vxlan-unreachable-fdb/mend.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-fdb/mend.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/vxlan-unreachable-fdb/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-fdb/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/vxlan-unreachable-own/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-own/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/vxlan-unreachable-own/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-own/setup.sh"
2:
        .long 36, 2f-1f
        .ascii "labs/vxlan-unreachable-port/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-port/lab.json"
2:
        .long 36, 2f-1f
        .ascii "labs/vxlan-unreachable-port/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-port/setup.sh"
2:
        .long 43, 2f-1f
        .ascii "labs/vxlan-unreachable-remote-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-remote-ipv6/lab.json"
2:
        .long 43, 2f-1f
        .ascii "labs/vxlan-unreachable-remote-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-remote-ipv6/setup.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/vxlan-unreachable-remote/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-remote/lab.json"
2:
        .long 37, 2f-1f
        .ascii "labs/vxlan-unreachable-remote/mend.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-remote/mend.sh"
2:
        .long 38, 2f-1f
        .ascii "labs/vxlan-unreachable-remote/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-remote/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/vxlan-unreachable-vni/lab.json"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-vni/lab.json"
2:
        .long 34, 2f-1f
        .ascii "labs/vxlan-unreachable-vni/mend.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-vni/mend.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/vxlan-unreachable-vni/setup.sh"
1:      .incbin "../../../fixtures/labs/vxlan-unreachable-vni/setup.sh"
2:
        .long 35, 2f-1f
        .ascii "labs/wan-to-published-port/lab.json"
1:      .incbin "../../../fixtures/labs/wan-to-published-port/lab.json"
2:
        .long 35, 2f-1f
        .ascii "labs/wan-to-published-port/setup.sh"
1:      .incbin "../../../fixtures/labs/wan-to-published-port/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/wrong-gateway-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-gateway-ipv6/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/wrong-gateway-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-gateway-ipv6/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/wrong-gateway/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-gateway/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/wrong-gateway/mend.sh"
1:      .incbin "../../../fixtures/labs/wrong-gateway/mend.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/wrong-gateway/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-gateway/setup.sh"
2:
        .long 32, 2f-1f
        .ascii "labs/wrong-netmask-ipv6/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-netmask-ipv6/lab.json"
2:
        .long 32, 2f-1f
        .ascii "labs/wrong-netmask-ipv6/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-netmask-ipv6/setup.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/wrong-netmask/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-netmask/lab.json"
2:
        .long 26, 2f-1f
        .ascii "labs/wrong-netmask/mend.sh"
1:      .incbin "../../../fixtures/labs/wrong-netmask/mend.sh"
2:
        .long 27, 2f-1f
        .ascii "labs/wrong-netmask/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-netmask/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/wrong-route-local/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-route-local/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/wrong-route-local/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-route-local/setup.sh"
2:
        .long 33, 2f-1f
        .ascii "labs/wrong-route-network/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-route-network/lab.json"
2:
        .long 33, 2f-1f
        .ascii "labs/wrong-route-network/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-route-network/setup.sh"
2:
        .long 31, 2f-1f
        .ascii "labs/wrong-route-reply/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-route-reply/lab.json"
2:
        .long 31, 2f-1f
        .ascii "labs/wrong-route-reply/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-route-reply/setup.sh"
2:
        .long 30, 2f-1f
        .ascii "labs/wrong-route-rule/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-route-rule/lab.json"
2:
        .long 30, 2f-1f
        .ascii "labs/wrong-route-rule/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-route-rule/setup.sh"
2:
        .long 25, 2f-1f
        .ascii "labs/wrong-route/lab.json"
1:      .incbin "../../../fixtures/labs/wrong-route/lab.json"
2:
        .long 25, 2f-1f
        .ascii "labs/wrong-route/setup.sh"
1:      .incbin "../../../fixtures/labs/wrong-route/setup.sh"
2:
        .long 24, 2f-1f
        .ascii "labs/xdp-drop/drop.bpf.o"
1:      .incbin "../../../fixtures/labs/xdp-drop/drop.bpf.o"
2:
        .long 22, 2f-1f
        .ascii "labs/xdp-drop/lab.json"
1:      .incbin "../../../fixtures/labs/xdp-drop/lab.json"
2:
        .long 21, 2f-1f
        .ascii "labs/xdp-drop/mend.sh"
1:      .incbin "../../../fixtures/labs/xdp-drop/mend.sh"
2:
        .long 22, 2f-1f
        .ascii "labs/xdp-drop/setup.sh"
1:      .incbin "../../../fixtures/labs/xdp-drop/setup.sh"
2:
        .globl packetwalk_files_end
packetwalk_files_end:
        .section .note.GNU-stack,"",@progbits
