internal import Wire

/// Writes or reads numbered fields, in rising order of their numbers. One function lists the fields of a value and
/// serves both ways, so that writer and reader can't drift apart.
protocol FieldCoder {
    /// Writes `value` unless it equals `base`; or reads it, and leaves it as it is where the field is not there.
    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ tag: UInt8, _ value: inout Number, _ base: Number)
    mutating func address(_ tag: UInt8, _ value: inout IPAddress, _ base: IPAddress)
}

/// A field is its number, then its value in seven bits a byte, lowest first (LEB128); an address is its family (4, 6)
/// and its bytes.
struct FieldWriter: FieldCoder {
    var bytes: [UInt8] = []

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest > 127 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ tag: UInt8, _ value: inout Number, _ base: Number
    ) {
        guard value != base else { return }
        bytes.append(tag)
        append(UInt64(truncatingIfNeeded: value))
    }

    mutating func address(_ tag: UInt8, _ value: inout IPAddress, _ base: IPAddress) {
        guard value != base else { return }
        bytes.append(tag)
        bytes.append(value.family.rawValue)
        if value.isIPv4 {
            append(value.low)
        } else {
            append(value.high)
            append(value.low)
        }
    }
}

/// Reads what `FieldWriter` wrote; ends quietly at what it can't understand.
struct FieldReader: FieldCoder {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    /// The field that comes next; 0 at the end.
    private var next: UInt8 = 0

    /// `bytes` must outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        next = byte()
    }

    private mutating func byte() -> UInt8 {
        guard offset < bytes.count else { return 0 }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func value() -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            let part = byte()
            result |= UInt64(part & 127) << shift
            if part < 128 { break }
            shift += 7
        }
        return result
    }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ tag: UInt8, _ value: inout Number, _ base: Number
    ) {
        guard next == tag else { return }
        value = Number(truncatingIfNeeded: self.value())
        next = byte()
    }

    mutating func address(_ tag: UInt8, _ value: inout IPAddress, _ base: IPAddress) {
        guard next == tag else { return }
        if byte() == 4 {
            value = IPAddress(ipv4: UInt32(truncatingIfNeeded: self.value()))
        } else {
            let high = self.value()
            value = IPAddress(high: high, low: self.value())
        }
        next = byte()
    }
}
