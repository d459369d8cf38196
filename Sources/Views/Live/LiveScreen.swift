public import Network
public import WalkModel

/// The live screen: what is shown of a run that goes on, and what its keys have changed. Without a terminal: keys come in as
/// values, lines go out.
///
/// ```swift
/// var screen = LiveScreen(options: options, height: 24)
/// screen.show(rows: rows, causes: causes, facts: facts, topology: topology)
/// let action = screen.press(.down)
/// draw(screen.lines)
/// ```
public struct LiveScreen: Sendable {
    /// What the first line says of the run.
    public struct Facts: Sendable, Hashable {
        /// `22 namespaces, 64 links`
        public var watched: String
        public var elapsedSeconds: Int64
        public var packets: UInt64
        public var connections: UInt64
        public var failed: UInt64
        /// Nothing more comes.
        public var hasEnded: Bool
        /// How far the rows are behind the packets; 0 where they keep up.
        public var lagSeconds: Int64
        /// One packet of so many is looked at; nil for every one.
        public var sampledOneOf: UInt32?
        /// The newest of what the run has to say of itself.
        public var note: String?

        public init(
            watched: String, elapsedSeconds: Int64 = 0, packets: UInt64 = 0, connections: UInt64 = 0,
            failed: UInt64 = 0, hasEnded: Bool = false, lagSeconds: Int64 = 0,
            sampledOneOf: UInt32? = nil, note: String? = nil
        ) {
            self.watched = watched
            self.elapsedSeconds = elapsedSeconds
            self.packets = packets
            self.connections = connections
            self.failed = failed
            self.hasEnded = hasEnded
            self.lagSeconds = lagSeconds
            self.sampledOneOf = sampledOneOf
            self.note = note
        }
    }

    /// What a key asks of the program around the screen.
    public enum Action: Sendable, Hashable {
        case quit
        /// Draw every line again.
        case redraw
        /// Put the text into the clipboard.
        case copy(String)
    }

    enum Page: Sendable, Hashable {
        case table
        /// One connection, by its number.
        case connection
        /// The commands that fix it.
        case fix
        case help
    }

    public internal(set) var options: RenderOptions
    /// Lines of the terminal.
    public private(set) var height: Int
    var facts = Facts(watched: "")
    var causes: [CauseSum] = []
    var topology: Topology?
    /// All of them.
    private(set) var rows: [ConnectionRow] = []
    /// Those that the filter lets through, sorted.
    private(set) var chosen: [ConnectionRow] = []
    private(set) var order = LiveOrder.failures
    private(set) var filter = ""
    private(set) var isTyping = false
    private(set) var isPaused = false
    private(set) var page = Page.table
    /// What was told last about a key: gone with the next one.
    private(set) var message: String?
    /// When it goes by itself, where it is of the run; nil where it stays until the next key.
    private var noteEndSeconds: Int64?
    private static let noteSeconds: Int64 = 10
    /// The number of the chosen row; nil for whichever comes first.
    private var selection: UInt64?
    /// The first row that is shown, and the first line of a page.
    private(set) var top = 0
    private(set) var scroll = 0
    /// What the filter looks at, in lower case, of each row by its number; with what tells whether it is still that.
    private var searched: [UInt64: (state: [UInt64], text: String)] = [:]
    /// As it was last seen: its row may be forgotten meanwhile.
    private(set) var opened: ConnectionRow?

    public init(options: RenderOptions, height: Int) {
        self.options = options
        self.height = max(3, height)
    }

    // MARK: What comes in

    /// The newest state of the run. While the screen is paused only the first line follows.
    public mutating func show(
        rows: [ConnectionRow], causes: [CauseSum], facts: Facts, topology: Topology?
    ) {
        show(facts)
        if isPaused { return }
        self.rows = rows
        self.causes = causes
        self.topology = topology
        arrange()
    }

    /// Time has passed, and the rows are what they were.
    public mutating func show(_ facts: Facts) {
        self.facts = facts
        if let note = facts.note {
            message = note
            noteEndSeconds = facts.elapsedSeconds + Self.noteSeconds
        } else if let end = noteEndSeconds, facts.elapsedSeconds >= end {
            message = nil
            noteEndSeconds = nil
        }
    }

    /// The terminal has another size now.
    public mutating func resize(columns: Int, height: Int) {
        options.width = max(40, columns)
        self.height = max(3, height)
        settle()
    }

    public mutating func press(_ key: LiveKey) -> Action? {
        message = nil
        noteEndSeconds = nil
        if key == .control("l") { return .redraw }
        if key == .control("c") { return .quit }
        if isTyping {
            type(key)
            return nil
        }
        switch page {
        case .table: return pressOnTable(key)
        case .connection, .fix, .help: return pressOnPage(key)
        }
    }

    // MARK: Keys

    private mutating func type(_ key: LiveKey) {
        switch key {
        case .enter: isTyping = false
        case .escape:
            isTyping = false
            filter = ""
        case .backspace: if !filter.isEmpty { filter.removeLast() }
        case .control("u"): filter = ""
        case .character(let character) where filter.count < 200: filter.append(character)
        default: break
        }
        arrange()
    }

    private mutating func pressOnTable(_ key: LiveKey) -> Action? {
        switch key {
        case .character("q"): return .quit
        case .up, .character("k"): move(by: -1)
        case .down, .character("j"): move(by: 1)
        case .pageUp: move(by: -max(1, tableHeight - 1))
        case .pageDown, .character(" "): move(by: max(1, tableHeight - 1))
        case .home, .character("g"): move(by: -chosen.count)
        case .end, .character("G"): move(by: chosen.count)
        case .enter, .right: open(.connection)
        case .character("f"): open(.fix)
        case .character("c"): return copyFix()
        case .character("?"), .character("h"): open(.help)
        case .character("/"): isTyping = true
        case .character("s"):
            order = order.next
            arrange()
            top = 0
            selection = nil
        case .character("p"): isPaused.toggle()
        case .escape:
            filter = ""
            arrange()
        default: break
        }
        return nil
    }

    private mutating func pressOnPage(_ key: LiveKey) -> Action? {
        let step = max(1, height - 3)
        switch key {
        case .escape, .character("q"), .left, .enter, .backspace:
            page = .table
            opened = nil
        case .up, .character("k"): scroll -= 1
        case .down, .character("j"): scroll += 1
        case .pageUp: scroll -= step
        case .pageDown, .character(" "): scroll += step
        case .home, .character("g"): scroll = 0
        case .end, .character("G"): scroll = .max / 2
        case .character("f") where page == .connection: open(.fix)
        case .character("c") where page != .help: return copyFix()
        case .character("p"): isPaused.toggle()
        default: break
        }
        settle()
        return nil
    }

    private mutating func open(_ page: Page) {
        if page != .help {
            guard let row = opened ?? selected else {
                message = "there is no connection to open"
                return
            }
            opened = row
            if page == .fix, fix(of: row.connection).isEmpty {
                message =
                    row.connection.hasFailed ? "no fix is known for it" : "nothing is wrong with it: there is no fix"
                if self.page == .table { opened = nil }
                return
            }
        }
        self.page = page
        scroll = 0
        settle()
    }

    private mutating func copyFix() -> Action? {
        guard let row = opened ?? selected else { return nil }
        let commands = fix(of: row.connection)
        if commands.isEmpty {
            message = row.connection.hasFailed ? "no fix is known for it" : "nothing is wrong with it: there is no fix"
            return nil
        }
        // Names are other people's: a line break in one would run what follows it.
        if commands.contains(where: { Pen.safe($0, unicode: true) != $0 }) {
            message = "the fix has control characters in it: not copied"
            return nil
        }
        message = "\(Quantity.text(commands.count, "command")) sent to the terminal's clipboard"
        return .copy(commands.joined(separator: "\n"))
    }

    /// The commands of its first cause that has some.
    func fix(of connection: Connection) -> [String] {
        connection.faults.compactMap { $0.finding?.remedy?.lastingCommands }.first { !$0.isEmpty }
            ?? connection.causes.compactMap { $0.finding.remedy?.lastingCommands }.first { !$0.isEmpty } ?? []
    }

    private mutating func move(by count: Int) {
        guard !chosen.isEmpty else { return }
        let index = min(max(0, selectedIndex + count), chosen.count - 1)
        selection = index == 0 ? nil : chosen[index].number
        settle()
    }

    // MARK: Which rows

    var selected: ConnectionRow? { chosen.indices.contains(selectedIndex) ? chosen[selectedIndex] : nil }

    var selectedIndex: Int { chosen.firstIndex { $0.number == selection } ?? 0 }

    /// Filters and sorts the rows anew.
    private mutating func arrange() {
        let words = filter.lowercased().split(separator: " ")
        var wanted = rows
        if !words.isEmpty {
            let texts = wanted.map { searchedText($0) }
            wanted = zip(wanted, texts).filter { entry in words.allSatisfy { entry.1.contains($0) } }.map(\.0)
        }
        // A row that is gone leaves its place to the one that takes it.
        let place = selectedIndex
        chosen = order.sorted(wanted)
        if selection != nil, !chosen.contains(where: { $0.number == selection }) {
            selection = chosen.isEmpty ? nil : chosen[min(place, chosen.count - 1)].number
        }
        if let number = opened?.number, let row = rows.first(where: { $0.number == number }) { opened = row }
        settle()
    }

    /// Words of thousands of rows are not made anew for each letter that is typed.
    private mutating func searchedText(_ row: ConnectionRow) -> String {
        let connection = row.connection
        let state = [connection.walkCount, connection.exchanges, row.isOpen ? 1 : 0]
        if let known = searched[row.number], known.state == state { return known.text }
        let text = LiveRowText.searched(connection).lowercased()
        // Those of rows that are forgotten go with them.
        if searched.count > 2 * rows.count + 100 { searched.removeAll() }
        searched[row.number] = (state, text)
        return text
    }

    /// Scrolls as far as is needed, and no further than there is something.
    private mutating func settle() {
        let index = selectedIndex
        if index < top { top = index }
        if index >= top + tableHeight { top = index - tableHeight + 1 }
        top = max(0, min(top, chosen.count - tableHeight))
        if page != .table { scroll = max(0, min(scroll, pageLines().count - (height - 2))) }
    }

    /// Rows that find room on the screen.
    var tableHeight: Int { max(1, height - 4 - causeHeight) }

    /// Lines of what is broken, with their heading; 0 where nothing is, or where there is no room.
    var causeHeight: Int {
        causes.isEmpty || height < 10 ? 0 : 1 + min(causes.count, max(1, height / 5))
    }
}
