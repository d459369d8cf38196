// Which of the packets that are wanted are in the sample.
#pragma once
#include "filter.bpf.h"

enum { IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_ICMPV6 = 58 };
enum { TCP_SYN = 2, TCP_ACK = 16 };
// What of a payload counts, and 64 KiB blocks of a TCP stream that one packet lies in.
#define SAMPLED_BYTES 32
#define BLOCK_LIMIT 16

// What follows is Wire/SampleNumber.swift in C: the two must agree, bit for bit.
inlined u32 number_of_block(u16 block) {
    u16 spread = block ^ 0x5aa5;
    spread *= 0x9e37;
    spread ^= spread >> 7;
    spread *= 0x85eb;
    spread ^= spread >> 9;
    return (u32)spread << 16;
}

inlined u32 number_of_stream(u32 start, u32 length) {
    u16 block = start >> 16, last = (start + (length ? length : 1) - 1) >> 16;
    u32 lowest = 0xffffffff;
    for (int count = 0; count < BLOCK_LIMIT; count++) {
        u32 number = number_of_block(block);
        if (number < lowest) lowest = number;
        if (block == last) break;
        block++;
    }
    return lowest;
}

// Jenkins' hash of 36 bytes (include/linux/jhash.h): the identification, two zeros, and `words`, 32 bytes.
#define ROTATED(word, count) ((word) << (count) | (word) >> (32 - (count)))
#define MIX(one, two, three, count) one = (one - two) ^ ROTATED(two, count), two += three
#define FINISH(one, two, count) one = (one ^ two) - ROTATED(two, count)

inlined u32 hash_of(const u32 *words, u8 protocol, u16 identification) {
    u32 a = 0xdeadbeef + 36 + protocol, b = a, c = a;
    union {
        u8 bytes[4];
        u32 word;
    } first = {.bytes = {identification >> 8, identification & 255}};
    a += first.word, b += words[0], c += words[1];
    for (int round = 0;; round++) {
        MIX(a, c, b, 4), MIX(b, a, c, 6), MIX(c, b, a, 8), MIX(a, c, b, 16), MIX(b, a, c, 19), MIX(c, b, a, 4);
        a += words[2 + 3 * round], b += words[3 + 3 * round], c += words[4 + 3 * round];
        if (round == 1) break;
    }
    FINISH(c, b, 14), FINISH(a, c, 11), FINISH(b, a, 25), FINISH(c, b, 16), FINISH(a, c, 4), FINISH(b, a, 14);
    FINISH(c, b, 24);
    return c;
}

// Where an IP packet's payload is, and what the number depends on.
struct payload {
    const unsigned char *start;
    s64 available;  // bytes of it that lie together
    s64 length;
    u8 protocol;
    u16 identification;
};

// Whether a number from the first bytes of a payload, `skipped` bytes from its start, is below the threshold.
inlined int is_hash_below(u32 threshold, const struct payload *payload, u32 skipped, u8 protocol, u16 identification) {
    const unsigned char *start = payload->start + skipped;
    s64 length = payload->length - skipped;
    if (length < 0) return 1;
    if (length > SAMPLED_BYTES) length = SAMPLED_BYTES;
    if (payload->available - skipped < length) return 1;
    u32 words[SAMPLED_BYTES / 4] = {};
    u32 count = length;
    if (count == SAMPLED_BYTES) {
        const struct in6_addr *first = LOOK(start), *second = LOOK(start + 16);
        for (int index = 0; index < 4; index++) {
            words[index] = first->words[index];
            words[index + 4] = second->words[index];
        }
    } else {
        // The verifier wants to be shown what the compiler knows.
        asm volatile("" : "+r"(count));
        if (count > SAMPLED_BYTES) return 1;
        if (bpf_probe_read_kernel(words, count, start) != 0) return 1;
    }
    return hash_of(words, protocol, identification) < threshold;
}

inlined int is_tcp_sampled(u32 threshold, const struct payload *payload) {
    const unsigned char *header = payload->start;
    if (payload->available < 20 || payload->length < 20) return 1;
    u32 header_length = (byte_at(header + 12) >> 4) * 4;
    if (header_length < 20 || payload->length < header_length) return 1;
    u32 length = payload->length - header_length;
    u8 flags = byte_at(header + 13);
    if (length == 0 && flags & TCP_ACK) return number_of_block((word_at(header + 8) - 1) >> 16) < threshold;
    return number_of_stream(word_at(header + 4), length + (flags & TCP_SYN ? 1 : 0)) < threshold;
}

inlined int is_udp_sampled(u32 threshold, const struct filter *wanted, struct payload *payload) {
    if (payload->available < 8 || payload->length < 8) return 1;
    // What a tunnel carries counts, which is not looked for here.
    if (is_tunnel(wanted, payload->start)) return 1;
    u32 length = half_at(payload->start + 4);
    if (length != 0 && length < 8) return 1;
    if (length != 0 && length < payload->length) payload->length = length;
    return is_hash_below(threshold, payload, 8, IPPROTO_UDP, payload->identification);
}

inlined int is_echo_sampled(u32 threshold, const struct payload *payload, int is_ipv6) {
    if (payload->available < 8 || payload->length < 8) return 1;
    u8 type = byte_at(payload->start);
    if (is_ipv6 ? type != 128 && type != 129 : type != 0 && type != 8) return 1;
    return is_hash_below(threshold, payload, 8, IPPROTO_ICMP, half_at(payload->start + 6));
}

// Whether the reader is to see a packet. It decides itself about those whose number is not worked out here: fragments,
// tunnels, errors, packets with extension headers.
//
// `whole`: bytes from `network` to the packet's end.
inlined int is_sampled(
    const struct filter *wanted, u16 ether_type, const unsigned char *network, s64 available, u32 whole) {
    u32 threshold = wanted->sample;
    if (threshold == 0) return 1;
    struct payload payload = {};
    u32 header_length, length;
    int is_ipv6 = ether_type == ETH_P_IPV6;
    if (ether_type == ETH_P_IP) {
        if (available < 20 || half_at(network + 6) & 0x3fff) return 1;
        header_length = (byte_at(network) & 15) * 4;
        if (header_length < 20) return 1;
        length = half_at(network + 2);
        payload.protocol = byte_at(network + 9);
        payload.identification = half_at(network + 4);
        // Longer than the field can say.
        if (length == 0) length = whole;
    } else if (is_ipv6) {
        if (available < 40) return 1;
        header_length = 40;
        length = half_at(network + 4);
        payload.protocol = byte_at(network + 6);
        length = length == 0 ? whole : length + header_length;
    } else {
        return 1;
    }
    payload.start = network + header_length;
    payload.available = available - header_length;
    payload.length = (s64)length - header_length;
    switch (payload.protocol) {
    case IPPROTO_TCP: return is_tcp_sampled(threshold, &payload);
    case IPPROTO_UDP: return is_udp_sampled(threshold, wanted, &payload);
    case IPPROTO_ICMP: return is_ipv6 || is_echo_sampled(threshold, &payload, 0);
    case IPPROTO_ICMPV6: return !is_ipv6 || is_echo_sampled(threshold, &payload, 1);
    default: return 1;
    }
}

// Whether the reader is to hear of a packet at all.
inlined int is_seen(u16 ether_type, struct sk_buff *skb, const unsigned char *network) {
    u32 zero = 0;
    const struct filter *wanted = bpf_map_lookup_elem(&filter, &zero);
    if (!wanted) return 1;
    s64 before = skb->data - network;
    s64 available = (s64)skb->len - skb->data_len + before;
    return is_wanted(wanted, ether_type, network, available) &&
           is_sampled(wanted, ether_type, network, available, skb->len + (u32)before);
}
