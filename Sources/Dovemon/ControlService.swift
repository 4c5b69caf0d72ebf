internal import Control
internal import Monitor
internal import NIOPosix
internal import ServiceLifecycle
internal import Settings

/// The control socket, on a thread of its own; without a socket there is none.
actor ControlService: Service {
    private let desk: StatusDesk
    private let log: MonitorLog
    private var path: String?
    private var server: ControlServer?
    private let group: MultiThreadedEventLoopGroup

    /// A service that does nothing yet.
    init(_ settings: Settings, _ desk: StatusDesk, log: MonitorLog) {
        self.desk = desk
        self.log = log
        path = settings.controlSocket
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    /// Answers until the program is told to stop.
    func run() async throws {
        await open()
        try? await gracefulShutdown()
        await server?.close()
        server = nil
    }

    /// Puts other settings in force; one that could not be opened, or was removed, is tried again.
    func change(to settings: Settings) async {
        path = settings.controlSocket
        guard let path else {
            await server?.close()
            server = nil
            return
        }
        guard server?.path != path || server?.isInPlace == false else { return }
        await open()
    }

    /// A monitor that nobody can ask still monitors; one that can still be asked at its former socket goes on there.
    private func open() async {
        guard let path else { return }
        do throws(ControlServer.Failure) {
            let former = server
            server = try await ControlServer.open(path: path, desk: desk, on: group)
            await former?.close()
        } catch {
            var fields = LogFields()
            fields.add("control_socket", "failed")
            fields.add("text", error.description)
            let former = server.flatMap { $0.isInPlace ? $0.path : nil }
            fields.add(
                "note",
                former.map { "\($0) is still answered on" } ?? "dovemon status, explain and maintenance do not work")
            log.tell(LogLine(.warning, "control_socket_failed", fields))
        }
    }
}
