/// The bytes of a hexadecimal listing; what follows `//` in a line is a comment.
func hex(_ listing: String) -> [UInt8] {
    let digits = listing.split(separator: "\n").flatMap { line in
        let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
        return code.compactMap(\.hexDigitValue)
    }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
