internal import Site

extension MaintenanceDocument {
    /// What whoever has begun it is told, a line each; `status` as it was after that, nil where it is not known.
    package func answer(for name: String, _ status: StatusDocument?) -> [String] {
        var lines = ["\(name): \(summary)"]
        if let caveat { lines.append("\(name): \(caveat)") }
        if status?.dryRun == true { lines.append("This dovemon runs dry: it commands nothing anyway.") }
        guard drain else {
            return lines + [
                "Other dovemons of the ring are not told, and may take it down: say it to each, or use --drain, which all see."
            ]
        }
        lines.append("Its vhosts go to 0: `dovemon status` says draining until they are.")
        guard let status, let own = status.backends.first(where: { IPAddress($0.address) == IPAddress(name) }) else {
            return lines
        }
        let left = status.backends.count {
            $0.address != own.address && $0.tag == own.tag && $0.vhosts > 0 && $0.state == "up" && $0.healthy != false
                && $0.maintenance?.drain != true
        }
        if left == 0 {
            let pool = own.tag.isEmpty ? "" : " of tag \(own.tag)"
            lines.append("CAREFUL: no other healthy backend\(pool) is left for its users.")
        }
        return lines
    }
}

extension MaintenancesDocument {
    /// What whoever has ended a backend's maintenance is told, where these went on before.
    package func answer(toEndOf name: String) -> String {
        let window = maintenance.first { IPAddress($0.backend) == IPAddress(name) }?.maintenance
        let weight = window?.drain == true ? "; its vhosts come back once it polls well: see `dovemon status`" : ""
        return "\(name): the maintenance is over\(weight)"
    }
}
