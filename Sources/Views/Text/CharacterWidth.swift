extension Unicode.Scalar {
    /// Columns that a terminal gives the scalar: 0 for marks that combine, 2 for wide East Asian and emoji, else 1.
    ///
    /// After wcwidth(3) and Unicode's East Asian Width (UAX #11); ambiguous characters count as narrow.
    var columns: Int {
        if value < 0x300 { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        if properties.isEmojiPresentation { return 2 }
        switch value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
            0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6,
            0x16fe0...0x18aff, 0x1b000...0x1b2ff, 0x1f200...0x1f2ff, 0x20000...0x3fffd:
            return 2
        default:
            return 1
        }
    }
}

extension String {
    /// Columns that a terminal gives the text; it must hold no control character.
    var columns: Int {
        var sum = 0
        for scalar in unicodeScalars { sum += scalar.columns }
        return sum
    }
}
