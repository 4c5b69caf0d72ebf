internal import Site

/// What a backend needs of the director now, and what else it is sorted by; by itself, nothing.
struct HostNeeds {
    /// Whether it is to go up, and may have the command.
    var up = false
    /// Since when it is to go down, where it may have the command; nil where it is not, or may not.
    var downSince: Instant?
    /// Whether its weight is to be set.
    var weight = false
    /// When the next step of that is due; nil when none is.
    var nextStep: Instant?
    /// Whether its users are to be moved away.
    var move = false
    /// Whether a list has to show what a reply was worth.
    var confirmation = false
    /// Whether it is listed as down, and not by an administrator's wish.
    var isDown = false
    /// Whether it will be soon.
    var isOnTheWayDown = false
    /// Whether something waits to be written down before its command is sent.
    var isPending = false
    /// What is to be written down of its HOST-DOWN.
    var intent: DownIntent?
    /// The same of its weight.
    var weightMemory: WeightMemory?
}

extension HostRecord {
    /// What it needs now.
    func needs(_ manners: Reconciliation.Manners) -> HostNeeds {
        var needs = HostNeeds()
        let isReady = !isBusy
        let needsWeight = wantedWeight(manners) != nil
        let isWeightToldOnly = manners.isDryRun && weight.isTold
        needs.weight = needsWeight && isReady && !isWeightToldOnly
        // Where nothing may be sent, telling is all that a wish asks for.
        if needsSwitch, isReady, !(manners.isDryRun && isWishTold) {
            if wanted == .down {
                needs.downSince = wantedSince
            } else {
                // A first step goes out before its HOST-UP.
                needs.up = !(needsWeight && !weight.isInVain && !isWeightToldOnly)
            }
        }
        needs.nextStep = weight.nextStep(manners.slowStart)
        needs.move = needsMove && isReady && !manners.isDryRun
        needs.confirmation = awaitsConfirmation
        needs.isDown = host.state == .down && !isInMaintenance
        needs.isOnTheWayDown = isOnTheWayDown
        needs.isPending = isPending
        needs.intent = intent
        needs.weightMemory = weight.memory
        return needs
    }
}
