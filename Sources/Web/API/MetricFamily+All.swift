// All metrics that there are; docs/monitoring.md has the same.
extension MetricFamily {
    /// All, in the order in which they are told.
    package static let all: [MetricFamily] = [
        build, backendUp, backendHealthy, backendVhosts, backendUsers, backendMaintenance, certificateExpiry,
        directorConnected, ringSynced, sentinels, guardWithheld, polls, pollDuration, commands, scheduleLateness,
        logLinesDropped,
        processCPU, processResident, processVirtual, processOpenDescriptors, processMaximumDescriptors, processStart,
    ]

    static let build = MetricFamily("dovemon_build", .info, "Which dovemon this is.")
    static let backendUp = MetricFamily(
        "dovemon_backend_up", .gauge, "Whether the director lists the backend as up.")
    static let backendHealthy = MetricFamily(
        "dovemon_backend_healthy", .gauge,
        "Whether the backend is healthy by its polls; not there while that is not known.")
    static let backendVhosts = MetricFamily(
        "dovemon_backend_vhosts", .gauge, "The backend's weight at the director.")
    static let backendUsers = MetricFamily(
        "dovemon_backend_users", .gauge, "The users that the director has assigned to the backend.")
    static let backendMaintenance = MetricFamily(
        "dovemon_backend_maintenance", .gauge, "Whether the backend is under maintenance.")
    static let certificateExpiry = MetricFamily(
        "dovemon_certificate_expiry_timestamp_seconds", .gauge, unit: "seconds",
        "When the certificate that the service has shown last expires, in seconds since 1970.")
    static let directorConnected = MetricFamily(
        "dovemon_director_connected", .gauge, "Whether the director could be read the last time.")
    static let ringSynced = MetricFamily(
        "dovemon_ring_synced", .gauge,
        "Whether the ring is synced; not there where the director does not tell.")
    static let sentinels = MetricFamily(
        "dovemon_sentinels", .gauge, "Idle connections to backends that stand; not there where none are kept.")
    static let guardWithheld = MetricFamily(
        "dovemon_guard_withheld", .gauge, "Backends that the pool guard keeps from being marked down.")
    static let polls = MetricFamily(
        "dovemon_polls", .counter, "Polls, by protocol and result: ok or the kind of failure.")
    static let pollDuration = MetricFamily(
        "dovemon_poll_duration_seconds", .histogram, unit: "seconds",
        "How long the phases of polls took, by protocol and phase.")
    static let commands = MetricFamily(
        "dovemon_commands", .counter, "Commands to the director, by command and reply.")
    static let scheduleLateness = MetricFamily(
        "dovemon_schedule_lateness_seconds", .histogram, unit: "seconds",
        "How long after their time in the schedule polls were started.")
    static let logLinesDropped = MetricFamily(
        "dovemon_log_lines_dropped", .counter, "Log lines that the log daemon could not take.")
    static let processCPU = MetricFamily(
        "process_cpu_seconds", .counter, unit: "seconds", "User and system time spent, in seconds.")
    static let processResident = MetricFamily(
        "process_resident_memory_bytes", .gauge, unit: "bytes", "Resident memory, in bytes.")
    static let processVirtual = MetricFamily(
        "process_virtual_memory_bytes", .gauge, unit: "bytes", "Virtual memory, in bytes.")
    static let processOpenDescriptors = MetricFamily(
        "process_open_fds", .gauge, "Descriptors that are open.")
    static let processMaximumDescriptors = MetricFamily(
        "process_max_fds", .gauge, "Descriptors that may be open.")
    static let processStart = MetricFamily(
        "process_start_time_seconds", .gauge, unit: "seconds", "When the process was started, in seconds since 1970.")
}
