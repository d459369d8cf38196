internal import CPcap

/// A pcap filter as words of iptables(8).
enum XTablesMatch {
    /// XT_BPF_MAX_NUM_INSTR of linux/netfilter/xt_bpf.h.
    static let instructionLimit = 64

    /// `-m bpf --bytecode "N,CODE JT JF K,…"`, which decides exactly as libpcap does; empty (every packet) where there
    /// is no filter, or one that is too long for the kernel or means nothing on an IP packet without a link layer.
    static func words(_ filter: String) -> String {
        if filter.isEmpty { return "" }
        guard let handle = pcap_open_dead(DLT_RAW, 262_144) else { return "" }
        defer { pcap_close(handle) }
        var program = bpf_program()
        guard pcap_compile(handle, &program, filter, 1, 0xffff_ffff) == 0 else { return "" }
        defer { pcap_freecode(&program) }
        let instructions = UnsafeBufferPointer(start: program.bf_insns, count: Int(program.bf_len))
        guard (1...instructionLimit).contains(instructions.count) else { return "" }
        let code = instructions.map { "\($0.code) \($0.jt) \($0.jf) \($0.k)" }.joined(separator: ",")
        return "-m bpf --bytecode \"\(instructions.count),\(code)\""
    }
}
