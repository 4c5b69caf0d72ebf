import FakePeers
import NIOCore

/// The backends: each an address of its own on 127.0.0.0/8, and a listener that comes and goes. Loop-confined.
///
/// One listener for all addresses could not refuse connections.
final class Fleet {
    private final class Backend {
        let address: String
        var fault: Fault?
        var listener: (any Channel)?
        var isBinding = false

        init(_ address: String) { self.address = address }
    }

    private let loop: any EventLoop
    private let port: Int
    private let slowness: TimeAmount
    private var backends: [Backend]
    private var chance: Chance
    /// Polls that came to their end.
    private(set) var served = 0
    /// What could not be done.
    private(set) var trouble: String?

    init(_ addresses: [String], port: Int, slowness: TimeAmount, seed: UInt64, loop: any EventLoop) {
        self.loop = loop
        self.port = port
        self.slowness = slowness
        backends = addresses.map(Backend.init)
        chance = Chance(state: seed)
    }

    /// Gives a backend another fault; nil for none.
    func set(_ fault: Fault?, _ number: Int) {
        let backend = backends[number]
        backend.fault = fault
        if fault == .refuse {
            backend.listener?.close(promise: nil)
            backend.listener = nil
        } else {
            listen(backend)
        }
    }

    func fault(_ number: Int) -> Fault? { backends[number].fault }

    var areAllListening: Bool { backends.allSatisfy { $0.listener != nil } }

    private func listen(_ backend: Backend) {
        guard backend.listener == nil, !backend.isBinding else { return }
        backend.isBinding = true
        // Many are bound at once, and a queue of 128 is more than two thousand times too much.
        listener(on: loop, backlog: 16) { [unowned self, unowned backend] in
            IMAPService(backend.fault, slowness: slowness, using: &chance) { [unowned self] in served += 1 }
        }.bind(host: backend.address, port: port).assumeIsolated().whenComplete { result in
            backend.isBinding = false
            switch result {
            case .failure(let error): self.trouble = "\(backend.address):\(self.port): \(error)"
            case .success(let channel) where backend.fault == .refuse: channel.close(promise: nil)
            case .success(let channel): backend.listener = channel
            }
        }
    }
}

/// The same numbers for the same seed (SplitMix64).
struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
