import NN
import Testing

@Suite("The schedule rex")
struct RexTests {
  /// Values of the formula of Chen et al. 2021 ("REX: Revisiting Budgeted Training with an Improved Schedule",
  /// section 3), `(1 - z) / (1/2 + (1 - z) / 2)` for the share `z` of the steps.
  @Test("has the published values after the warm-up")
  func values() {
    let plain = LearningRateSchedule(.rex, warmupSteps: 0, steps: 8)
    let expected = [
      (0, 1.0), (2, 0.857_142_857_142_857_1), (4, 2.0 / 3), (6, 0.4), (8, 0),
    ]
    for (step, factor) in expected {
      #expect(abs(plain.factor(afterSteps: step) - factor) < 1e-12, "step \(step)")
    }
    let warmed = LearningRateSchedule(.rex, warmupSteps: 4, steps: 12)
    #expect(warmed.factor(afterSteps: 2) == 0.5)
    for (step, factor) in expected {
      #expect(abs(warmed.factor(afterSteps: step + 4) - factor) < 1e-12, "step \(step)")
    }
  }
}
