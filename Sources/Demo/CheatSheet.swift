import RingLab

/// How to go on with a ring that was left running.
func cheatSheet(ring: Ring, dovemon: DovemonProcess, victim: Backend) -> String {
    let director = ring.directors[0].configurationFile
    let backend = victim.configurationFile
    let home = backend.split(separator: "/").dropLast().map { "/\($0)" }.joined()
    let master = "$(cat \(home)/run/master.pid)"
    let sockets = ring.directors.map(\.adminSocket).joined(separator: "\n" + String(repeating: " ", count: 19))
    return """

        Watch the ring     doveadm -c \(director) director status
        Watch dovemon      tail -f \(dovemon.logFile)
        Its settings       \(dovemon.configurationFile)
                           \(dovemon.accountsFile)
        Read them again    kill -HUP \(dovemon.pid)
        Stop a backend     doveadm -c \(backend) stop
        Start it again     dovecot -c \(backend)
        Make it silent     kill -STOP -- -\(master)
        Let it go on       kill -CONT -- -\(master)
        Log a user in      curl -s -u anybody:\(ring.account.password) imap://\(ring.directors[0].address):\(ring.imapPort)/
        Admin sockets      \(sockets)

        Stop it all        \(ring.directory)/stop
        """
}
