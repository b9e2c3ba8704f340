import Foundation
import NN
import Options
import TestSupport
import Testing

@testable import Training

@Suite("Options of optimizers")
struct OptimizerOptionTests {
  @Test(
    "A rate or a schedule that the optimizer does not have, and unknown names, are errors",
    arguments: [
      (
        "optimizer: prodigi",
        "optimizer is \"prodigi\", but must be adamw, adamw-8bit, adafactor, lion, prodigy or "
          + "adamw-schedule-free."
      ),
      (
        "optimizer: prodigy\nlearning_rate: 1e-4",
        "learning_rate is 0.0001, but must be 1 with prodigy, which finds the rate itself "
          + "(prodigy_d_coef scales it)."
      ),
      (
        "optimizer: adafactor\nadafactor_relative_step: true\nlearning_rate: 1e-4",
        "learning_rate is 0.0001, but must be 1 with adafactor, which finds the rate itself, unless "
          + "adafactor_relative_step is false."
      ),
      (
        "optimizer: adafactor\nlearning_rate: 1",
        "learning_rate is 1.0, but must be a rate such as 1e-4 with adafactor, unless "
          + "adafactor_relative_step is true."
      ),
      (
        "optimizer: adamw-schedule-free\nlearning_rate_schedule: cosine",
        "learning_rate_schedule is cosine, but must be constant with adamw-schedule-free, which needs "
          + "no schedule."
      ),
      ("prodigy_d0: 0", "prodigy_d0 is 0.0, but must be a number above 0."),
      ("prodigy_growth_rate: 1", "prodigy_growth_rate is 1.0, but must be a number above 1."),
      (
        "layer_ranks: {mid_block: 0}",
        "layer_ranks is [mid_block=0], but must be numbers from 1 to 4096 by patterns."
      ),
      (
        "layer_rates: {mid_block: -1}",
        "layer_rates is [mid_block=-1], but must be numbers of at least 0 by patterns."
      ),
      ("lora_plus_ratio: 0", "lora_plus_ratio is 0.0, but must be a number above 0."),
    ])
  func errors(yaml: String, expected: String) {
    expectRefusal(of: yaml, expected)
  }

  @Test("Each optimizer has a rate of its own, unless one is given")
  func standardRates() throws {
    for kind in OptimizerKind.allCases {
      let options = try TrainingConfig.reading("optimizer: \(kind.rawValue)").optimization
      #expect(options.learningRate == kind.standardRate)
    }
    let relative = try TrainingConfig.reading("optimizer: adafactor\nadafactor_relative_step: true")
    #expect(relative.optimization.learningRate == 1)
    // Relative steps that are not relative to the size of a tensor would be of up to 1e-2.
    #expect(relative.optimization.adafactorScaleParameter)
    #expect(relative.optimization.withoutEffect == [])
    let absolute = try TrainingConfig.reading(
      "optimizer: adafactor\nadafactor_relative_step: true\nadafactor_scale_parameter: false")
    #expect(!absolute.optimization.adafactorScaleParameter)
    #expect(try TrainingConfig.reading("optimizer: lion").optimization.beta2 == 0.99)
    #expect(
      try TrainingConfig.reading("optimizer: lion\nlearning_rate: 1").optimization.learningRate == 1
    )
  }

  @Test("Constants that the optimizer or the schedule does not have are noted")
  func withoutEffect() throws {
    func notes(_ yaml: String) throws -> [String] {
      try TrainingConfig.reading(yaml).optimization.withoutEffect.map { "\($0)" }
    }
    #expect(try notes("") == [])
    #expect(try notes("optimizer: prodigy\nprodigy_d_coef: 2\nbeta2: 0.9\nepsilon: 1e-6") == [])
    #expect(try notes("optimizer: lion") == [])
    let unused = try notes(
      """
      optimizer: adafactor
      prodigy_d_coef: 2
      beta1: 0.8
      learning_rate_cycles: 2
      learning_rate_power: 2
      """)
    #expect(unused.count == 4)
    #expect(try notes("adafactor_relative_step: true").count == 1)
    #expect(try notes("adafactor_scale_parameter: true").count == 1)
    #expect(unused.allSatisfy { $0.contains("has no effect, since only") }, "\(unused)")
    #expect(
      unused.contains { $0.contains("prodigy_d_coef") && $0.hasSuffix("only prodigy uses it") })
  }
}
