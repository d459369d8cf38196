extension Namespace {
    /// The device to which a filter redirects what it matches, by what is said of it: `tc ingress u32 (redirects to ifb0)`.
    public func redirectTarget(of program: String) -> Link? {
        guard let start = program.firstRange(of: "(redirects to "), program.hasSuffix(")") else { return nil }
        return self[device: String(program[start.upperBound...].dropLast())]
    }
}
