import Dispatch
import Glibc
import Monitor
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Control

/// Who has ordered something: a name where there is one, and nobody waits for it who does not need it.
@Suite(.timeLimit(.minutes(1))) struct UserNamesTests {
    private let loop = MultiThreadedEventLoopGroup.singleton.any()

    private final class Asked: Sendable {
        let users = Mutex<[uid_t]>([])
    }

    @Test func `a user has a name, or a number`() async {
        #expect(await UserNames.system.name(of: 0, on: loop) == "root")
        #expect(await UserNames.system.name(of: 4_000_000_001, on: loop) == "uid 4000000001")
    }

    @Test func `whom no directory server names in time has a number`() async {
        let isOver = DispatchSemaphore(value: 0)
        let names = UserNames(within: .milliseconds(1)) { _ in
            isOver.wait()
            return "anna"
        }
        #expect(await names.name(of: 7, on: loop) == "uid 7")
        #expect(await names.name(of: 8, on: loop) == "uid 8")
        isOver.signal()
    }

    @Test func `only an order asks for a name`() async {
        let asked = Asked()
        let names = UserNames(within: .seconds(20)) { user in
            asked.users.withLock { $0.append(user) }
            return nil
        }
        let handler = ControlHandler(desk: StatusDesk(StoppedMonitor(loop: loop)), users: names, loop: loop)
        for line in [
            "{\"command\":\"status\"}", "{\"command\":\"events\"}", "{\"command\":\"maintenance_list\"}",
            "{\"command\":\"backend\",\"backend\":\"10.0.0.1\"}",
        ] {
            _ = await handler.answer(Array(line.utf8), from: 7)
        }
        #expect(asked.users.withLock(\.self) == [])
        let order = "{\"command\":\"maintenance_end\",\"backend\":\"10.0.0.1\"}"
        _ = await handler.answer(Array(order.utf8), from: 8)
        #expect(asked.users.withLock(\.self) == [8])
    }
}
