/// A word for the shell: quoted where it needs to be.
public func shellWord(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "-_./:@+,".utf8.contains(byte)
    }
    if plain, !text.isEmpty { return text }
    let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
    if isPrintable, !text.contains("\\x") { return "'\(text.replacing("'", with: "'\\''"))'" }
    // What can't be typed, in the form of bash, zsh and ksh. A name's bytes that are no UTF-8 stand there as `\xHH`.
    var word = ""
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "\\"):
            let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
            let isByte = rest.first == UInt8(ascii: "x") && UInt8(digits, radix: 16).map { $0 >= 0x80 } == true
            word += isByte ? "\\" : "\\\\"
        case UInt8(ascii: "'"): word += "\\'"
        case 0x20..<0x7f: word.unicodeScalars.append(Unicode.Scalar(byte))
        default: word += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return "$'\(word)'"
}
