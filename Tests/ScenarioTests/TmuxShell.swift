import LinuxSystem

/// A script beside a shell in a terminal of tmux, in the sandbox of `SandboxShell`. The script has:
///
/// - `type KEYS…`: types keys, by tmux's names for them
/// - `screen`: prints what the terminal shows, without empty lines' spaces
/// - `shows PATTERN`, `shows_not PATTERN`: waits until a line matches, or none does
/// - `settings`: the terminal's settings; `left FILE`: whether the terminal is as it was when they were written to the file
struct TmuxShell {
    private let shell: SandboxShell

    init(_ script: String) throws {
        shell = try SandboxShell(Self.prelude + script + "\nt kill-server\n")
    }

    var text: String { shell.text }
    var errorText: String { shell.errorText }
    subscript(key: String) -> String? { shell[key] }

    static let isAvailable = (try? Command(["tmux", "-V"]).run())?.status == 0

    private static let prelude = """
        # Swift's own debugger would wait for a key after a crash.
        export LC_ALL=C.UTF-8 SWIFT_BACKTRACE=enable=no
        unset TMUX
        printf 'set -g set-clipboard on\\n' >/tmp/tmux.conf
        t() { command tmux -u -S /tmp/tmux -f /tmp/tmux.conf "$@"; }
        t new-session -d -x 100 -y 30 "cd /run; exec bash --norc -i" || exit 94
        tty=$(t display -p '#{pane_tty}')
        type() { t send-keys "$@"; sleep 0.3; }
        screen() { t capture-pane -p; }
        shows() { pattern=$1; until_true 150 seen; }
        seen() { screen | grep -qE -- "$pattern"; }
        shows_not() { pattern=$1; until_true 150 unseen; }
        unseen() { ! seen; }
        settings() { stty -a <"$tty" | sed 's/rows [0-9]*; columns [0-9]*;//'; }
        # The shell changes the terminal's settings before it prints its first prompt.
        shows '^bash' || exit 95
        left() { [ "$(t display -p '#{alternate_on} #{cursor_flag} #{wrap_flag}')" = '0 1 1' ] && settings | cmp -s - "$1"; }

        """
}
