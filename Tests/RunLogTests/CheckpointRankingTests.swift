import RunLog
import Testing

@Suite("Which checkpoint")
struct CheckpointRankingTests {
  private func ranking(
    _ steps: [Int], _ losses: [(step: Int, heldOut: Double, training: Double?)]
  ) -> CheckpointRanking? {
    CheckpointRanking(
      steps: steps,
      evaluations: losses.map {
        ValidationRecord(run: 1, step: $0.step, loss: $0.heldOut, trainingLoss: $0.training)
      })
  }

  @Test("only evaluations at checkpoints count; of equals the earlier one is first")
  func order() throws {
    let found = try #require(
      ranking([2, 4, 6, 8], [(0, 0.01, 1), (2, 0.3, 1), (4, 0.2, 1), (5, 0.1, 1), (6, 0.2, 1)]))
    #expect(found.ranked.map(\.step) == [4, 6, 2])
    #expect(found.place(ofStep: 4) == 1 && found.place(ofStep: 2) == 3)
    #expect(found.place(ofStep: 8) == nil && found.place(ofStep: 5) == nil)
    #expect(ranking([3], [(0, 1, nil), (2, 1, nil)]) == nil)
  }

  @Test(
    "the advice says why",
    arguments: [
      ([(4, 0.2, 0.1)], "Step 4 is the only checkpoint whose held-out loss is known (0.2000)."),
      (
        [(4, 0.2, 0.1), (8, 0.1, 0.05)],
        "Step 8 has the lowest held-out loss of 2 checkpoints, 0.1000; next is step 4 with 0.2000. "
          + "It is the last one: training longer may still help."
      ),
      (
        [(4, 0.1, 0.1), (8, 0.1009, 0.05)],
        "Step 4 has the lowest held-out loss of 2 checkpoints, 0.1000; next is step 8 with 0.1009. "
          + "From there to step 8 it stays level: the earlier one is as good, and freer."
      ),
      (
        [(4, 0.1, 0.1), (8, 0.125, 0.0625), (6, 0.12, 0.1)],
        "Step 4 has the lowest held-out loss of 3 checkpoints, 0.1000; next is step 6 with 0.1200. "
          + "From there to step 8 it rises by 25 % while that of training pictures falls by 38 %: "
          + "they are being learnt by heart."
      ),
      (
        [(4, 0.1, nil), (8, 0.105, nil)],
        "Step 4 has the lowest held-out loss of 2 checkpoints, 0.1000; next is step 8 with 0.1050. "
          + "From there to step 8 it rises by 5.0 %."
      ),
    ] as [([(Int, Double, Double?)], String)])
  func advice(_ losses: [(Int, Double, Double?)], sentence: String) throws {
    #expect(try #require(ranking([4, 6, 8], losses)).advice == sentence)
  }
}
