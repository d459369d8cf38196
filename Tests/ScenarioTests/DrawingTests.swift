import Testing
import Twin

/// What a person sees of a lab.
@Suite("A lab is drawn", .enabled(if: LabRun.isAvailable))
struct DrawingTests {
    @Test("with the bridge that a frame crossed from port to port, where no capture sees it")
    func bridgeBetweenPorts() throws {
        let run = try LabRun.packetwalk(["lab", "run", "same-bridge"])
        #expect(run.standardOutput.contains("veth0   mybridge   veth2"), "\(run.standardOutput)")
        #expect(run.standardOutput.contains("port of mybridge"))
    }
}
