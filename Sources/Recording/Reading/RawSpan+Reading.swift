/// Numbers at any offset; zero where the span ends before them.
extension RawSpan {
    @inline(__always)
    func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: Number.Type, swapped: Bool) -> Number
    {
        guard offset >= 0, offset <= byteCount &- MemoryLayout<Number>.size else { return 0 }
        let value = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: Number.self)
        return swapped ? value.byteSwapped : value
    }
}
