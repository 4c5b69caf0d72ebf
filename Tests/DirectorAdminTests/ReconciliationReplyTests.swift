import DirectorAdmin
import Site
import Testing

/// What a command's reply is worth: nothing, until a list shows it.
@Suite struct ReconciliationReplyTests {
    @Test func aFaultyBackendIsTakenDownOnAFreshList() {
        var bench = Bench(listing: row(1), row(2))
        #expect(bench.want(.down, row(2)) == [down(1, row(2))])
    }

    @Test func aListThatIsTooOldIsReadAgainBeforeACommand() {
        var bench = Bench(listing: row(1))
        #expect(bench.pass(.milliseconds(1001)) == [])
        #expect(bench.want(.down, row(1)) == [.list])
        #expect(bench.list(row(1)) == [down(1, row(1))])
    }

    @Test func aListIsFreshForOneSecond() {
        var bench = Bench(listing: row(1))
        #expect(bench.pass(.seconds(1)) == [])
        #expect(bench.want(.down, row(1)).first == down(1, row(1)))
    }

    /// Others have taken it down again before anybody looked: that is no command that had no effect.
    @Test func aHostUpThatOthersHaveUndoneIsNotRepeated() {
        var bench = Bench(listing: row(1, .down, changed: 50))
        #expect(bench.want(.up, row(1)) == [up(1, row(1))])
        #expect(bench.reply(1, .ok) == [.list])
        let undone = row(1, .down, changed: 60)
        #expect(bench.list(undone) == [.report(.undoneByOthers(undone))])
        #expect(bench.watch(undone, for: .seconds(60)).asked == [])
        // The same time shows that it had no effect.
        bench = Bench(listing: row(1, .down, changed: 50))
        _ = bench.want(.up, row(1))
        _ = bench.reply(1, .ok)
        #expect(
            bench.list(row(1, .down, changed: 50)) == [
                .report(.commandWithoutEffect(row(1, .down, changed: 50), .hostUp, .ok))
            ])
    }

    @Test func whatTheFreshListShowsAlreadyIsNotCommanded() {
        var bench = Bench(listing: row(1))
        #expect(bench.pass(.seconds(2)) == [])
        #expect(bench.want(.down, row(1)) == [.list])
        #expect(bench.list(row(1, .down)) == [.report(.stateChanged(row(1, .down), .foreign))])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func okIsConfirmedByTheNextListAndOnlyThen() {
        var bench = Bench(listing: row(1))
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
        #expect(bench.reply(1, .ok) == [.list])
        let took = Duration.milliseconds(2)
        #expect(bench.list(row(1, .down)) == [confirmed(row(1, .down), .ok, took), move(2, row(1, .down))])
    }

    @Test func aHealthyBackendThatIsListedDownIsPutUp() {
        var bench = Bench(listing: row(1, .down))
        #expect(bench.want(.up, row(1)) == [up(1, row(1))])
        #expect(bench.reply(1, .ok) == [.list])
        #expect(bench.list(row(1)) == [confirmed(row(1), .ok, .milliseconds(2))])
        #expect(bench.pass(.seconds(9)) == [])
    }

    /// Whatever the director says, the list decides.
    @Test(arguments: [
        CommandReply.ok, .notFound, .tryAgainLater, .ringSyncTimedOut, .other("what?"), .closed,
    ])
    func everyReplyIsFollowedByAListWhichDecides(reply: CommandReply) {
        var effective = Bench(listing: row(1))
        _ = effective.want(.down, row(1))
        var vain = effective
        #expect(effective.reply(1, reply) == [.list])
        #expect(effective.list(row(1, .down)).first == confirmed(row(1, .down), reply, .milliseconds(2)))

        #expect(vain.reply(1, reply) == [.list])
        #expect(vain.list(row(1)) == [.report(.commandWithoutEffect(row(1), .hostDown, reply))])
        #expect(vain.pass(.milliseconds(999)) == [])
        #expect(vain.pass(.milliseconds(1)).first == down(2, row(1)))
    }

    @Test func aCommandThatWasNotSentIsTriedAgainWithoutAList() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.reply(1, .notSent("refused")) == [])
        #expect(bench.pass(.milliseconds(1500)) == [.list])
        #expect(bench.list(row(1)) == [down(2, row(1))])
    }

    @Test func aListBegunBeforeTheReplyDoesNotCount() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.reply(1, .ok) == [])
        // That one was begun before the reply, and shows the old state.
        #expect(bench.list(row(1)) == [.list])
        #expect(bench.list(row(1, .down)).first == confirmed(row(1, .down), .ok, .milliseconds(10_003)))
    }

    @Test func aListBegunBeforeTheReplyDoesNotConfirmEither() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.reply(1, .ok) == [])
        #expect(bench.list(row(1, .down)) == [.list])
        #expect(bench.list(row(1)) == [.report(.commandWithoutEffect(row(1), .hostDown, .ok))])
    }

    @Test func commandsWithoutEffectAreRepeatedAfterGrowingPauses() {
        var bench = Bench(listing: row(1), interval: .seconds(4))
        _ = bench.want(.down, row(1))
        var pauses: [Int] = []
        for id in 1...6 {
            #expect(bench.reply(id, .ok).contains(.list))
            let refused = Action.report(.commandWithoutEffect(row(1), .hostDown, .ok))
            #expect(bench.list(row(1)) == [refused])
            let since = bench.now
            var sent = false
            while !sent, bench.now - since < .seconds(10) {
                let actions = bench.pass(.milliseconds(100))
                sent = actions.contains(down(id + 1, row(1)))
                if actions.contains(.list), !sent { sent = bench.list(row(1)).contains(down(id + 1, row(1))) }
            }
            pauses.append(Int((bench.now - since).inSeconds.rounded()))
        }
        #expect(pauses == [1, 2, 3, 4, 4, 4])
    }

    @Test func aSuccessMakesTheNextPauseShortAgain() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        _ = bench.list(row(1))
        #expect(bench.pass(.seconds(1)).first == down(2, row(1)))
        _ = bench.reply(2, .ok)
        while bench.list(row(1, .down)).contains(.list) {}
        #expect(bench.want(.up, row(1)) == [.abandon(3)])
        #expect(bench.reply(3, .abandoned).last == up(4, row(1)))
        _ = bench.reply(4, .ok)
        _ = bench.list(row(1, .down))
        #expect(bench.pass(.seconds(1)).contains(up(5, row(1))))
    }

    @Test func nothingIsSentForABackendWhoseCommandIsOut() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.want(.up, row(1)) == [])
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [])
    }

    @Test func aWishThatIsWithdrawnBeforeTheListIsNotSent() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(2))
        #expect(bench.want(.down, row(1)) == [.list])
        #expect(bench.want(nil, row(1)) == [])
        #expect(bench.list(row(1)) == [])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func anAnswerToNoCommandIsPassedOver() {
        var bench = Bench(listing: row(1))
        #expect(bench.reply(99, .ok) == [])
    }

    @Test func aBackendThatIsNotListedIsNotCommanded() {
        var bench = Bench(listing: row(1))
        #expect(bench.want(.down, row(9)) == [])
    }
}
