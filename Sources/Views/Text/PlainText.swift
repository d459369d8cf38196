/// `text` for a terminal: what is unsafe there (control bytes, escape sequences, marks that turn the writing direction)
/// is shown as a visible escape.
public func visibleText(_ text: String) -> String {
    let plain = RenderOptions()
    return [Pen(plain)(text)].rendered(color: false).trimmedNewline
}

/// Any value as one line of JSON, keys sorted, safe to print.
public func jsonLine(_ value: some Encodable) throws -> String {
    try JSONText.compact(value)
}

extension String {
    fileprivate var trimmedNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
