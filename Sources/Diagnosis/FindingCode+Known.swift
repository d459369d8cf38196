public import WalkModel

extension FindingCode {
    /// The codes of all findings of this version, as `docs/findings.md` lists them.
    public static var known: [FindingCode] { Catalogue.all.map(\.code) }
}
