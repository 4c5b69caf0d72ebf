// The settings of what is around the polls: the log, the director, the program itself.
extension Setting {
    static let log = [
        Setting(
            "loglevel", \.logLevel, .integer(in: 0...9),
            "the least that is logged: 0 info, 1 warning, 2 error, 3 and more debug"),
        Setting(
            "syslog_facility", \.syslogFacility, .oneOf, sample: .local5,
            "the facility of the log lines, by its name in syslog(3)"),
        Setting("logger_socket_addr", \.loggerSocket, .socketPath, "the socket of the log daemon"),
        Setting(
            "log_format", \.logFormat, .oneOf,
            "how the log is written: text, or json: one object a line, for programs"),
        Setting("debug", \.logsToStandardOutput, .yesNo, "log to standard output instead of the log daemon"),
    ]

    static let director = [
        Setting(
            "director_admin_socket", \.directorAdminSocket, .socketPath,
            "the socket of the director's director-admin service"),
        Setting(
            "use_host_flush", \.usesHostFlush, .yesNo,
            "HOST-FLUSH after HOST-DOWN instead of HOST-RESET-USERS: users are forgotten instead of moved away"),
        Setting(
            "host_move_parallel", \.parallelMoves, .countOrOwn(upTo: 100_000),
            "users that are moved away at once; 0: as many as the director moves by itself"),
        Setting("dry_run", \.isDryRun, .yesNo, "log what would be commanded instead of commanding it"),
    ]

    static let program = [
        Setting(
            "lockfile", \.lockfile, .path,
            "the file whose lock keeps a second dovemon from running; empty: a place that the system has for it"),
        Setting(
            "beupdatescript", \.updateScript, .path,
            "a program that is run with `down ADDRESS` or `up ADDRESS` after such a change; empty: none"),
        Setting(
            "beupdatescript_timeout", \.updateScriptTimeout, .seconds(from: 1, upTo: 3_600),
            "after this time the program is killed"),
        Setting(
            "control_socket", \.controlSocket, .socketPathOrNone,
            "the socket that dovemon status, maintenance and explain talk to; empty: none"),
    ]
}
