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

inlined u32 big_endian(const u8 *bytes) {
    return (u32)bytes[0] << 24 | (u32)bytes[1] << 16 | (u32)bytes[2] << 8 | bytes[3];
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
    u32 words[SAMPLED_BYTES / 4] = {};
    s64 length = payload->length - skipped;
    if (length < 0) return 1;
    if (length > SAMPLED_BYTES) length = SAMPLED_BYTES;
    if (payload->available - skipped < length) return 1;
    u32 count = length;
    if (count > SAMPLED_BYTES) return 1;
    if (bpf_probe_read_kernel(words, count, payload->start + skipped) != 0) return 1;
    return hash_of(words, protocol, identification) < threshold;
}

inlined int is_tcp_sampled(u32 threshold, const struct payload *payload) {
    u8 header[20];
    if (payload->available < 20 || payload->length < 20) return 1;
    if (bpf_probe_read_kernel(header, sizeof header, payload->start) != 0) return 1;
    u32 header_length = (header[12] >> 4) * 4;
    if (header_length < 20 || payload->length < header_length) return 1;
    u32 length = payload->length - header_length;
    if (length == 0 && header[13] & TCP_ACK) return number_of_block((big_endian(header + 8) - 1) >> 16) < threshold;
    return number_of_stream(big_endian(header + 4), length + (header[13] & TCP_SYN ? 1 : 0)) < threshold;
}

inlined int is_udp_sampled(u32 threshold, const struct filter *wanted, struct payload *payload) {
    u8 header[8];
    if (payload->available < 8 || payload->length < 8) return 1;
    if (bpf_probe_read_kernel(header, sizeof header, payload->start) != 0) return 1;
    // What a tunnel carries counts, which is not looked for here.
    if (is_tunnel(wanted, payload->start)) return 1;
    u32 length = (u32)header[4] << 8 | header[5];
    if (length != 0 && length < 8) return 1;
    if (length != 0 && length < payload->length) payload->length = length;
    return is_hash_below(threshold, payload, 8, IPPROTO_UDP, payload->identification);
}

inlined int is_echo_sampled(u32 threshold, const struct payload *payload, int is_ipv6) {
    u8 header[8];
    if (payload->available < 8 || payload->length < 8) return 1;
    if (bpf_probe_read_kernel(header, sizeof header, payload->start) != 0) return 1;
    if (is_ipv6 ? header[0] != 128 && header[0] != 129 : header[0] != 0 && header[0] != 8) return 1;
    return is_hash_below(threshold, payload, 8, IPPROTO_ICMP, (u16)header[6] << 8 | header[7]);
}

enum { UNDECIDED = -1 };

// The same for most packets of IPv4, by the bytes that were read already: an IP header of 20 bytes, and all that counts
// behind it.
//
// `length`: of the IP packet.
inlined int is_plain_sampled(u32 threshold, const struct filter *wanted, const struct start *start, u32 length) {
    const u8 *bytes = start->bytes;
    if (start->count < START_BYTES || length < START_BYTES) return UNDECIDED;
    if (bytes[9] == IPPROTO_TCP) {
        u32 header_length = (bytes[32] >> 4) * 4;
        if (header_length < 20 || length < 20 + header_length) return 1;
        u32 data = length - 20 - header_length;
        if (data == 0 && bytes[33] & TCP_ACK) return number_of_block((big_endian(bytes + 28) - 1) >> 16) < threshold;
        return number_of_stream(big_endian(bytes + 24), data + (bytes[33] & TCP_SYN ? 1 : 0)) < threshold;
    }
    if (bytes[9] == IPPROTO_UDP) {
        u32 datagram = (u32)bytes[24] << 8 | bytes[25];
        if (datagram < 8 + SAMPLED_BYTES) return UNDECIDED;
        if (are_of_tunnel(wanted, (u16)bytes[20] << 8 | bytes[21], (u16)bytes[22] << 8 | bytes[23])) return 1;
        return hash_of(&start->words[7], IPPROTO_UDP, (u16)bytes[4] << 8 | bytes[5]) < threshold;
    }
    if (bytes[9] == IPPROTO_ICMP) {
        if (bytes[20] != 0 && bytes[20] != 8) return 1;
        return hash_of(&start->words[7], IPPROTO_ICMP, (u16)bytes[26] << 8 | bytes[27]) < threshold;
    }
    return UNDECIDED;
}

// Whether the reader is to see a packet. It decides itself about those whose number is not worked out here: fragments,
// tunnels, errors, packets with extension headers.
//
// `whole`: bytes from `network` to the packet's end.
inlined int is_sampled(
    const struct filter *wanted, u16 ether_type, const unsigned char *network, const struct start *start, s64 available,
    u32 whole) {
    u32 threshold = wanted->sample;
    if (threshold == 0) return 1;
    struct payload payload = {};
    const u8 *header = start->bytes;
    u32 header_length, length;
    int is_ipv6 = ether_type == ETH_P_IPV6;
    if (start->count < 20) return 1;
    if (ether_type == ETH_P_IP) {
        if ((header[6] & 0x3f) | header[7]) return 1;
        header_length = (header[0] & 15) * 4;
        if (header_length < 20) return 1;
        length = (u32)header[2] << 8 | header[3];
        payload.protocol = header[9];
        payload.identification = (u16)header[4] << 8 | header[5];
        // Longer than the field can say.
        if (length == 0) length = whole;
        if (header_length == 20) {
            int decision = is_plain_sampled(threshold, wanted, start, length);
            if (decision != UNDECIDED) return decision;
        }
    } else if (is_ipv6) {
        header_length = 40;
        length = (u32)header[4] << 8 | header[5];
        payload.protocol = header[6];
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
