import Glibc
import LinuxSystem
import Testing

@Suite struct CommandTests {
    @Test func `a program's output, its errors and its status`() throws {
        let output = try Command(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"]).run()
        #expect(output.text == "out\n" && output.errorText == "err\n" && output.status == 3)
    }

    @Test func `a program gets its input to the end, larger than a pipe holds`() throws {
        let input = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let output = try Command(["/bin/cat"]).run(input: input)
        #expect(output.standardOutput == input && output.status == 0)
    }

    @Test func `a program that does not read its input does not hang`() throws {
        // As the tool does at its start.
        signal(SIGPIPE, SIG_IGN)
        let output = try Command(["/bin/sh", "-c", "exec 0<&-; echo done"]).run(
            input: [UInt8](repeating: 0, count: 1 << 20))
        #expect(output.text == "done\n")
    }

    @Test func `much on both outputs at once`() throws {
        let script =
            "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; "
            + "echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done"
        let output = try Command(["/bin/sh", "-c", script]).run()
        #expect(output.standardOutput.count == 3000 * 41 && output.standardError.count == 3000 * 41)
    }

    @Test func `a signal counts as a shell counts it`() throws {
        #expect(try Command(["/bin/sh", "-c", "kill -9 $$"]).run().status == 128 + 9)
    }

    @Test func `the environment is this process's, with what is added`() throws {
        let output = try Command(
            ["/bin/sh", "-c", "echo \"$PACKETWALK_TEST:${PATH:+set}\""], environment: ["PACKETWALK_TEST": "a b"]
        ).run()
        #expect(output.text == "a b:set\n")
        #expect(try Command(["/bin/sh", "-c", "echo $PATH"], environment: ["PATH": "/only"]).run().text == "/only\n")
    }

    @Test func `arguments reach the program as they are`() throws {
        let output = try Command(["/bin/sh", "-c", "printf '%s|' \"$@\"", "sh", "a b", "", "$HOME", "größe"]).run()
        #expect(output.text == "a b||$HOME|größe|")
    }

    @Test func `what cannot be started is an error with its reason`() {
        #expect(throws: SystemError("run /no/such/program", errorNumber: 2)) {
            try Command(["/no/such/program"]).run()
        }
        #expect(throws: SystemError("run /dev/null", errorNumber: 13)) { try Command(["/dev/null"]).run() }
        #expect(throws: SystemError("run a command", errorNumber: 22)) { try Command([]).run() }
    }

    @Test func `a started program runs until it is waited for`() throws {
        let pipe = try Pipe()
        let child = try Command(["/bin/cat"]).start(input: pipe.reading)
        pipe.closeReading()
        #expect(try child.poll() == nil)
        pipe.closeWriting()
        #expect(try child.wait() == 0)
    }

    @Test func `a started program can be ended`() throws {
        let child = try Command(["/bin/sleep", "100"]).start(newGroup: true)
        child.signal(15)
        #expect(try child.wait() == 128 + 15)
    }

    @Test func `programs are found where PATH leads, and where administrators' are`() {
        #expect(programPath("sh")?.hasSuffix("/sh") == true)
        #expect(programPath("no-such-program") == nil)
        // A folder is no program.
        #expect(programPath("../bin") == nil)
    }
}
