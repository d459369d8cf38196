extension Unicode.Scalar {
    /// Whether the scalar could steer a terminal or make text read as other than it is: control bytes, bidirectional
    /// overrides (CVE-2021-42574), zero-width and format characters, line separators, private use and non-characters.
    package var isUnsafe: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: return true
        // A space that is not U+0020 reads like one, and a selector changes the width of what stands before it.
        case .spaceSeparator: return value != 0x20
        default: return (0xfe00...0xfe0f).contains(value) || (0xe0100...0xe01ef).contains(value)
        }
    }
}
