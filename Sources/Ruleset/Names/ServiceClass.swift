/// The names of differentiated services code points (RFC 2474, RFC 2597, RFC 3246), as both firewalls use them.
enum ServiceClass {
    static func codePoint(_ name: String) -> UInt64? {
        let digits = name.dropFirst(2).compactMap { $0.wholeNumberValue }
        switch (name.prefix(2), digits.count) {
        case ("cs", 1) where digits[0] < 8: return UInt64(digits[0] << 3)
        case ("af", 2) where (1...4).contains(digits[0]) && (1...3).contains(digits[1]):
            return UInt64(digits[0] << 3 | digits[1] << 1)
        default: return ["ef": 46, "be": 0, "lephb": 1, "va": 44][name]
        }
    }
}
