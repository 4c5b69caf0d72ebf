internal import DirectorAdmin
internal import Health
internal import Probes
package import Settings
internal import Site

extension Policy {
    /// What the files mean; `clientName` is this machine's name.
    package init(_ settings: Settings, _ accounts: Accounts, clientName: String) {
        let isForMaster = settings.authentication == .sasl
        self.init(
            services: settings.services, interval: settings.interval, timeout: settings.effectiveTimeout,
            failuresNeeded: settings.failuresNeeded, options: PollOptions(settings, clientName: clientName),
            accounts: Dictionary(
                uniqueKeysWithValues: accounts.map { ($0.address, isForMaster ? $0.account : $0.account.asItself) }),
            defaultAccount: isForMaster ? accounts.fallback : accounts.fallback?.asItself,
            pollsUnknownBackends: settings.pollsUnknownBackends, deciding: Deciding(settings),
            isDryRun: settings.isDryRun, hasStateFile: settings.stateFile != nil, openPollLimit: settings.maxPolls,
            keepsSentinels: settings.keepsSentinels)
    }
}

extension Account {
    /// The account that logs in by its own password.
    fileprivate var asItself: Account {
        Account(username: username, password: password, lmtpAddress: lmtpAddress, serverName: serverName)
    }
}

extension PollOptions {
    fileprivate init(_ settings: Settings, clientName: String) {
        self.init(
            clientName: clientName, instance: hashed(settings.directorAdminSocket),
            imap: IMAPChecks(
                lists: settings.pollIMAPList, selects: settings.selectsINBOX, appends: settings.pollIMAPAppend,
                removal: settings.pollIMAPExpunge),
            pop3: POP3Checks(stats: settings.statsMaildrop, removal: settings.pollPOP3Delete),
            lmtp: LMTPChecks(
                tests: settings.pollLMTPRecipient, delivers: settings.pollLMTPDeliver, from: settings.pollLMTPFrom),
            tls: TLSChecks(
                verifies: settings.verifiesCertificates, authorities: settings.authoritiesFile,
                serverName: settings.serverName, minimumVersion: settings.minimumTLSVersion,
                expiryWarning: settings.expiryWarning, resumes: settings.resumesTLS),
            proxied: settings.proxied)
    }
}

extension Deciding {
    fileprivate init(_ settings: Settings) {
        self.init()
        // Without a limit there is nothing to grow, and the minute that stands for it is the most that any poll gets.
        timeoutGrows = settings.timeoutGrows && settings.timeout != .zero
        retryInterval = settings.retryInterval
        goodRoundsNeeded = settings.upCount
        minHealthy = settings.minHealthy
        rejection = Rejection(
            account: settings.accountRule == .down ? .fault : .warning,
            relay: settings.relayRule == .down ? .fault : .warning)
        raising.ownOnly = settings.upPolicy == .own
        raising.warHold = settings.warHold
        raising.flapLimit = settings.flapLimit
        raising.flapWindow = settings.flapWindow
        raising.flapHold = settings.flapHold
        rapidRounds = settings.rapidRounds
        rapidFailuresNeeded = settings.rapidFailuresNeeded
        rapidTimeout = settings.effectiveRapidTimeout
        if settings.delaysDown {
            delayedDown = DelayedDown(delay: settings.delayedDownDelay, limit: settings.delayedDownLimit)
        }
        if settings.slowStart > .zero {
            slowStart = SlowStart(duration: settings.slowStart, steps: settings.slowStartSteps)
        }
        flushes = settings.usesHostFlush
        parallelMoves = settings.parallelMoves
    }
}

/// A short text that stands for another one, the same in every run (FNV-1a of 32 bits, in hexadecimal).
private func hashed(_ text: String) -> String {
    let hash = text.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}
