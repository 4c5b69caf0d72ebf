import Glibc
import RingLab

/// What a run does; from the environment.
struct Plan: Sendable {
    let minutes: Double
    let backends: Int
    let seed: UInt64
    /// The monitored program.
    let binary: String
    /// dovemon's own settings.
    let interval: Double
    let timeout = 1.0
    let retryCount = 2
    /// `min_healthy`, in percent.
    let minHealthy = 25
    /// How often the weather repeats itself: as often in each half of the run, so that the halves can be compared.
    let cycles: Int

    init() {
        func number(_ name: String) -> Double? { getenv(name).flatMap { Double(String(cString: $0)) } }
        minutes = number("MINUTES") ?? 3
        backends = min(60_000, max(20, Int(number("BACKENDS") ?? 2000)))
        seed = number("SEED").map { UInt64($0) } ?? UInt64.random(in: 1..<1_000_000_000)
        binary = DovemonProcess.binary
        // Some two hundred polls a second leave a small machine room for the backends.
        interval = max(0.5, Double(backends) / 200)
        cycles = 2 * max(1, Int((minutes * 60 / (2 * Self.unitsOfCycle * interval)).rounded()))
    }

    /// A cycle in units of time, each about as long as the interval: see `Weather`.
    static let unitsOfCycle = 12.0
    var unit: Double { minutes * 60 / Double(cycles) / Self.unitsOfCycle }

    var needed: Int { (backends * minHealthy + 99) / 100 }

    /// Within this all has to be as it should once the faults have stopped.
    var settling: Double { 6 * interval + 30 }

    func settings(directory: String, port: Int) -> String {
        """
        director_admin_socket: \(directory)/director
        lockfile: \(directory)/dovemon.pid
        state_file: \(directory)/state.json
        control_socket: \(directory)/control.sock
        beupdatescript: \(directory)/script
        imap_port: \(port)
        interval: \(interval)
        timeout: \(timeout)
        retry_count: \(retryCount)
        retry_interval: \(interval / 4)
        min_healthy: \(minHealthy)%
        war_hold: 0
        loglevel: 2

        """
    }
}
