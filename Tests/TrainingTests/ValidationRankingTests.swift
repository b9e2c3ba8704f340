import Testing
import Training

@Suite("The ranking of checkpoints")
struct ValidationRankingTests {
  private func ranking(
    _ losses: [(step: Int, loss: Double, training: Double?)], checkpoints: [Int]
  ) -> ValidationRanking? {
    ValidationRanking(
      losses.map { ValidationReport(step: $0.step, loss: $0.loss, trainingLoss: $0.training) },
      checkpoints: checkpoints)
  }

  @Test("only evaluations at checkpoints are ranked; the earlier of two equal ones is first")
  func order() throws {
    let found = try #require(
      ranking(
        [(0, 0.01, 1), (2, 0.3, 1), (4, 0.2, 1), (5, 0.1, 1), (6, 0.2, 1)],
        checkpoints: [2, 4, 6, 8]))
    #expect(found.ranked.map(\.step) == [4, 6, 2])
    #expect(found.best?.step == 4 && found.lowest.step == 0 && found.last.step == 6)
    #expect(found.place(ofStep: 4) == 1 && found.place(ofStep: 2) == 3)
    #expect(found.place(ofStep: 8) == nil && found.place(ofStep: 5) == nil)
    #expect(ranking([], checkpoints: [3]) == nil)
    let none = try #require(ranking([(0, 1, nil), (2, 1, nil)], checkpoints: [3]))
    #expect(none.best == nil && none.advice == nil)
  }

  @Test(
    "the advice has a reason",
    arguments: [
      ([(4, 0.2, 0.1)], "Step 4 is the only checkpoint with a validation loss (0.2000)."),
      (
        [(4, 0.2, 0.1), (8, 0.1, 0.05)],
        "Step 8 has the lowest validation loss of 2 checkpoints, 0.1000; next is step 4 with "
          + "0.2000. The loss still falls: longer training may help."
      ),
      (
        [(4, 0.1, 0.1), (8, 0.1009, 0.05)],
        "Step 4 has the lowest validation loss of 2 checkpoints, 0.1000; next is step 8 with "
          + "0.1009. From step 4 to step 8 the loss stays level: an earlier checkpoint is as good "
          + "and fits the training images less closely."
      ),
      (
        [(4, 0.1, 0.1), (8, 0.125, 0.0625), (6, 0.12, 0.1)],
        "Step 4 has the lowest validation loss of 3 checkpoints, 0.1000; next is step 6 with "
          + "0.1200. From step 4 to step 8 the loss rises by 25 %, while that of training images "
          + "falls by 38 %: the model memorizes them."
      ),
      (
        [(4, 0.1, nil), (8, 0.106, nil)],
        "Step 4 has the lowest validation loss of 2 checkpoints, 0.1000; next is step 8 with "
          + "0.1060. From step 4 to step 8 the loss rises by 6.0 %."
      ),
    ] as [([(Int, Double, Double?)], String)])
  func advice(_ losses: [(Int, Double, Double?)], sentence: String) throws {
    #expect(try #require(ranking(losses, checkpoints: [4, 6, 8])).advice == sentence)
  }

  @Test(
    "one sentence sums up the curve",
    arguments: [
      ([(0, 0.06)], "Validation loss: 0.0600 at step 0, the only one so far."),
      (
        [(0, 0.06), (400, 0.0412)],
        "Validation loss: lowest 0.0412 at step 400, the last step; still falling."
      ),
      (
        [(0, 0.06), (400, 0.0412), (800, 0.045), (1500, 0.0531)],
        "Validation loss: lowest 0.0412 at step 400; 0.0531 at step 1500, 29 % higher; over-fitting "
          + "since then."
      ),
      (
        [(0, 0.06), (400, 0.05), (800, 0.051)],
        "Validation loss: lowest 0.0500 at step 400, level since then (0.0510 at step 800)."
      ),
      (
        [(0, 0.05), (400, 0.06)],
        "Validation loss: lowest 0.0500 at step 0; 0.0600 at step 400, 20 % higher; over-fitting "
          + "from the start."
      ),
    ] as [([(Int, Double)], String)])
  func summary(losses: [(Int, Double)], sentence: String) throws {
    let found = ranking(losses.map { ($0.0, $0.1, nil) }, checkpoints: [])
    #expect(try #require(found).summary == sentence)
  }

  @Test("summary and advice agree for every rise")
  func agreement() throws {
    for rise in stride(from: 0.0, through: 0.2, by: 0.0025) {
      let found = try #require(
        ranking([(4, 0.1, nil), (8, 0.1 * (1 + rise), nil)], checkpoints: [4, 8]))
      let advice = try #require(found.advice)
      #expect(found.summary.contains("level") == advice.contains("stays level"), "\(rise)")
      #expect(found.summary.contains("over-fitting") == advice.contains("rises"), "\(rise)")
    }
  }

  @Test("a curve of many evaluations is thinned evenly, and keeps the last")
  func thinned() throws {
    for count in 1...50 {
      let found = try #require(
        ranking((0..<count).map { ($0, 1, nil) }, checkpoints: []))
      let steps = found.thinned(to: 12).map(\.step)
      #expect(steps.count <= 12 && steps.last == count - 1)
      #expect(count > 12 || steps.count == count)
    }
  }
}
