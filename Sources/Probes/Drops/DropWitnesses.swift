/// Who can say here why packets are dropped.
public enum DropWitnesses {
    /// Tries them and lets them go again.
    ///
    /// - Returns: why the BPF program can't be had and why tracefs can't, nil for what can; tracefs is not tried where
    ///   the program can be had.
    public static func examine() -> (bpf: String?, tracefs: String?) {
        do {
            _ = try DropProbe()
            return (nil, nil)
        } catch let refusal {
            var warnings: [String] = []
            do {
                try TracefsDropSource(guardianCommand: HookGuardian.standardCommand, warnings: &warnings).close()
                return ("\(refusal)", nil)
            } catch {
                return ("\(refusal)", "\(error)")
            }
        }
    }
}
