internal import DirectorAdmin

// What programs know a log line's event by: names stay, whatever becomes of the cases.
extension MonitorEvent {
    var name: String {
        switch self {
        case .pollSucceeded: "poll_succeeded"
        case .pollFailed: "poll_failed"
        case .pollUndetermined: "poll_undetermined"
        case .pollWarned: "poll_warned"
        case .rapidPollFailed: "rapid_poll_failed"
        case .rapidStagePassed: "rapid_stage_passed"
        case .backendFaulty: "backend_faulty"
        case .leftDown: "left_down"
        case .maintenanceStarted: "maintenance_started"
        case .maintenanceEnded: "maintenance_ended"
        case .underMaintenance(let event): event.name
        case .failedPollRecalled: "failed_poll_recalled"
        case .pollsWaiting: "polls_waiting"
        case .sentinelLost: "sentinel_lost"
        case .sentinelGivenUp: "sentinel_given_up"
        case .sentinelsShort: "sentinels_short"
        case .stateChanged: "state_changed"
        case .director(let event): event.name
        case .accountWithoutBackend: "account_without_backend"
        case .stateSaved: "state_saved"
        case .settingsChanged: "settings_changed"
        }
    }
}

extension DirectorEvent {
    var name: String {
        switch self {
        case .lost: "director_lost"
        case .stillAway: "director_still_away"
        case .back: "director_back"
        case .ringChanged: "ring_changed"
        case .stillNotSynced: "ring_not_synced"
        case .rowUnreadable: "row_unreadable"
        case .hostAppeared: "host_appeared"
        case .hostDisappeared: "host_disappeared"
        case .maintenanceChanged: "maintenance_changed"
        case .stateChanged: "state_changed"
        case .commandWithoutEffect: "command_without_effect"
        case .undoneByOthers: "undone_by_others"
        case .usersMoved: "users_moved"
        case .moveGivenUp: "move_given_up"
        case .moveUnknown: "move_unknown"
        case .moveFailed: "move_failed"
        case .weightChanged: "weight_changed"
        case .weightForgotten: "weight_forgotten"
        case .wouldSetWeight: "would_set_weight"
        case .wouldSend: "would_send"
        case .downsWithheld: "downs_withheld"
        case .downsAllowed: "downs_allowed"
        case .guardWithholds: "guard_withholds"
        case .guardReleased: "guard_released"
        }
    }
}
