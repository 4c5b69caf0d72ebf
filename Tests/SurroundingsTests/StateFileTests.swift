import DirectorAdmin
import Glibc
import Health
import Monitor
import Site
import Surroundings
import TemporaryFiles
import Testing

@Suite struct StateFileTests {
    private let directory: TemporaryDirectory
    private let file: StateFile
    private let origin = 1_700_000_000.25

    init() throws {
        directory = try TemporaryDirectory()
        file = StateFile(path: "\(directory.path)/state.json", director: "/run/d")
    }

    private static let state: MonitorState = {
        var raising = Raising()
        raising.raisedAt = .origin + .milliseconds(1500)
        raising.warHold = .seconds(600)
        raising.warEnd = .origin + .seconds(900)
        raising.truceAt = .origin + .seconds(5)
        raising.flapHold = .seconds(120)
        raising.downs = [.origin + .seconds(3), .origin + .seconds(4)]
        raising.upAt = .origin + .seconds(2)
        return MonitorState(
            intents: [
                address(1): DownIntent(at: .origin + .seconds(7), change: 1_700_000_008),
                address(2): DownIntent(at: .origin),
            ],
            raising: [address(1): raising], absences: [address(2): .origin + .seconds(9)],
            windows: [
                address(3): Maintenance(
                    who: "root", reason: "a\"b\\", since: .origin + .seconds(5), until: .origin + .seconds(3605),
                    drains: true)
            ],
            weights: [
                address(1): WeightMemory(target: 100, ours: [40, 60], asked: 60, steppedAt: .origin + .seconds(7)),
                address(3): WeightMemory(target: 80, ours: [0], asked: 0, isDrained: true),
            ], rejections: [address(1), address(4)])
    }()

    private static let now = Instant.origin + .seconds(1000)

    private static func address(_ number: Int) -> IPAddress {
        guard let address = IPAddress("10.0.0.\(number)") else { preconditionFailure("no address") }
        return address
    }

    private func write(_ text: String) throws { try directory.write(text, to: "state.json") }

    @Test func whatIsWrittenIsReadAgain() throws {
        try file.write(Self.state, origin: origin)
        let (state, remarks) = try file.read(origin: origin, at: Self.now)
        #expect(state == Self.state)
        #expect(remarks == [])
        var status = stat()
        #expect(stat(file.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try directory.names() == ["state.json"])
    }

    /// The machine was started anew: its monotonic clock began again.
    @Test func timesAreOfTheWallClock() throws {
        try file.write(Self.state, origin: origin)
        let later = try file.read(origin: origin + 5000, at: Self.now).state
        #expect(later.intents[Self.address(2)] == DownIntent(at: .origin + .seconds(-5000)))
        #expect(later.raising[Self.address(1)]?.warEnd == .origin + .seconds(-4100))
    }

    @Test func withoutAFileItIsAFirstStart() throws {
        let (state, remarks) = try file.read(origin: origin, at: Self.now)
        #expect(state == MonitorState() && remarks == [])
    }

    @Test(arguments: [
        "", "{", "[]", "{}", "nonsense", #"{"file":"other","version":1,"director":"/run/d","backends":{}}"#,
        #"{"file":"dovemon state","version":2,"director":"/run/d","backends":{}}"#,
        #"{"file":"dovemon state","version":1,"director":"/run/other","backends":{}}"#,
        #"{"file":"dovemon state","version":1,"director":"/run/d","backends":[]}"#,
    ])
    func aDamagedOrForeignFileIsSetAside(text: String) throws {
        try write(text)
        let (state, remarks) = try file.read(origin: origin, at: Self.now)
        #expect(state == MonitorState())
        #expect(remarks.count == 1)
        #expect(remarks.first?.contains("set aside as \(file.path).unusable") == true)
        #expect(try directory.names() == ["state.json.unusable"])
    }

    @Test(arguments: [
        #""x":{}"#, #""10.0.0.1":{"down":{"at":1e300}}"#, #""10.0.0.1":{"war_hold":-1}"#, #""10.0.0.1":{"down":5}"#,
        #""10.0.0.1":null"#, #""10.0.0.1":{"weight":{"target":0,"ours":[],"drained":true}}"#,
        #""10.0.0.1":{"weight":{"target":100,"ours":[2000],"drained":true}}"#,
        #""10.0.0.1":{"maintenance":{"by":"a","reason":"b","since":0,"until":1e300,"drain":false}}"#,
    ])
    func aDamagedEntryCostsNoOtherAndIsKept(entry: String) throws {
        let text =
            #"{"file":"dovemon state","version":1,"director":"/run/d","backends":{"10.0.0.2":{"down":{"at":"#
            + "\(origin)}},\(entry)}}"
        try write(text)
        let read = try file.read(origin: origin, at: Self.now)
        #expect(read.state == MonitorState(intents: [Self.address(2): DownIntent(at: .origin)]))
        let name = entry.split(separator: "\"")[0]
        #expect(
            read.remarks == [
                "\(file.path): damaged: what it says of \(name) is not used; kept as \(file.path).unusable"
            ])
        // Killed before anything is written, dovemon finds the good ones again; then the copy alone is as it was.
        #expect(try file.read(origin: origin, at: Self.now).state == read.state)
        try file.write(read.state, origin: origin)
        #expect(try file.read(origin: origin, at: Self.now).remarks == [])
        #expect(try directory.names() == ["state.json", "state.json.unusable"])
        #expect(
            try StateFile(path: file.path + ".unusable", director: "/run/d").read(origin: origin, at: Self.now).remarks
                .count == 1)
    }

    /// `/var/run` is a link to `/run`, and nobody need be listening while dovemon starts.
    @Test(arguments: [true, false]) func aSocketThatIsSpelledOtherwiseIsTheSame(isThere: Bool) throws {
        let (real, link) = ("\(directory.path)/real", "\(directory.path)/link")
        #expect(mkdir(real, 0o700) == 0 && symlink(real, link) == 0)
        if isThere { try directory.write("", to: "real/director-admin") }
        let former = StateFile(path: file.path, director: "\(link)/director-admin")
        try former.write(Self.state, origin: origin)
        for spelling in ["\(real)/director-admin", "\(link)//director-admin", "\(real)/./director-admin"] {
            let read = try StateFile(path: file.path, director: spelling).read(origin: origin, at: Self.now)
            #expect(read.state == Self.state && read.remarks == [])
        }
        for other in [
            "\(real)/director", "\(directory.path)/director-admin", "director-admin", "", "\(real)/director-admin\0x",
        ] {
            #expect(!isSameSocket(other, "\(real)/director-admin"))
        }
        if isThere {
            #expect(Glibc.link("\(real)/director-admin", "\(real)/second") == 0)
            #expect(isSameSocket("\(real)/second", "\(real)/director-admin"))
            unlink("\(real)/second")
        }
        unlink("\(real)/director-admin")
        unlink(link)
        rmdir(real)
    }

    @Test func ofManyDamagedEntriesAFewAreNamed() throws {
        let entries = (1...5).map { "\"<\($0)\\u0007>\":{}" }.joined(separator: ",")
        try write("{\"file\":\"dovemon state\",\"version\":1,\"director\":\"/run/d\",\"backends\":{\(entries)}}")
        let remarks = try file.read(origin: origin, at: Self.now, setsAside: false).remarks
        #expect(
            remarks == [
                "\(file.path): damaged: what it says of <1\\x07>, <2\\x07>, <3\\x07> and 2 more is not used"
            ])
        #expect(try directory.names() == ["state.json"])
    }

    @Test func aMissingDirectoryIsARemarkAndAFailure() throws {
        let lost = StateFile(path: "\(directory.path)/none/state.json", director: "/run/d")
        let remarks = try lost.read(origin: origin, at: Self.now).remarks
        #expect(remarks.count == 1 && remarks[0].contains("none: No such file or directory"))
        #expect(throws: StateFile.Failure.self) { try lost.write(Self.state, origin: origin) }
    }

    /// A wall clock that was wrong must not hold a backend down for years.
    @Test func holdsEndInGoodTimeWhateverTheClockWas() throws {
        var state = Self.state
        state.raising[Self.address(1)]?.warEnd = .origin + .seconds(1_000_000_000)
        try file.write(state, origin: origin)
        let read = try file.read(origin: origin, at: Self.now).state.raising[Self.address(1)]
        #expect(read?.warEnd == Self.now + .seconds(600))
    }

    @Test func nobodyIsAbsentSinceATimeToCome() throws {
        var state = Self.state
        state.absences[Self.address(2)] = .origin + .seconds(1_000_000_000)
        try file.write(state, origin: origin)
        #expect(try file.read(origin: origin, at: Self.now).state.absences == [Self.address(2): Self.now])
    }

    @Test func aDryRunTouchesNothing() throws {
        try write("{")
        #expect(try file.read(origin: origin, at: Self.now, setsAside: false).remarks.count == 1)
        #expect(try directory.names() == ["state.json"])
    }

    @Test func whatStandsInItsWayIsRemoved() throws {
        #expect(mkfifo(file.path + ".new", 0o600) == 0)
        try file.write(Self.state, origin: origin)
        #expect(try file.read(origin: origin, at: Self.now).state == Self.state)
    }

    /// A directory in its place cannot be removed.
    @Test func whatCannotBeWrittenKeepsTheOldState() throws {
        try file.write(Self.state, origin: origin)
        #expect(mkdir(file.path + ".new", 0o700) == 0)
        #expect(throws: StateFile.Failure.self) { try file.write(MonitorState(), origin: origin) }
        #expect(try file.read(origin: origin, at: Self.now).state == Self.state)
    }
}
