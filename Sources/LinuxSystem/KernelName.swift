extension String {
    /// The name of a device, a chain or the like as the kernel keeps it: nearly any bytes. Those that are no UTF-8 stand
    /// as `\xHH`, so that two different names stay different.
    ///
    /// - Parameter bytes: without the NUL at their end.
    public init(kernelName bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        if let text = String(validating: bytes, as: UTF8.self) {
            self = text
            return
        }
        self = ""
        var rest = bytes[...]
        while !rest.isEmpty {
            // A character takes at most four bytes.
            let length = (1...4).first { $0 <= rest.count && String(validating: rest.prefix($0), as: UTF8.self) != nil }
            if let length {
                self += String(decoding: rest.prefix(length), as: UTF8.self)
            } else {
                let digits = String(rest[rest.startIndex], radix: 16)
                self += "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
            rest = rest.dropFirst(length ?? 1)
        }
    }

    /// The bytes that this names, where it was made of some that are no UTF-8; nil where nothing in it looks like that.
    public var kernelNameBytes: [UInt8]? {
        var bytes: [UInt8] = []
        var isEscaped = false
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.dropFirst().prefix(2)
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), digits.count == 2,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), code >= 0x80
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        return isEscaped ? bytes : nil
    }
}
