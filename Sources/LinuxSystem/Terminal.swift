internal import CLinux
internal import Glibc

/// The terminal as a full screen, and back as it was: at the end, at a signal, and by another process where this one is
/// killed.
public enum Terminal {
    /// The hidden argument that makes the program the guardian of its parent's terminal.
    public static let guardianArgument = "__terminal"

    /// Takes the terminal. Call it again after a stop.
    ///
    /// - Parameter guardian: the input of the process that runs `guardTerminal`; -1 for none.
    /// - Throws: `SystemError`.
    public static func take(_ descriptor: Int32, guardian: Int32) throws {
        let code = packetwalk_terminal_take(descriptor, guardian)
        if code < 0 { throw SystemError("set up the terminal", errorNumber: -code) }
    }

    /// Puts it back; nothing where it is not taken. Safe in a signal handler.
    public static func release() { packetwalk_terminal_release() }

    /// Nil where it does not say.
    public static func size(_ descriptor: Int32) -> (columns: Int, rows: Int)? {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard packetwalk_terminal_size(descriptor, &columns, &rows) == 0, columns > 0, rows > 0 else { return nil }
        return (Int(columns), Int(rows))
    }

    /// Is the guardian of the terminal at standard output until standard input ends. Gives the exit status.
    public static func guardTerminal() -> Int32 { packetwalk_terminal_guard(STDIN_FILENO, STDOUT_FILENO) }
}
